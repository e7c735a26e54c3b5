"""Closing what OT calls suspicious as something else needs a reason, and OT hears of it."""

import uuid

import pytest

from alerts.incidents.acts.against_ot import overruled_answer_of
from alerts.incidents.acts.apply import undo_act, write_timeline
from alerts.incidents.acts.bulk import process_piece, start_bulk_act
from alerts.incidents.acts.close import CannotClose, close_incidents
from alerts.incidents.models import Incident, IncidentStatus, OtState, TimelineItem
from portal.notifications.models import Mail, Notification
from tests import cast
from tests.conftest import NOON

ATTACK = {"classification": "TruePositive", "reason": "SuspiciousActivity"}
BENIGN = {"classification": "BenignPositive", "reason": "SuspiciousButExpected"}
WHY = "The integrator was on site, badge log checked."


@pytest.fixture
def oda(make_person):
    return make_person(cast.ODA)


@pytest.fixture
def suspicious(desk, oda):
    """Oda has called it suspicious."""

    def make():
        row = desk.incident()
        Incident.objects.filter(pk=row.pk).update(ot_state=OtState.SUSPICIOUS)
        write_timeline(
            incident_ids=[row.pk],
            code="answered",
            side=TimelineItem.Side.OT,
            by=oda,
            now=NOON,
            details={"verdict": "suspicious"},
            act=uuid.uuid4(),
        )
        row.refresh_from_db()
        return row

    return make


@pytest.mark.parametrize(
    "outcome",
    [
        BENIGN,
        {"classification": "FalsePositive", "reason": "InaccurateData"},
        {"classification": "Undetermined", "reason": ""},
    ],
)
def test_without_a_reason_it_stays_open(suspicious, sam, outcome):
    row = suspicious()
    with pytest.raises(CannotClose, match="Say in the comment why"):
        close_incidents(incident_ids=[row.pk], **outcome, comment=" ", by=sam, now=NOON)
    assert not Notification.objects.exists()


def test_who_answered_hears_of_it_with_the_reason_and_the_page_shows_it(suspicious, sam, oda):
    row = suspicious()
    act = close_incidents(incident_ids=[row.pk], **BENIGN, comment=WHY, by=sam, now=NOON)
    line = Notification.objects.get()
    assert (line.to, line.kind, line.path) == (
        oda,
        "incidents.closed-against-ot",
        f"/incidents/{row.pk}/",
    )
    assert line.subject.startswith(f"Closed against your answer: #{row.number}")
    assert "Sam Keller closed it as “Benign positive" in line.body and WHY in line.body
    row.refresh_from_db()
    found = overruled_answer_of(row)
    assert found and (found.name, found.reason) == ("Sam Keller", WHY)
    undo_act(act=act, by=sam, now=NOON)
    row.refresh_from_db()
    assert overruled_answer_of(row) is None
    assert not Notification.objects.exists() and not Mail.objects.exists()


def test_a_true_positive_needs_no_reason_and_nobody_hears(suspicious, sam):
    row = suspicious()
    close_incidents(incident_ids=[row.pk], **ATTACK, by=sam, now=NOON)
    row.refresh_from_db()
    assert row.status == IncidentStatus.CLOSED and overruled_answer_of(row) is None
    assert not Notification.objects.exists()


def test_many_are_one_message_and_a_bulk_act_without_reason_leaves_them_out(desk, suspicious, sam):
    rows = [suspicious(), suspicious(), desk.incident()]
    values = BENIGN | {"comment": ""}
    act = start_bulk_act(
        verb="close", values=values, incidents=rows, title="x", by=sam, now=NOON, unshifted=NOON
    )
    process_piece(unshifted=NOON, now=NOON)
    act.refresh_from_db()
    assert (act.done, act.skipped.count()) == (1, 2)
    assert "Say in the comment why" in act.skipped.first().reason
    close_incidents(
        incident_ids=[row.pk for row in rows[:2]], **BENIGN, comment=WHY, by=sam, now=NOON
    )
    assert Notification.objects.get().subject == "Closed against your answer: 2 incidents"
