"""Rows of the watchlist that nobody has decided are not sent, and its gate opens for nobody."""

import uuid
from datetime import timedelta

import pytest

from alerts.outbox.models import Landing, RuleKind, RulePriority, WantedRule
from alerts.outbox.services.set_desired import set_desired_rule
from alerts.rules.watchlist import gate_row
from alerts.suppression.models import RuleVersion, WatchlistRequest
from portal.notifications.models import Notification
from tests.alerts.suppression.deploying.watchlists import BOTH
from tests.conftest import NOON
from tests.decided import forge_row
from tests.factories.incidents import make_alert, make_incident
from tests.worker_roles import without_triggers


@pytest.fixture
def listed(first_round, lists):
    assert lists.pairs == BOTH
    return lists


def row_of(kind):
    return WantedRule.objects.filter(kind=kind).order_by("pk").first()


def refused(listed):
    before = len(listed.writes)
    (done,) = listed.far.deliver()
    assert Notification.objects.filter(kind="suppression.undecided").exists()
    return done.outcome == Landing.REFUSED and len(listed.writes) == before


@pytest.mark.parametrize(
    "parts",
    [
        {"Destination": "PLC-99"},
        {"Until": "2030-01-01T00:00:00Z"},
        {"Spans": "[]"},
        {"Conditions": '{"Site":["Rotterdam"]}'},
        {"Severities": '["High"]'},
        {"Format": "2"},
        {"Kind": "gate"},
    ],
)
def test_a_pair_that_nobody_signed_is_not_sent_and_comes_back(listed, parts):
    row, before = row_of("pair"), listed.rows
    forge_row(row, wanted=row.wanted | parts)
    assert refused(listed) and listed.rows == before
    listed.round(minutes=1)
    row.refresh_from_db()
    assert row.is_as_wanted and listed.rows == before


@pytest.mark.parametrize(
    "columns",
    [
        {"insists": True},
        {"urgency": RulePriority.STOP},
        {"name": str(uuid.uuid4())},
        {"about": str(uuid.uuid4())},
    ],
)
def test_nor_is_a_pair_beside_its_place(listed, columns):
    forge_row(row_of("pair"), **columns)
    assert refused(listed)


def test_a_pair_of_a_device_in_an_open_case_does_not_come_back(listed, workspace, site):
    case = make_incident(workspace, classification="TruePositive", status=1)
    make_alert(case, site=site, destination_device="PLC-21", source_device="LAPTOP-9")
    listed.round(minutes=1)
    assert listed.pairs == BOTH[:1]
    row = WantedRule.objects.get(kind="pair", wanted__isnull=True)
    forge_row(row, wanted=row_of("pair").wanted | {"Pair": "x", "Destination": "PLC-21"})
    assert refused(listed) and listed.pairs == BOTH[:1]


def test_a_trial_has_no_pair(listed):
    RuleVersion.objects.update(state="canary")
    forge_row(row_of("pair"))
    assert refused(listed)


@pytest.mark.parametrize(
    ("wanted", "columns"),
    [
        (gate_row(until=NOON + timedelta(hours=25)), {}),
        (gate_row(until=NOON + timedelta(hours=2)) | {"Pair": "x"}, {}),
        (gate_row(until=NOON + timedelta(hours=2)) | {"Until": "soon"}, {}),
        (gate_row(until=NOON + timedelta(hours=2)), {"insists": True}),
        (gate_row(until=NOON + timedelta(hours=2)), {"urgency": RulePriority.STOP}),
    ],
)
def test_the_gate_opens_for_a_day_only_and_over_no_hand(listed, wanted, columns):
    before = listed.lease
    forge_row(row_of("listgate"), wanted=wanted, **columns)
    assert refused(listed) and listed.lease == before


@pytest.mark.parametrize("columns", [{"state": "proposed"}, {"text_hash": "0" * 64}])
def test_where_the_list_is_not_signed_nothing_of_it_is_sent(listed, columns):
    with without_triggers():
        WatchlistRequest.objects.update(**columns)
    for kind in ("list", "pair"):
        forge_row(row_of(kind))
        assert refused(listed)
    forge_row(row_of("listgate"), wanted=gate_row(until=NOON + timedelta(hours=2)))
    assert refused(listed)
    forge_row(row_of("listgate"), wanted=gate_row(until=None))
    (done,) = listed.far.deliver()
    assert done.outcome == Landing.LANDED and listed.lease is None, "shutting needs nobody"


def test_where_there_never_was_a_list_none_is_made(workspace, clock, far, leo):
    set_desired_rule(
        workspace_id=workspace.pk,
        name=uuid.uuid4(),
        about=uuid.uuid4(),
        label="x",
        kind=RuleKind.PAIR,
        body={"Pair": "x"},
        now=NOON,
    )
    (done,) = far.deliver()
    assert done.note == "It is not what two people have signed, so it was not sent."
