"""A row that is put aside leaves the lists of work until a moment, or until it changes."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from alerts.incidents.acts.apply import CannotUndo, undo_act
from alerts.incidents.acts.aside import CannotPutAside, put_incidents_aside
from alerts.incidents.acts.close import close_incidents, reopen_incidents
from alerts.incidents.acts.triage import assign_incidents, change_severity, comment_on_incidents
from alerts.incidents.ingest.details import store_details
from alerts.incidents.ingest.groups import Ranked, regroup
from alerts.incidents.ingest.overlay import set_ot_states
from alerts.incidents.models import Group, Incident, IncidentStatus, OtState, Severity
from alerts.incidents.queue.counts import counts_by_view
from alerts.incidents.queue.queries import Queue, queue_params
from alerts.outbox.models import Change
from alerts.sentinel.wire.entities import read_comments
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from tests import cast
from tests.alerts.incidents.decisions import timeline
from tests.conftest import NOON
from tests.factories.answers import comment, listed
from tests.factories.incidents import make_incident, make_queue_row, make_site, make_workspace

BENIGN = {"classification": "BenignPositive", "reason": "SuspiciousButExpected"}
MONDAY = NOON + timedelta(days=3)


def listed_rows(view, user, now=NOON, query=""):
    queue = Queue(user, queue_params(view, query), now=now)
    counts = counts_by_view(queue)
    rows = queue.page().rows
    assert counts[view] == len(rows), "the number on the tab"
    return rows


def is_in_work(user, now=NOON):
    return bool(listed_rows("needs", user, now))


@pytest.fixture
def incident(desk):
    return desk.incident()


@pytest.fixture
def aside(incident, sam):
    """One incident that Sam has put aside."""
    act = put_incidents_aside(incident_ids=[incident.pk], until=MONDAY, by=sam, now=NOON)
    assert not is_in_work(sam)
    return act


def test_it_leaves_the_lists_of_work_and_stays_where_everybody_looks(desk, sam, incident):
    assign_incidents(incident_ids=[incident.pk], to=sam, by=sam, now=NOON)
    owed = Change.objects.count()
    put_incidents_aside(incident_ids=[incident.pk], until=MONDAY, by=sam, now=NOON)
    assert [len(listed_rows(view, sam)) for view in ("needs", "mine", "open")] == [0, 0, 1]
    (row,) = listed_rows("open", sam, query="aside:yes")
    assert row.aside.startswith("Aside until 27 Nov, ") and row.aside.endswith(f"by {sam.name}")
    assert not listed_rows("open", sam, query="aside:no")
    assert counts_by_view(Queue(sam, queue_params("needs", ""), now=NOON))["aside"] == 1
    assert Change.objects.count() == owed, "Sentinel learns nothing of it"
    assert timeline(incident) == ["owner", "aside"]
    entry = Entry.objects.get(action="incidents.incident.put_aside")
    assert entry.actor == sam


def test_it_is_back_at_the_moment(aside, sam):
    assert not is_in_work(sam, MONDAY - timedelta(seconds=1))
    assert is_in_work(sam, MONDAY)
    assert not listed_rows("open", sam, MONDAY, "aside:yes")


def answered(desk, incident, by):
    set_ot_states(standings={(OtState.ROUTINE, None): [incident.pk]}, now=NOON)


def commented(desk, incident, by):
    comment_on_incidents(incident_ids=[incident.pk], message="Look again.", by=by, now=NOON)


def commented_in_sentinel(desk, incident, by):
    comments = read_comments(listed([comment("c-1")])).items
    store_details(incident_id=incident.pk, alerts=[], entities=[], comments=comments, now=NOON)


def more_severe(desk, incident, by):
    change_severity(incident_ids=[incident.pk], severity=Severity.HIGH, by=by, now=NOON)


def alert_joined(desk, incident, by):
    desk.sentinel.edit(incident.name, additionalData={"alertsCount": 2})
    desk.pull()


def alert_goes_on(desk, incident, by):
    desk.sentinel.edit(incident.name, lastActivityTimeUtc="2026-11-25T08:59:00Z")
    desk.pull()


def reopened(desk, incident, by):
    close_incidents(incident_ids=[incident.pk], **BENIGN, by=by, now=NOON)
    reopen_incidents(incident_ids=[incident.pk], by=by, now=NOON)


def close_undone(desk, incident, by):
    act = close_incidents(incident_ids=[incident.pk], **BENIGN, by=by, now=NOON)
    undo_act(act=act, by=by, now=NOON)


def brought_back(desk, incident, by):
    put_incidents_aside(incident_ids=[incident.pk], until=None, by=by, now=NOON)


CHANGES = (
    *(answered, commented, commented_in_sentinel, more_severe, alert_joined, alert_goes_on),
    *(reopened, close_undone, brought_back),
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_it_is_back_as_soon_as_it_changes(desk, sam, incident, aside, make_person, change):
    leo = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None))
    change(desk, incident, leo)
    rows = listed_rows("open", sam)
    assert [row.aside for row in rows] == [""]


@pytest.mark.parametrize("what", ["assigned", "asked", "labelled", "comment delivered"])
def test_what_is_no_news_leaves_it_aside(desk, sam, incident, what):
    comment_on_incidents(incident_ids=[incident.pk], message="The vendor.", by=sam, now=NOON)
    put_incidents_aside(incident_ids=[incident.pk], until=MONDAY, by=sam, now=NOON)
    match what:
        case "assigned":
            assign_incidents(incident_ids=[incident.pk], to=sam, by=sam, now=NOON)
        case "asked":
            due = {(OtState.WAITING, MONDAY + timedelta(hours=1)): [incident.pk]}
            set_ot_states(standings=due, now=NOON)
        case "labelled":
            desk.sentinel.edit(incident.name, labels=[{"labelName": "Vendor"}])
            desk.pull()
        case "comment delivered":
            desk.deliver()
            comments = read_comments(desk.sentinel.list_comments(incident.name)).items
            assert comments
            store_details(
                incident_id=incident.pk, alerts=[], entities=[], comments=comments, now=NOON
            )
    assert [bool(row.aside) for row in listed_rows("open", sam)] == [True]


def test_what_waits_for_ot_is_back_once_the_answer_is_late(desk, sam, incident, aside):
    due = NOON + timedelta(hours=4)
    set_ot_states(standings={(OtState.WAITING, due): [incident.pk]}, now=NOON)
    incident.refresh_from_db()
    assert incident.aside_until == due
    late = due + timedelta(seconds=1)
    assert [row.aside for row in listed_rows("late", sam, late)] == [""]
    assert listed_rows("waiting", sam), "what waits is listed all the time"


def test_a_row_is_aside_only_where_all_of_it_is(desk, sam):
    row = make_queue_row(desk.workspace, n=3)
    ids = list(Incident.objects.values_list("pk", flat=True))
    put_incidents_aside(incident_ids=ids[:2], until=MONDAY, by=sam, now=NOON)
    assert is_in_work(sam)
    put_incidents_aside(incident_ids=ids[2:], until=MONDAY - timedelta(days=1), by=sam, now=NOON)
    assert not is_in_work(sam)
    row.refresh_from_db()
    assert row.aside_until == MONDAY - timedelta(days=1), "the first that is due"
    close_incidents(incident_ids=ids[:1], **BENIGN, by=sam, now=NOON)
    assert not is_in_work(sam), "what leaves the row is no news of the rest"
    more = make_incident(desk.workspace, pattern=row.pattern)
    regroup([more.pk], now=NOON)
    assert Group.objects.get().n == 3 and is_in_work(sam), "a new incident is"


def test_a_row_that_turns_out_to_touch_a_crown_jewel_is_back(desk, sam, incident, monkeypatch):
    put_incidents_aside(incident_ids=[incident.pk], until=MONDAY, by=sam, now=NOON)
    parts = json.dumps([["severity", 25, "Medium"], ["criticality", 20, "crown-jewel"]])
    ranked = "alerts.incidents.ingest.groups.rank_incidents"
    monkeypatch.setattr(ranked, lambda rows, now: [Ranked(45, parts) for _ in rows])
    regroup([incident.pk], now=NOON)
    assert is_in_work(sam)


WAITS = {"ot_state": OtState.WAITING}
CRITICAL = [["severity", 12, "Low"], ["criticality", 20, "safety"]]


@pytest.mark.parametrize(
    ("columns", "until", "against"),
    [
        ({}, NOON, "still to come"),
        ({}, NOON - timedelta(days=1), "still to come"),
        ({}, NOON + timedelta(days=31), "30 days at most"),
        ({}, datetime.max.replace(tzinfo=UTC), "30 days at most"),
        ({}, datetime.min.replace(tzinfo=UTC), "still to come"),
        ({"ot_state": OtState.SUSPICIOUS}, MONDAY, "suspicious"),
        ({"severity": Severity.HIGH}, NOON + timedelta(minutes=61), "1 h at most"),
        (
            {"priority_parts": CRITICAL, "severity": Severity.LOW},
            NOON + timedelta(days=4),
            "3 days",
        ),
        ({"status": IncidentStatus.CLOSED}, MONDAY, "closed"),
        ({**WAITS, "ot_due_at": NOON + timedelta(hours=4)}, MONDAY, "4 h at most"),
        ({**WAITS, "ot_due_at": NOON - timedelta(minutes=1)}, MONDAY, "is late"),
    ],
)
def test_what_must_not_wait_is_not_put_aside(desk, sam, incident, columns, until, against):
    Incident.objects.filter(pk=incident.pk).update(**columns)
    with pytest.raises(CannotPutAside, match=against):
        put_incidents_aside(incident_ids=[incident.pk], until=until, by=sam, now=NOON)
    assert timeline(incident) == []


def test_high_severity_waits_for_an_hour_at_most(desk, sam, incident):
    Incident.objects.filter(pk=incident.pk).update(severity=Severity.HIGH)
    until = NOON + timedelta(hours=1)
    put_incidents_aside(incident_ids=[incident.pk], until=until, by=sam, now=NOON)
    assert not is_in_work(sam, until - timedelta(minutes=1)) and is_in_work(sam, until)


@pytest.mark.parametrize(
    ("role", "where"),
    [
        *((role, "here") for role in (Role.OT_SITE_LEAD, Role.MANAGER, Role.AUDITOR)),
        (Role.SOC_LEAD, "elsewhere"),
    ],
)
def test_only_the_soc_of_the_place_may(desk, incident, make_person, role, where):
    workspace = desk.workspace if where == "here" else make_workspace("porto")
    scope = (GrantScope.WORKSPACE, workspace.uuid)
    if role == Role.OT_SITE_LEAD:
        scope = (GrantScope.SITE, make_site().uuid)
    person = make_person(cast.LEO, (role, *scope))
    for until in (MONDAY, None):
        with pytest.raises(CannotPutAside, match="SOC"):
            put_incidents_aside(incident_ids=[incident.pk], until=until, by=person, now=NOON)
    assert timeline(incident) == []


def test_undo_gives_the_moment_of_before_back(desk, sam, incident, aside):
    act = put_incidents_aside(
        incident_ids=[incident.pk], until=MONDAY + timedelta(days=7), by=sam, now=NOON
    )
    assert undo_act(act=act, by=sam, now=NOON).undone == 1
    incident.refresh_from_db()
    assert incident.aside_until == MONDAY
    undo_act(act=aside, by=sam, now=NOON)
    assert is_in_work(sam)
    assert timeline(incident) == ["aside", "aside", "undone", "undone"]
    assert Entry.objects.filter(action="incidents.act.undone").count() == 2
    with pytest.raises(CannotUndo, match="nothing to undo"):
        undo_act(act=aside, by=sam, now=NOON)


def test_undoing_hides_nothing_that_became_suspicious(desk, sam, incident, aside):
    act = put_incidents_aside(incident_ids=[incident.pk], until=None, by=sam, now=NOON)
    set_ot_states(standings={(OtState.SUSPICIOUS, None): [incident.pk]}, now=NOON)
    with pytest.raises(CannotUndo):
        undo_act(act=act, by=sam, now=NOON)
    assert not listed_rows("open", sam, query="aside:yes")


def test_the_same_act_twice_is_one_and_is_not_done_again_once_undone(desk, sam, incident):
    arguments = {"incident_ids": [incident.pk], "until": MONDAY, "by": sam, "now": NOON}
    act = uuid4()
    assert (
        put_incidents_aside(**arguments, act=act)
        == put_incidents_aside(**arguments, act=act)
        == act
    )
    assert timeline(incident) == ["aside"]
    with pytest.raises(CannotPutAside, match="until then"):
        put_incidents_aside(**arguments)
    undo_act(act=act, by=sam, now=NOON)
    with pytest.raises(CannotPutAside, match="have undone this"):
        put_incidents_aside(**arguments, act=act)
    with pytest.raises(CannotPutAside, match="is not put aside"):
        put_incidents_aside(**{**arguments, "until": None})


def test_of_two_at_once_the_second_has_the_last_word(desk, sam, incident, make_person):
    leo = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None))
    first = put_incidents_aside(incident_ids=[incident.pk], until=MONDAY, by=sam, now=NOON)
    sooner = NOON + timedelta(hours=2)
    put_incidents_aside(incident_ids=[incident.pk], until=sooner, by=leo, now=NOON)
    with pytest.raises(CannotUndo):
        undo_act(act=first, by=sam, now=NOON)
    (row,) = listed_rows("open", sam)
    assert row.aside.endswith(f"by {leo.name}")
    assert is_in_work(sam, sooner)
