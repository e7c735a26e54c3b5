"""Within the hold an act can be taken back, and then nothing is sent."""

from uuid import uuid4

import pytest

from alerts.incidents.models import Comment, Group, Incident, Severity, Status
from alerts.incidents.queries import recent_acts_of
from alerts.incidents.services.close import CannotClose, close_incidents
from alerts.incidents.services.comment import comment_on_incidents
from alerts.incidents.services.groups import regroup
from alerts.incidents.services.severity import change_severity
from alerts.incidents.services.undo import CannotUndo, undo_act
from alerts.outbox.models import Change, Outcome
from portal.audit.models import Entry
from tests import cast
from tests.alerts.incidents.decisions import timeline
from tests.conftest import NOON

BENIGN = {"classification": "BenignPositive", "reason": "SuspiciousButExpected"}


def test_undone_within_the_hold_all_is_as_before_and_nothing_was_sent(desk, sam):
    rows = [desk.incident() for _ in range(3)]
    ids = [row.pk for row in rows]
    regroup(ids, now=NOON)
    before = list(Group.objects.order_by("key").values_list("key", "n"))
    act = close_incidents(incident_ids=ids, **BENIGN, by=sam, now=NOON)
    assert not Group.objects.exists()
    desk.clock.go(seconds=8)
    undone = undo_act(act=act, by=sam, now=NOON)
    assert (undone.undone, undone.too_late) == (3, 0)
    assert set(Incident.objects.values_list("status", "classification", "owed")) == {(1, "", 0)}
    assert list(Group.objects.order_by("key").values_list("key", "n")) == before
    desk.deliver()
    assert desk.sentinel.writes == []
    assert timeline(rows[0]) == ["closed", "undone"]
    assert Entry.objects.get(action="incidents.act.undone").actor == sam


def test_undoing_one_act_leaves_the_others_owed(desk, sam):
    incident = desk.incident()
    first = change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=sam, now=NOON)
    close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)
    undo_act(act=first, by=sam, now=NOON)
    incident.refresh_from_db()
    assert (incident.severity, incident.status, incident.owed) == (Severity.MEDIUM, 3, 1)
    assert desk.deliver() == [Outcome.SENT]


def test_an_act_that_was_taken_back_is_not_done_by_its_form_again(desk, sam):
    """The form of before stands behind the browser's back button, with the same act in it: sent
    again it must not say that it was done."""
    incident, act = desk.incident(), uuid4()
    said = {"incident_ids": [incident.pk], **BENIGN, "by": sam, "now": NOON, "act": act}
    assert close_incidents(**said) == close_incidents(**said) == act
    undo_act(act=act, by=sam, now=NOON)
    with pytest.raises(CannotClose, match="taken this back"):
        close_incidents(**said)
    incident.refresh_from_db()
    assert incident.status == Status.NEW


def test_an_undone_comment_is_gone(desk, sam):
    incident = desk.incident()
    act = comment_on_incidents(incident_ids=[incident.pk], message="Hm.", by=sam, now=NOON)
    undo_act(act=act, by=sam, now=NOON)
    assert not Comment.objects.exists()


def test_after_the_hold_the_undo_is_refused_with_a_sentence(desk, sam):
    incident = desk.incident()
    act = close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)
    desk.deliver()
    with pytest.raises(CannotUndo, match="gone out to Sentinel already"):
        undo_act(act=act, by=sam, now=NOON)
    assert timeline(incident) == ["closed"]


def test_only_ones_own_acts_can_be_undone(desk, sam, make_person):
    leo = desk.soc(make_person, cast.LEO)
    incident = desk.incident()
    act = close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)
    with pytest.raises(CannotUndo, match="no such act of yours"):
        undo_act(act=act, by=leo, now=NOON)
    assert Change.objects.get().outcome == Outcome.OPEN


def test_recent_acts_are_listed_for_a_day(desk, sam):
    rows = [desk.incident() for _ in range(2)]
    act = close_incidents(incident_ids=[row.pk for row in rows], **BENIGN, by=sam, now=NOON)
    assert [(a.act, a.code, a.incidents) for a in recent_acts_of(sam, now=NOON)] == [
        (act, "closed", 2)
    ]
