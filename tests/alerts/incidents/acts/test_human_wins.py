"""When a person in Sentinel was faster, the overlay goes and the timeline says who won."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.acts.close import close_incidents
from alerts.incidents.acts.triage import change_severity, comment_on_incidents
from alerts.incidents.models import Comment, IncidentStatus, Severity
from alerts.outbox.models import Change, ChangeOutcome
from alerts.outbox.services.enqueue import retry_change
from alerts.sentinel.client.port import SentinelRefused, SentinelUnavailable
from portal.accounts.models import Role
from portal.notifications.models import Notification
from tests import cast
from tests.alerts.incidents.decisions import timeline
from tests.conftest import NOON

BENIGN = {"classification": "BenignPositive", "reason": "SuspiciousButExpected"}
LEO = {"objectId": "1e0", "email": "leo@demo.example", "assignedTo": "Leo Hartmann"}


@pytest.mark.parametrize("pulled", [False, True], ids=["unseen", "seen by intake before"])
def test_a_close_gives_way_to_a_colleague_who_took_the_incident(desk, sam, pulled):
    incident = desk.incident()
    close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)
    desk.sentinel.edit(incident.name, owner=LEO, severity="High")
    if pulled:
        desk.pull()
        incident.refresh_from_db()
        assert (incident.status, incident.owner_name) == (IncidentStatus.CLOSED, "Leo Hartmann")
    assert desk.deliver() == [ChangeOutcome.CONFLICTED]
    incident.refresh_from_db()
    assert (incident.status, incident.severity) == (IncidentStatus.NEW, Severity.HIGH)
    assert (incident.owner_name, incident.owed, incident.classification) == ("Leo Hartmann", 0, "")
    assert incident.group_key is not None, "it is back in the queue"
    conflict = incident.timeline.get(code="conflict")
    assert [(won["member"], won["now"]) for won in conflict.details["won"]] == [
        ("severity", "High"),
        ("owner", "Leo Hartmann"),
    ]
    assert conflict.details["wanted"]["status"] == "Closed"
    assert "reopened" not in timeline(incident)
    assert desk.sentinel.writes == []
    assert desk.pull().changed == 0
    line = Notification.objects.get(to=sam)
    assert line.subject == f"Somebody changed it in Sentinel first: {incident}"
    assert "owner is Leo Hartmann" in line.body


def test_who_may_not_see_the_incident_any_more_is_not_told_of_it(desk, sam):
    incident = desk.incident()
    change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=sam, now=NOON)
    sam.grants.update(revoked_at=NOON)
    desk.sentinel.edit(incident.name, severity="High")
    assert desk.deliver() == [ChangeOutcome.CONFLICTED]
    assert "conflict" in timeline(incident)
    assert not Notification.objects.exists()


def test_a_severity_gives_way_to_a_colleagues_severity(desk, sam):
    incident = desk.incident()
    change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=sam, now=NOON)
    desk.sentinel.edit(incident.name, severity="High")
    assert desk.deliver() == [ChangeOutcome.CONFLICTED]
    incident.refresh_from_db()
    assert incident.severity == Severity.HIGH
    assert sorted(timeline(incident)) == ["conflict", "severity", "severity"]


def test_what_is_still_owed_stays_over_a_colleagues_other_edit(desk, sam):
    incident = desk.incident()
    change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=sam, now=NOON)
    desk.sentinel.edit(incident.name, status="Active")
    desk.pull()
    incident.refresh_from_db()
    assert (incident.severity, incident.status, incident.owed) == (Severity.LOW, 2, 1)
    assert desk.deliver() == [ChangeOutcome.SENT]


def test_a_refused_write_shows_sentinels_word_again_until_it_is_retried(desk, sam, make_person):
    incident = desk.incident()
    change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=sam, now=NOON)
    desk.sentinel.fail_next(SentinelRefused("Not today.", status=400), verb="put_incident")
    assert desk.deliver() == [ChangeOutcome.REFUSED]
    incident.refresh_from_db()
    assert (incident.severity, incident.owed) == (Severity.MEDIUM, 0)
    assert incident.timeline.get(code="refused").details["note"] == "Not today."
    lead = desk.soc(make_person, cast.LEO, Role.SOC_LEAD)
    retry_change(change_id=Change.objects.get().pk, by=lead, now=NOON)
    incident.refresh_from_db()
    assert (incident.severity, incident.owed) == (Severity.LOW, 1)
    assert desk.deliver() == [ChangeOutcome.SENT]
    incident.refresh_from_db()
    assert (incident.severity, incident.owed) == (Severity.LOW, 0)


def test_a_comment_that_sentinel_refuses_is_not_shown_as_said(desk, sam):
    incident = desk.incident()
    comment_on_incidents(incident_ids=[incident.pk], message="Hm.", by=sam, now=NOON)
    desk.sentinel.fail_next(SentinelRefused("Too many.", status=400), verb="put_comment")
    assert desk.deliver() == [ChangeOutcome.REFUSED]
    assert not Comment.objects.exists()
    assert timeline(incident) == ["commented", "refused"]


def test_while_sentinel_is_away_the_decision_stays_on_the_page(desk, sam):
    incident = desk.incident()
    close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)
    desk.sentinel.fail_next(SentinelUnavailable("Away."))
    assert desk.deliver() == [ChangeOutcome.OPEN]
    incident.refresh_from_db()
    assert (incident.status, incident.owed) == (IncidentStatus.CLOSED, 1)
    assert desk.deliver(seconds=60) == [ChangeOutcome.SENT]


def test_a_write_whose_answer_is_of_no_use_is_believed_until_intake_reads_it(desk, sam):
    incident = desk.incident()
    change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=sam, now=NOON)
    put = desk.sentinel.put_incident

    def answer_nonsense(*args):
        receipt = put(*args)
        return type(receipt)(receipt.name, receipt.etag, b"<html>")

    desk.sentinel.put_incident = answer_nonsense
    assert desk.deliver() == [ChangeOutcome.SENT]
    incident.refresh_from_db()
    assert (incident.severity, incident.owed, incident.etag) == (Severity.LOW, 0, "")
    desk.pull()
    assert timeline(incident) == ["severity"]


@pytest.mark.parametrize("is_overtaken", [False, True], ids=["landed", "lost"])
def test_the_queue_is_brought_in_line_once_for_each_outcome(desk, sam, is_overtaken):
    incident = desk.incident()
    close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)
    if is_overtaken:
        desk.sentinel.edit(incident.name, severity="High")
    with CaptureQueriesContext(connection) as queries:
        assert desk.deliver() == [ChangeOutcome.CONFLICTED if is_overtaken else ChangeOutcome.SENT]
    assert sum("SET priority = " in query["sql"] for query in queries) == 1
    incident.refresh_from_db()
    assert (incident.owed, incident.status == IncidentStatus.CLOSED) == (0, not is_overtaken)
