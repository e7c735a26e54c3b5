"""A row of the outbox that no act has made: the database refuses it from a worker, and the worker
that delivers refuses it from whoever got it in.
"""

import json
import uuid
from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F

from alerts.automation.models import PlaybookRun, WorkflowCheck
from alerts.automation.services.workflow_check import begin_check
from alerts.incidents.acts.bulk import start_bulk_act
from alerts.incidents.models import BulkAct, Comment, Incident
from alerts.outbox.engine.merge import close_patch
from alerts.outbox.models import Change, ChangeOutcome, WriteKind
from alerts.suppression.models import LedgerEntry
from portal.audit.models import Entry
from portal.notifications.models import Notification
from portal.runtime.worker_rights import WORKERS
from tests.alerts.suppression.enforcing.floor import ROUTINE
from tests.conftest import NOON
from tests.factories.automation import make_run
from tests.factories.rule_rows import signed_version
from tests.program import stored_incident
from tests.worker_roles import take_on, without_triggers

pytestmark = pytest.mark.django_db
CLOSE = close_patch(classification="BenignPositive", reason="SuspiciousButExpected", comment="x")
REOPEN = {"status": "Active"}
OF_A_RULE = {"incident": 1, "versions": {"1": "x"}, "alerts": ["x"]}


@pytest.fixture
def forge(workspace, incident, sam):
    """`forge(kind=…)`: a row straight into the table, as an attacker would write it."""

    def make(**columns):
        values = {
            "key": uuid.uuid4(),
            "act": uuid.uuid4(),
            "workspace_id": workspace.pk,
            "incident_name": incident.name,
            "kind": "update",
            "patch": "{}",
            "base": "{}",
            "message": "",
            "urgency": 0,
            "check_args": "{}",
            "by_id": sam.pk,
            "by_label": sam.name,
            "made_at": NOON,
            "due_at": NOON,
            "state": "waiting",
            "attempts": 0,
            "fence": 0,
            "latest_error": "",
            "outcome": "",
            "note": "",
            "etag_after": "",
        } | columns
        values = {k: json.dumps(v) if isinstance(v, dict) else v for k, v in values.items()}
        names, places = ", ".join(values), ", ".join(["%s"] * len(values))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO outbox_change ({names}) VALUES ({places})", list(values.values())
            )
        return Change.objects.latest("pk")

    return make


def refused(forge, worker, **columns):
    with take_on(worker), pytest.raises(DatabaseError, match="permission denied"):
        forge(**columns)
    return not Change.objects.exists()


@pytest.mark.parametrize("queue", sorted({*WORKERS} - {"beat"}))
def test_no_worker_owes_the_run_of_a_playbook(forge, isolate, queue, sam, incident):
    run = make_run(isolate, incident, name="", asked_at=NOON, by=sam)
    columns = {"kind": "playbook", "playbook": isolate.resource_id, "run_uuid": run.uuid}
    assert refused(forge, queue, **columns)
    assert refused(forge, queue, **columns, by_id=None, by_label="R-12")


@pytest.mark.parametrize(
    "columns",
    [
        {"patch": CLOSE},
        {"patch": CLOSE, "by_id": None},
        {"patch": REOPEN},
        {"kind": "comment", "message": "Closed by Oda."},
        {"kind": "comment", "message": "Closed by Oda.", "by_id": None},
        {"kind": "close", "patch": CLOSE, "check_args": OF_A_RULE},
        {"kind": "close", "patch": CLOSE, "check_args": OF_A_RULE, "by_id": None},
        {"kind": "tag", "patch": {"labels_add": ["x"]}, "check_args": OF_A_RULE},
        {"kind": "task", "task": "x", "patch": {"status": "Completed"}, "by_id": None},
    ],
)
def test_the_worker_of_rules_writes_in_nobodys_name(forge, columns):
    assert refused(forge, "deployments", **columns)


OF_TAGOUT = {"by_id": None, "by_label": "Tagout"}


@pytest.fixture
def closed(incident, oda, leo):
    """A rule has closed the incident, and an alert joined that none covers."""
    version = signed_version(ROUTINE, by=(oda, leo))
    return LedgerEntry.objects.create(
        incident=incident,
        rule=version.rule,
        version=version,
        rule_hash=version.rule_hash,
        act="closed",
        where="sentinel",
        at=NOON,
        landed_at=NOON,
        reason="x",
        signed_ot="Oda",
        signed_soc="Leo",
        ending="joined",
    )


