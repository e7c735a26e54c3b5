"""A person decides; the page shows it at once, Sentinel has it after the hold."""

import threading
import uuid

import pytest
from django.db import OperationalError, connection

from alerts.incidents.acts.close import CannotClose, CannotReopen, close_incidents, reopen_incidents
from alerts.incidents.acts.triage import (
    CannotAssign,
    CannotChangeSeverity,
    CannotComment,
    CannotLabel,
    assign_incidents,
    change_severity,
    comment_on_incidents,
    label_incidents,
)
from alerts.incidents.models import Comment, Group, Incident, IncidentStatus, Severity
from alerts.outbox.models import Change, ChangeOutcome
from portal.audit.models import Entry
from tests import cast
from tests.alerts.incidents.decisions import entra, timeline
from tests.conftest import NOON

BENIGN = {"classification": "BenignPositive", "reason": "SuspiciousButExpected"}


def test_a_close_shows_at_once_and_reaches_sentinel_with_names(desk, sam):
    incident = desk.incident()
    act = close_incidents(
        incident_ids=[incident.pk],
        **BENIGN,
        comment="Planned download.",
        ot_line="OT: Oda Nowak says maintenance, WO-20917.",
        by=sam,
        now=NOON,
    )
    incident.refresh_from_db()
    assert (incident.status, incident.classification, incident.owed) == (3, "BenignPositive", 1)
    assert incident.group_key is None
    assert not Group.objects.exists(), "it has left the queue"
    assert desk.in_sentinel(incident)["status"] == "New"
    assert desk.deliver() == [ChangeOutcome.SENT]
    there = desk.in_sentinel(incident)
    assert (there["status"], there["classificationReason"]) == ("Closed", "SuspiciousButExpected")
    assert there["classificationComment"] == (
        "Planned download.\nOT: Oda Nowak says maintenance, WO-20917.\n"
        "Closed by Sam Keller in Tagout."
    )
    assert incident.timeline.get(code="closed").act == act
    assert Entry.objects.get(action="incidents.incident.closed").actor == sam


def test_our_own_write_that_comes_back_is_no_news(desk, sam):
    incident = desk.incident()
    close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)
    desk.deliver()
    incident.refresh_from_db()
    assert (incident.owed, incident.etag) == (0, desk.sentinel.incidents[incident.name]["etag"])
    assert incident.raw.body["properties"]["status"] == "Closed"
    stored = desk.pull()
    assert (stored.unchanged, stored.changed) == (1, 0)
    assert timeline(incident) == ["closed"]


def test_a_row_of_many_is_closed_by_one_act_with_one_audit_entry(desk, sam):
    rows = [desk.incident() for _ in range(5)]
    close_incidents(incident_ids=[row.pk for row in rows], **BENIGN, by=sam, now=NOON)
    assert Change.objects.values("act").distinct().count() == 1
    assert Entry.objects.filter(action="incidents.incident.closed").count() == 1
    assert desk.deliver() == [ChangeOutcome.SENT] * 5
    assert set(Incident.objects.values_list("status", "owed")) == {(IncidentStatus.CLOSED, 0)}


def test_many_cost_hardly_more_questions_than_few(desk, sam, django_assert_max_num_queries):
    rows = [desk.incident() for _ in range(30)]
    with django_assert_max_num_queries(45):
        close_incidents(incident_ids=[row.pk for row in rows], **BENIGN, by=sam, now=NOON)


def test_one_close_goes_out_before_a_colleagues_close_of_many(desk, sam, make_person):
    leo = desk.soc(make_person, cast.LEO)
    many, one = [desk.incident() for _ in range(21)], desk.incident()
    close_incidents(incident_ids=[row.pk for row in many], **BENIGN, by=leo, now=NOON)
    close_incidents(incident_ids=[one.pk], **BENIGN, by=sam, now=NOON)
    assert desk.deliver() == [ChangeOutcome.SENT] * 22
    assert desk.sentinel.writes[0].name == one.name


@pytest.mark.parametrize(
    ("classification", "reason", "message"),
    [
        ("BenignPositive", "SuspiciousActivity", "must be SuspiciousButExpected"),
        ("FalsePositive", "", "must be IncorrectAlertLogic or InaccurateData"),
        ("Undetermined", "InaccurateData", "takes no reason"),
        ("Harmless", "", "needs a classification"),
    ],
)
def test_a_classification_and_a_reason_that_do_not_fit_are_refused(
    desk, sam, classification, reason, message
):
    incident = desk.incident()
    with pytest.raises(CannotClose, match=message):
        close_incidents(
            incident_ids=[incident.pk],
            classification=classification,
            reason=reason,
            by=sam,
            now=NOON,
        )
    assert not Change.objects.exists()
    assert not Entry.objects.filter(action="incidents.incident.closed").exists()


