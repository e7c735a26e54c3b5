"""Desired state that no act has made: the database refuses it from a worker, with the rights that
this worker has; whatever gets in is compared at delivery (`deploying/test_undecided_rows.py`).
"""

import json
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from alerts.outbox.models import WantedRule
from alerts.suppression.deploying.desired import bring_in_line
from alerts.suppression.models import RuleVersion, WatchlistRequest
from portal.runtime.apply_worker_rights import role_of
from portal.runtime.worker_rights import WORKERS
from tests.alerts.suppression.deploying.conftest import clock, clocks, far, workspace
from tests.alerts.suppression.deploying.plant import polls, signed
from tests.conftest import NOON
from tests.decided import changed
from tests.reuse import reuse_rows
from tests.worker_roles import PREFIX, take_on, without_triggers

__all__ = ["clock", "clocks", "far", "workspace"]
WRITERS = ("bulk", "deployments")
OTHERS = sorted({*WORKERS} - {"beat", *WRITERS})
EVIL = {"displayName": "Tagout R-12", "order": 501, "triggeringLogic": {}, "actions": []}


@reuse_rows
def version(workspace, site, oda, leo):
    return signed(polls(), by=(oda, leo), workspaces=[workspace], sites=[site])


@reuse_rows
def live(version, far, clocks):
    with clocks.in_force():
        bring_in_line(version_id=version.pk, now=NOON)
        far.deliver()
    return WantedRule.objects.get(kind="rule")


@pytest.fixture
def gate(live):
    return WantedRule.objects.get(kind="gate")


def add(workspace, **columns):
    values = {
        "workspace_id": workspace.pk,
        "name": uuid.uuid4(),
        "kind": "rule",
        "about": uuid.uuid4(),
        "label": "R-12",
        "wanted": None,
        "wanted_version": 0,
        "wanted_at": NOON,
        "reason": "",
        "insists": False,
        "urgency": 5,
        "landed": None,
        "landed_version": 0,
        "landed_etag": "",
        "sent": None,
        "outcome": "landed",
        "note": "",
        "error_code": "",
        "misses": 0,
        "state": "done",
        "due_at": NOON,
        "attempts": 0,
        "fence": 0,
        "latest_error": "",
    } | columns
    names, places = ", ".join(values), ", ".join(["%s"] * len(values))
    execute(f"INSERT INTO outbox_wantedrule ({names}) VALUES ({places})", *values.values())


def change(row, **columns):
    changes = ", ".join(f"{name} = %s" for name in columns)
    table = row._meta.db_table
    execute(f"UPDATE {table} SET {changes} WHERE id = %s", *columns.values(), row.pk)


def execute(statement, *values):
    plain = [json.dumps(v) if isinstance(v, dict) else v for v in values]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, plain)


def refuses(match="permission denied"):
    return pytest.raises(DatabaseError, match=match)


@pytest.mark.parametrize("queue", OTHERS)
def test_no_other_worker_says_what_sentinel_should_hold(live, queue, workspace):
    with take_on(queue):
        with refuses():
            add(workspace)
        with refuses():
            change(live, wanted=None)


@pytest.mark.parametrize("queue", WRITERS)
@pytest.mark.parametrize(
    "columns",
    [
        {"wanted": EVIL, "outcome": "", "state": "waiting"},
        {"landed": EVIL},
        {"sent": EVIL},
        {"insists": True},
        {"wanted_version": 7},
        {"outcome": ""},
    ],
)
def test_a_row_begins_empty(workspace, db, queue, columns):
    with take_on(queue):
        with refuses():
            add(workspace, **columns)
        add(workspace)


@pytest.mark.parametrize("kind", ["probe", "auto", "list", "listgate", "pair"])
def test_the_watch_over_rules_writes_rules_and_gates_only(workspace, db, kind):
    with take_on("deployments"):
        add(workspace, kind=kind)
    row = WantedRule.objects.get()
    with take_on("bulk"):
        with refuses():
            add(workspace, kind=kind)
        with refuses():
            change(row, reason="x")