def test_the_worker_of_rules_owes_what_rules_and_tagout_do(forge, closed):
    of_rule = {"by_id": None, "by_label": "R-12", "check_args": OF_A_RULE}
    with take_on("deployments"):
        forge(kind="close", patch=CLOSE, **of_rule)
        forge(kind="tag", patch={"labels_add": ["x"]}, **of_rule)
        forge(patch=REOPEN, **OF_TAGOUT)
        forge(kind="comment", message="Reopened by Tagout.", **OF_TAGOUT)
    assert Change.objects.count() == 4


@pytest.mark.parametrize(
    "columns", [{"patch": REOPEN}, {"kind": "comment", "message": "Reopened by Tagout."}]
)
@pytest.mark.parametrize("what", [{}, {"ending": ""}, {"act": "tagged"}, {"landed_at": None}])
def test_tagout_opens_nothing_again_that_no_alert_joined(forge, closed, workspace, columns, what):
    with without_triggers():
        LedgerEntry.objects.update(**what)
    name = {} if what else {"incident_name": stored_incident(workspace).name}
    assert refused(forge, "deployments", **columns, **name, **OF_TAGOUT)


def test_tagout_says_nothing_else_there(forge, closed):
    assert refused(forge, "deployments", kind="comment", message="All is well.", **OF_TAGOUT)


def test_a_comment_is_shown_as_ours_only_where_it_is_owed(forge, workspace, incident, sam):
    values = {"message": "Look."}
    columns = {"verb": "comment", "values": values, "title": "Comment", "now": NOON}
    act = start_bulk_act(incidents=[incident], by=sam, unshifted=NOON, **columns).act
    BulkAct.objects.update(state="running")
    other = stored_incident(workspace)
    with take_on("bulk"):
        change = forge(kind="comment", message="Look.", act=act)
        shown = {
            "incident_id": incident.pk,
            "name": str(change.key),
            "author": sam.name,
            "message": "Look.",
            "created_at": NOON,
            "ours": True,
        }
        for wrong in (
            {"author": "Oda Nowak"},
            {"message": "Fine."},
            {"name": str(uuid.uuid4())},
            {"ours": False},
            {"incident_id": other.pk},
        ):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                Comment.objects.create(**shown | wrong)
        Comment.objects.create(**shown)


def test_a_change_of_a_person_bears_their_name(forge, incident, sam):
    values = {"message": "Look."}
    columns = {"verb": "comment", "values": values, "title": "Comment", "now": NOON}
    act = start_bulk_act(incidents=[incident], by=sam, unshifted=NOON, **columns).act
    BulkAct.objects.update(state="running")
    assert refused(forge, "bulk", kind="comment", message="x", act=act, by_label="Oda Nowak")


def test_the_worker_of_bulk_acts_writes_for_whose_act_it_is_alone(
    forge, incident, sam, leo, workspace
):
    values = {"classification": "Undetermined", "reason": "", "comment": ""}
    columns = {"verb": "close", "values": values, "title": "Close", "now": NOON}
    act = start_bulk_act(incidents=[incident], by=sam, unshifted=NOON, **columns).act
    for wrong in (
        {"patch": CLOSE},
        {"patch": CLOSE, "act": act, "by_id": leo.pk},
        {"patch": CLOSE, "act": act, "by_id": None},
        {"kind": "close", "patch": CLOSE, "by_id": None, "act": act, "check_args": OF_A_RULE},
        {"kind": "task", "task": "x", "act": act, "patch": {"status": "Completed"}},
        {"patch": REOPEN, "act": act},
        {"patch": {"severity": "Low"}, "act": act},
        {"kind": "comment", "message": "Fine.", "act": act},
        {"patch": CLOSE, "act": act, "incident_name": stored_incident(workspace).name},
        {"patch": CLOSE, "act": act},
    ):
        assert refused(forge, "bulk", **wrong)
    BulkAct.objects.update(state="running")
    for wrong in (
        {"patch": CLOSE, "act": act, "by_id": leo.pk},
        {"patch": REOPEN, "act": act},
        {"kind": "comment", "message": "Fine.", "act": act},
        {"patch": CLOSE, "act": act, "incident_name": stored_incident(workspace).name},
    ):
        assert refused(forge, "bulk", **wrong)
    with take_on("bulk"):
        forge(patch=CLOSE, act=act)
        for column, value in (("by_id", leo.pk), ("act", uuid.uuid4()), ("verb", "comment")):
            assert_fixed("incidents_bulkact", column, value)