def test_what_is_closed_so_already_is_not_closed_again(desk, sam):
    incident = desk.incident()
    close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)
    with pytest.raises(CannotClose, match="Already closed this way"):
        close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)


def test_who_closes_another_way_than_a_colleague_just_did_is_told(desk, sam, make_person):
    leo, incident = desk.soc(make_person, cast.LEO), desk.incident()
    close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)
    attack = {"classification": "TruePositive", "reason": "SuspiciousActivity"}
    with pytest.raises(CannotClose, match=r"closed #.* in the meantime"):
        close_incidents(incident_ids=[incident.pk], **attack, by=leo, now=NOON)
    incident.refresh_from_db()
    assert incident.classification == "BenignPositive"
    close_incidents(
        incident_ids=[incident.pk], **attack, instead_of=["BenignPositive"], by=leo, now=NOON
    )
    assert desk.deliver() == [ChangeOutcome.SENT] * 2
    assert desk.in_sentinel(incident)["classification"] == "TruePositive"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_at_one_instant_one_is_told(desk, sam, make_person):
    leo, incident = desk.soc(make_person, cast.LEO), desk.incident()
    both, refused = threading.Barrier(2), []

    def close(by, **values):
        both.wait()
        try:
            close_incidents(incident_ids=[incident.pk], **values, by=by, now=NOON)
        except CannotClose as refusal:
            refused.append((by, refusal))
        finally:
            connection.close()

    values_by_person = {sam: BENIGN, leo: {"classification": "Undetermined"}}
    threads = [
        threading.Thread(target=close, args=(who,), kwargs=how)
        for who, how in values_by_person.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((loser, _),) = refused
    winner = leo if loser == sam else sam
    incident.refresh_from_db()
    assert incident.classification == values_by_person[winner]["classification"]
    assert Change.objects.get().by == winner


def test_our_own_gate_label_keeps_nobody_from_closing(desk, sam):
    """Sentinel's gate labels what is new while suppression is off; that is no edit of a person."""
    incident = desk.incident()
    close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)
    desk.sentinel.edit(incident.name, labels=[{"labelName": "tagout-off"}])
    assert desk.deliver() == [ChangeOutcome.SENT]
    assert desk.in_sentinel(incident)["status"] == "Closed"
    assert desk.in_sentinel(incident)["labels"][0]["labelName"] == "tagout-off"


def test_the_same_act_twice_is_one_act(desk, sam):
    incident, act = desk.incident(), uuid.uuid4()
    for _ in range(2):
        comment_on_incidents(
            incident_ids=[incident.pk], message="Looking.", by=sam, now=NOON, act=act
        )
    assert Change.objects.count() == 1
    assert timeline(incident) == ["commented"]


def test_reopening_takes_the_classification_off(desk, sam):
    incident = desk.incident(status="Closed", classification="Undetermined")
    reopen_incidents(incident_ids=[incident.pk], by=sam, now=NOON)
    incident.refresh_from_db()
    assert (incident.status, incident.classification) == (IncidentStatus.ACTIVE, "")
    assert desk.deliver() == [ChangeOutcome.SENT]
    assert desk.in_sentinel(incident)["status"] == "Active"
    assert "classification" not in desk.in_sentinel(incident)
    with pytest.raises(CannotReopen, match="Already open"):
        reopen_incidents(incident_ids=[incident.pk], by=sam, now=NOON)


def test_a_person_is_assigned_by_entra_id_where_there_is_one(desk, sam, make_person):
    entra(sam)
    leo = desk.soc(make_person, cast.LEO)
    first, second = desk.incident(), desk.incident()
    assign_incidents(incident_ids=[first.pk], to=sam, by=sam, now=NOON)
    assign_incidents(incident_ids=[second.pk], to=leo, by=sam, now=NOON)
    assert desk.deliver() == [ChangeOutcome.SENT] * 2
    assert desk.in_sentinel(first)["owner"]["objectId"] == sam.oid
    assert desk.in_sentinel(second)["owner"] == {
        "assignedTo": "Leo Hartmann",
        "email": "leo@demo.example",
    }
    second.refresh_from_db()
    assert (second.owner_name, second.owner_email) == ("Leo Hartmann", "leo@demo.example")
    with pytest.raises(CannotAssign, match="Already assigned to Leo Hartmann"):
        assign_incidents(incident_ids=[second.pk], to=leo, by=sam, now=NOON)
    assign_incidents(incident_ids=[second.pk], to=None, by=sam, now=NOON)
    assert desk.deliver() == [ChangeOutcome.SENT]
    assert set(desk.in_sentinel(second)["owner"].values()) == {None}