@pytest.mark.parametrize("queue", WRITERS)
@pytest.mark.parametrize("kind", ["rule", "auto", "list", "listgate", "pair", "other"])
def test_nothing_is_wanted_that_no_decision_stands_behind(workspace, db, queue, kind):
    with without_triggers():
        add(workspace, kind=kind)
    row = WantedRule.objects.get()
    with take_on(queue), refuses():
        change(row, wanted=EVIL)


@pytest.mark.parametrize("queue", WRITERS)
@pytest.mark.parametrize("columns", [{"state": "paused"}, {"state": "expired"}])
def test_a_rule_is_wanted_while_its_version_acts(live, queue, columns):
    with take_on(queue):
        change(live, wanted=changed(live.wanted, order=501))
    RuleVersion.objects.update(**columns)
    with take_on(queue):
        with refuses():
            change(live, wanted=EVIL)
        change(live, wanted=None)


@pytest.mark.parametrize("queue", WRITERS)
def test_the_gate_is_not_taken_away_but_from_a_workspace_that_was_removed(gate, queue, workspace):
    with take_on(queue), refuses():
        change(gate, wanted=None)
    workspace.state = "removed"
    workspace.save(update_fields=["state"])
    with take_on(queue):
        change(gate, wanted=None)


@pytest.mark.parametrize(
    "columns",
    [
        {"landed": EVIL},
        {"landed": None},
        {"sent": EVIL},
        {"landed_version": 99},
        {"landed_etag": "x"},
        {"outcome": "landed"},
        {"outcome": "held"},
        {"note": "x"},
        {"latest_error": "x"},
        {"error_code": "x"},
        {"fence": 99},
        {"state": "dead"},
        {"lease_until": NOON + timedelta(days=900)},
    ],
)
def test_the_watch_over_rules_does_not_write_what_became_of_them(live, columns):
    WantedRule.objects.filter(pk=live.pk).update(outcome="refused")
    with take_on("bulk"), refuses():
        change(live, **columns)


@pytest.mark.parametrize("queue", WRITERS)
@pytest.mark.parametrize(
    "columns",
    [{"name": uuid.uuid4()}, {"about": uuid.uuid4()}, {"kind": "gate"}, {"label": "R-99"}],
)
def test_a_row_stays_the_one_it_is(live, queue, columns):
    with refuses("only these columns"):
        change(live, **columns)
    with take_on(queue), refuses("only these columns|permission denied"):
        change(live, **columns)


@pytest.mark.parametrize("kind", ["gate", "list", "listgate"])
def test_a_workspace_has_no_second_gate(workspace, db, kind):
    with take_on("deployments"):
        add(workspace, kind=kind)
        with pytest.raises(IntegrityError, match="a_workspace_has_one_gate_of_a_kind"):
            add(workspace, kind=kind)


MOVES = [
    ("canary", "paused", True),
    ("live", "paused", True),
    ("live", "replaced", True),
    ("live", "expired", True),
    ("paused", "expired", True),
    ("paused", "live", False),
    ("paused", "canary", False),
    ("expired", "live", False),
    ("retired", "live", False),
    ("replaced", "live", False),
    ("rejected", "canary", False),
    ("proposed", "canary", False),
    ("proposed", "live", False),
    ("live", "canary", False),
]


@pytest.mark.parametrize("queue", WRITERS)
@pytest.mark.parametrize(("was", "to", "may"), MOVES)
def test_a_worker_stops_rules_and_brings_none_back(version, queue, was, to, may):
    RuleVersion.objects.update(state=was)
    later = NOON + timedelta(days=9)
    with take_on(queue):
        if may:
            change(version, state=to, state_since=later)
        else:
            with refuses():
                change(version, state=to, state_since=later)