@pytest.mark.parametrize("state", ["waiting", "done", "dead"])
def test_an_act_of_a_person_is_not_done_once_more(forge, incident, sam, state):
    values = {"classification": "Undetermined", "reason": "", "comment": ""}
    columns = {"verb": "close", "values": values, "title": "Close", "now": NOON}
    act = start_bulk_act(incidents=[incident], by=sam, unshifted=NOON, **columns).act
    BulkAct.objects.update(state=state, worked=0 if state == "waiting" else 1)
    assert refused(forge, "bulk", patch=CLOSE, act=act)
    again = {"running": 0, "waiting": 0} if state != "waiting" else {"waiting": -1}
    for other, worked in again.items():
        with take_on("bulk"), pytest.raises(DatabaseError), transaction.atomic():
            BulkAct.objects.update(state=other, worked=worked)


def test_an_act_that_runs_writes_what_is_left_of_it(forge, workspace, incident, sam):
    values = {"classification": "Undetermined", "reason": "", "comment": ""}
    columns = {"verb": "close", "values": values, "title": "Close", "now": NOON}
    rest = [stored_incident(workspace) for _ in range(51)]
    row = start_bulk_act(incidents=[incident, *rest], by=sam, unshifted=NOON, **columns)
    BulkAct.objects.update(state="running", worked=1)
    assert refused(forge, "bulk", patch=CLOSE, act=row.act)
    assert refused(forge, "bulk", patch=CLOSE, act=row.act, incident_name=rest[50].name)
    with take_on("bulk"):
        forge(patch=CLOSE, act=row.act, incident_name=rest[49].name)
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            BulkAct.objects.update(worked=0)


@pytest.mark.parametrize("queue", ["intake", "outbox", "deployments", "bulk"])
@pytest.mark.parametrize("column", ["name", "workspace_id"])
def test_an_incident_takes_no_other_ones_name(incident, queue, column):
    value = str(uuid.uuid4()) if column == "name" else F("workspace_id") + 1
    for role in (take_on(queue), nullcontext()):
        with (
            role,
            pytest.raises(DatabaseError, match="only these columns"),
            transaction.atomic(),
        ):
            Incident.objects.filter(pk=incident.pk).update(**{column: value})


@pytest.mark.parametrize(
    "column", ["uuid", "workspace_id", "playbook_id", "by_id", "by_label", "begun_at"]
)
def test_a_check_stays_the_one_that_somebody_began(workspace, enrich, isolate, leo, column):
    row = begin_check(workspace=workspace, playbook=enrich, by=leo, by_label="Leo", now=NOON)
    other = {"playbook_id": isolate.pk, "uuid": uuid.uuid4(), "begun_at": NOON + timedelta(days=1)}
    value = other.get(column) or ("x" if column == "by_label" else F(column) + 1)
    with take_on("deployments"):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            WorkflowCheck.objects.filter(pk=row.pk).update(**{column: value})
        WorkflowCheck.objects.filter(pk=row.pk).update(state="done")
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            WorkflowCheck.objects.filter(pk=row.pk).update(state="waiting")


def assert_fixed(table, column, value):
    with pytest.raises(DatabaseError, match="only these columns"), transaction.atomic():
        connection.cursor().execute(f"UPDATE {table} SET {column} = %s", [value])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "playbook"),
        ("patch", json.dumps(CLOSE)),
        ("by_id", None),
        ("by_label", "Oda"),
        ("incident_name", "other"),
        ("check_args", json.dumps(OF_A_RULE)),
        ("message", "Fine."),
    ],
)
def test_what_is_owed_is_changed_by_nobody(forge, column, value):
    forge(kind="comment", message="Look.")
    with take_on("outbox"):
        assert_fixed("outbox_change", column, value)