def test_nobody_is_assigned_what_they_may_not_see(desk, sam, make_person):
    mia = make_person(cast.MIA)
    incident = desk.incident()
    with pytest.raises(CannotAssign, match="Mia Brandt may not see"):
        assign_incidents(incident_ids=[incident.pk], to=mia, by=sam, now=NOON)


def test_severity_and_labels_are_written_beside_what_others_write(desk, sam):
    incident = desk.incident(labels=[{"labelName": "Press-Shop", "labelType": "User"}])
    change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=sam, now=NOON)
    label_incidents(
        incident_ids=[incident.pk], add=["Line 2"], remove=["press-shop"], by=sam, now=NOON
    )
    incident.refresh_from_db()
    assert (incident.severity, incident.labels, incident.owed) == (Severity.LOW, ["Line 2"], 2)
    desk.sentinel.edit(
        incident.name, status="Active", labels=[{"labelName": "Press-Shop"}, {"labelName": "new"}]
    )
    assert desk.deliver() == [ChangeOutcome.SENT] * 2
    there = desk.in_sentinel(incident)
    assert (there["severity"], there["status"]) == ("Low", "Active")
    assert [label["labelName"] for label in there["labels"]] == ["new", "Line 2"]
    incident.refresh_from_db()
    assert incident.status == IncidentStatus.ACTIVE
    assert timeline(incident) == ["severity", "labels", "status", "labels"]


def test_unknown_is_no_severity_to_choose(desk, sam):
    incident = desk.incident()
    with pytest.raises(CannotChangeSeverity, match="Sentinel's severities"):
        change_severity(incident_ids=[incident.pk], severity=Severity.UNKNOWN, by=sam, now=NOON)


@pytest.mark.parametrize("label", ["tagout:routine", "TAGOUT-off", "", "x" * 101])
def test_labels_of_our_own_and_odd_ones_are_not_for_people(desk, sam, label):
    incident = desk.incident()
    with pytest.raises(CannotLabel):
        label_incidents(incident_ids=[incident.pk], add=[label], by=sam, now=NOON)


def test_a_label_that_only_begins_like_ours_may_be_set(desk, sam):
    incident = desk.incident()
    label_incidents(incident_ids=[incident.pk], add=["Tagout training"], by=sam, now=NOON)
    incident.refresh_from_db()
    assert incident.labels == ["Tagout training"]


def test_a_comment_that_cannot_be_shown_is_not_owed_either(desk, sam, monkeypatch):
    incident = desk.incident()

    def full_disk(*args, **kwargs):
        raise OperationalError("No space left on device")

    monkeypatch.setattr(Comment.objects, "bulk_create", full_disk)
    with pytest.raises(OperationalError):
        comment_on_incidents(incident_ids=[incident.pk], message="Looking.", by=sam, now=NOON)
    assert not Change.objects.exists()
    assert timeline(incident) == []


def test_a_comment_names_its_writer_and_is_shown_at_once(desk, sam):
    incident = desk.incident()
    comment_on_incidents(incident_ids=[incident.pk], message=" Looking. ", by=sam, now=NOON)
    comment = Comment.objects.get()
    assert (comment.author, comment.ours) == ("Sam Keller", True)
    assert desk.deliver() == [ChangeOutcome.SENT]
    sent = desk.sentinel.comments[incident.name]
    assert list(sent) == [comment.name]
    assert sent[comment.name]["properties"]["message"] == "Looking.\n\nSam Keller, with Tagout"
    assert Comment.objects.count() == 1


@pytest.mark.parametrize("message", ["  ", "x" * 29_001])
def test_no_words_and_too_many_words_are_no_comment(desk, sam, message):
    incident = desk.incident()
    with pytest.raises(CannotComment):
        comment_on_incidents(incident_ids=[incident.pk], message=message, by=sam, now=NOON)