def test_a_trial_lives_after_its_week_by_the_watch_alone(version):
    RuleVersion.objects.update(state="canary")
    early, late = NOON + timedelta(days=6, hours=23), NOON + timedelta(days=7)
    with take_on("deployments"), refuses():
        change(version, state="live", state_since=late)
    with take_on("bulk"):
        with refuses():
            change(version, state="live", state_since=early)
        change(version, state="live", state_since=late)


@contextmanager
def signed_in_as(queue):
    """Be the worker with its own password, as in production: `take_on` leaves the session's user,
    who owns the tables.
    """
    with take_on(queue), connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"SET LOCAL SESSION AUTHORIZATION {role_of(queue, prefix=PREFIX)}")
        yield
        cursor.execute("RESET SESSION AUTHORIZATION")


def start_trial(version, *, days):
    """Have it signed, and its trial begun, so many days before the database's clock."""
    at = datetime.now(UTC) - timedelta(days=days)
    with without_triggers():
        version.signatures.update(signed_at=at)
        RuleVersion.objects.update(state="canary", state_since=at)
    return at


@pytest.mark.parametrize("ahead", [timedelta(days=6, minutes=10), timedelta(days=900)])
def test_a_trial_does_not_live_early_by_a_date_ahead(version, ahead):
    start_trial(version, days=1)
    with signed_in_as("bulk"), refuses():
        change(version, state="live", state_since=datetime.now(UTC) + ahead)


def test_a_rule_that_lives_does_not_close_what_came_before_it(version):
    began = start_trial(version, days=8)
    with signed_in_as("bulk"):
        with refuses():
            change(version, state="live", state_since=began + timedelta(days=7, minutes=1))
        change(version, state="live", state_since=datetime.now(UTC))


@pytest.mark.parametrize("queue", WRITERS)
@pytest.mark.parametrize("state", ["canary", "live"])
@pytest.mark.parametrize("by", [timedelta(days=-900), timedelta(minutes=-1), timedelta(days=7)])
def test_a_state_that_stays_keeps_its_date(version, queue, state, by):
    RuleVersion.objects.update(state=state)
    with take_on(queue), refuses():
        change(version, state_since=version.state_since + by)


@pytest.mark.parametrize("queue", WRITERS)
@pytest.mark.parametrize(
    "columns",
    [
        {"body": {}},
        {"rule_hash": "0" * 64},
        {"forms": {}},
        {"workspace_ids": [1, 2]},
        {"expires_at": NOON + timedelta(days=900)},
        {"enforcement": "tagout"},
        {"newcomers": []},
        {"title": "Everything"},
        {"paused_from": "live"},
        {"state": "paused", "paused_from": "canary"},
    ],
)
def test_no_worker_changes_what_was_signed(version, queue, columns):
    RuleVersion.objects.update(newcomers=["plc-99"])
    with take_on(queue), refuses():
        change(version, **columns)


@pytest.mark.parametrize("queue", WRITERS)
def test_a_rule_that_has_to_be_approved_again_stays_so(version, queue):
    RuleVersion.objects.update(needs_approval=True, state="paused")
    with take_on(queue), refuses():
        change(version, needs_approval=False)


def test_a_worker_ends_a_watchlist_and_switches_none_on(workspace, leo, db):
    row = WatchlistRequest.objects.create(
        workspace=workspace,
        text_hash="0" * 64,
        proposed_by=leo,
        proposer_side="soc",
        proposed_at=NOON,
    )
    with take_on("bulk"), refuses():
        change(row, state="ended")
    with take_on("deployments"):
        for columns in (
            {"state": "on"},
            {"text_hash": "1" * 64},
            {"state": "ended", "text_hash": "x"},
        ):
            with refuses():
                change(row, **columns)
        change(row, state="ended", ended_at=NOON, end_reason="x", ended_by_label="Tagout")
        with refuses():
            change(row, state="on")