def test_the_database_refuses_a_playbook_without_a_run(forge, isolate):
    with pytest.raises(IntegrityError, match="a_playbook_change_names_its_run"):
        forge(kind="playbook", playbook=isolate.resource_id)
    missing = {"playbook": isolate.resource_id, "run_uuid": uuid.uuid4()}
    with (
        pytest.raises(IntegrityError, match="the_run_of_a_change_was_asked_for"),
        transaction.atomic(),
    ):
        forge(kind="playbook", **missing)
        connection.check_constraints()


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"patch": CLOSE, "by_id": None}, "nobody_closes_without_a_person_or_a_rule"),
        ({"kind": "close", "patch": CLOSE, "by_id": None}, "a_change_of_rules_names_them"),
        (
            {"kind": "close", "patch": CLOSE, "check_args": OF_A_RULE},
            "a_change_of_rules_names_them",
        ),
        ({"kind": "tag", "by_id": None, "check_args": {"incident": 1}}, "names_them"),
    ],
)
def test_the_database_refuses_a_close_of_nobody(forge, columns, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        forge(**columns)


@pytest.mark.parametrize(
    "columns", [{"asked_at": NOON}, {"by": True}, {"change": True}, {"consent": True}]
)
def test_the_worker_that_reads_runs_asks_for_none(isolate, sam, forge, ask, decide, oda, columns):
    wanted = {
        "by": lambda: sam,
        "change": lambda: forge(kind="comment", message="x"),
        "consent": lambda: decide(ask(isolate, sam), oda),
    }
    values = {name: wanted[name]() if name in wanted else it for name, it in columns.items()}
    with take_on("deployments"):
        make_run(isolate, None)
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            make_run(isolate, None, **values)
        with pytest.raises(DatabaseError, match="only these columns"), transaction.atomic():
            PlaybookRun.objects.update(**values)


def starts(sentinel):
    return [call for call in sentinel.calls if call.verb == "run_playbook"]


@pytest.fixture
def asked(start, isolate, ask, decide, sam, oda):
    """A run that was asked for and consented to; nothing has gone out."""
    decide(ask(isolate, sam), oda)
    start(isolate, sam)
    return Change.objects.get()


@pytest.mark.parametrize("how", ["no run", "another's", "other playbook", "other incident"])
def test_a_run_that_nobody_asked_for_is_not_started_and_told(
    forge, asked, isolate, enrich, sentinel, worker, how, leo, incident
):
    other = sentinel.add_incident()
    forged = {
        "no run": {"run_uuid": None},
        "another's": {"by_id": leo.pk, "run_uuid": asked.run_uuid},
        "other playbook": {"playbook": enrich.resource_id, "run_uuid": asked.run_uuid},
        "other incident": {"incident_name": other, "run_uuid": asked.run_uuid},
    }[how]
    columns = {"kind": "playbook", "playbook": isolate.resource_id} | forged
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE outbox_change DROP CONSTRAINT a_playbook_change_names_its_run")
    with without_triggers():
        Change.objects.filter(pk=asked.pk).update(state="done", outcome="withdrawn")
        change = forge(**columns)
    done = worker.deliver()
    assert (done.change.pk, done.outcome) == (change.pk, ChangeOutcome.DROPPED)
    assert done.note == "The run is not known here." and starts(sentinel) == []
    assert Notification.objects.filter(to=leo, kind="automation.forged").exists()
    entry = Entry.objects.get(action="automation.playbook.not_started")
    assert entry.object_type == "outbox.change" and entry.details["reason"] == done.note


def test_a_kind_that_nobody_knows_is_not_sent(forge, sentinel, worker, clock):
    with without_triggers():
        forge(kind="erase", patch=CLOSE)
    done = worker.deliver()
    assert done.outcome == ChangeOutcome.DROPPED and sentinel.writes == []


@pytest.mark.parametrize("kind", [WriteKind.CLOSE, WriteKind.TAG])
def test_what_no_decision_of_rules_has_made_is_not_sent(forge, sentinel, worker, incident, kind):
    patch = CLOSE if kind == WriteKind.CLOSE else {"labels_add": ["tagout:would-close:R-12"]}
    args = OF_A_RULE | {"incident": incident.pk}
    forge(kind=kind, patch=patch, by_id=None, by_label="R-12", check_args=args)
    done = worker.deliver()
    assert (done.outcome, sentinel.writes) == (ChangeOutcome.DROPPED, [])
    assert done.note == "No decision of rules is on record for it, so it was not sent."
