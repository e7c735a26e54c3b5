"""Within the hold an act can be taken back, and then nothing is sent."""

from datetime import timedelta
from uuid import uuid4

import pytest

from alerts.incidents.acts.apply import CannotUndo, undo_act
from alerts.incidents.acts.close import CannotClose, close_incidents
from alerts.incidents.acts.triage import change_severity, comment_on_incidents
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import Comment, Group, Incident, IncidentStatus, Severity, TimelineItem
from alerts.incidents.queries import recent_acts_of
from alerts.outbox.models import Change, ChangeOutcome
from portal.accounts.models import GrantScope, Role
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
    with pytest.raises(CannotUndo, match="undone this already"):
        undo_act(act=act, by=sam, now=NOON)


def test_undoing_one_act_leaves_the_others_owed(desk, sam):
    incident = desk.incident()
    first = change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=sam, now=NOON)
    close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)
    undo_act(act=first, by=sam, now=NOON)
    incident.refresh_from_db()
    assert (incident.severity, incident.status, incident.owed) == (Severity.MEDIUM, 3, 1)
    assert desk.deliver() == [ChangeOutcome.SENT]


def test_an_act_that_was_taken_back_is_not_done_by_its_form_again(desk, sam):
    """The form of before stands behind the browser's back button, with the same act in it: sent
    again it must not say that it was done."""
    incident, act = desk.incident(), uuid4()
    arguments = {"incident_ids": [incident.pk], **BENIGN, "by": sam, "now": NOON, "act": act}
    assert close_incidents(**arguments) == close_incidents(**arguments) == act
    undo_act(act=act, by=sam, now=NOON)
    with pytest.raises(CannotClose, match="have undone this"):
        close_incidents(**arguments)
    incident.refresh_from_db()
    assert incident.status == IncidentStatus.NEW


@pytest.mark.abuse("A15")
def test_an_act_under_the_id_of_a_colleagues_does_not_undo_theirs(desk, sam, make_person, attempts):
    """Forms choose the id of an act: who learns one within the hold could take it for an own."""
    leo = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None))
    theirs, own, act = desk.incident(), desk.incident(), uuid4()
    close_incidents(incident_ids=[theirs.pk], **BENIGN, by=sam, now=NOON, act=act)
    close_incidents(incident_ids=[own.pk], **BENIGN, by=leo, now=NOON, act=act)
    assert undo_act(act=act, by=leo, now=NOON).undone == 1
    theirs.refresh_from_db()
    attempts.note("a lead", blocked=theirs.status == IncidentStatus.CLOSED)
    assert desk.deliver() == [ChangeOutcome.SENT]
    assert timeline(theirs) == ["closed"]


def test_an_undone_comment_is_gone(desk, sam):
    incident = desk.incident()
    act = comment_on_incidents(incident_ids=[incident.pk], message="Hm.", by=sam, now=NOON)
    undo_act(act=act, by=sam, now=NOON)
    assert not Comment.objects.exists()


def test_after_the_hold_the_undo_is_refused_with_a_sentence(desk, sam):
    incident = desk.incident()
    act = close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)
    desk.deliver()
    with pytest.raises(CannotUndo, match="can no longer be undone"):
        undo_act(act=act, by=sam, now=NOON)
    assert timeline(incident) == ["closed"]


def test_only_ones_own_acts_can_be_undone(desk, sam, make_person):
    leo = desk.soc(make_person, cast.LEO)
    incident = desk.incident()
    act = close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)
    with pytest.raises(CannotUndo, match="nothing to undo here"):
        undo_act(act=act, by=leo, now=NOON)
    assert Change.objects.get().outcome == ChangeOutcome.OPEN


def test_what_was_undone_is_left_out_of_the_recent_acts(desk, sam):
    kept, undone = desk.incident(), desk.incident()
    act = close_incidents(incident_ids=[kept.pk], **BENIGN, by=sam, now=NOON)
    other = close_incidents(incident_ids=[undone.pk], **BENIGN, by=sam, now=NOON)
    undo_act(act=other, by=sam, now=NOON)
    assert [act.act for act in recent_acts_of(sam, now=NOON)] == [act]


def test_of_an_act_that_was_undone_in_part_the_rest_is_listed(desk, sam):
    gone_out, waiting = desk.incident(), desk.incident()
    act = close_incidents(incident_ids=[gone_out.pk, waiting.pk], **BENIGN, by=sam, now=NOON)
    TimelineItem.objects.create(
        incident=waiting,
        at=NOON,
        side="soc",
        by=sam,
        code="undone",
        details={"code": "closed"},
        act=act,
    )
    [listed] = recent_acts_of(sam, now=NOON)
    assert (listed.incidents, listed.incident_id) == (1, gone_out.pk)


def test_one_title_stands_for_incidents_of_one_kind_only(desk, sam):
    alike = [desk.incident(), desk.incident()]
    odd = desk.incident(title="Port Scan Detected")
    close_incidents(incident_ids=[incident.pk for incident in alike], **BENIGN, by=sam, now=NOON)
    assert recent_acts_of(sam, now=NOON)[0].kinds == 1
    change_severity(
        incident_ids=[incident.pk for incident in (*alike, odd)],
        severity=Severity.LOW,
        by=sam,
        now=NOON + timedelta(seconds=1),
    )
    assert recent_acts_of(sam, now=NOON + timedelta(seconds=1))[0].kinds == 2


def test_recent_acts_are_listed_for_a_day(desk, sam):
    rows = [desk.incident() for _ in range(2)]
    act = close_incidents(incident_ids=[row.pk for row in rows], **BENIGN, by=sam, now=NOON)
    assert [(a.act, a.code, a.incidents) for a in recent_acts_of(sam, now=NOON)] == [
        (act, "closed", 2)
    ]
