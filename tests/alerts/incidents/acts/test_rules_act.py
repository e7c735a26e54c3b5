"""A rule closes, labels and reopens through the same verbs as a person, in its own words."""

import pytest

from alerts.incidents.acts.apply import SystemActor
from alerts.incidents.acts.close import (
    close_incidents,
    mark_closed_by,
    reopen_incidents,
    show_closed_in_sentinel,
    take_back_closed_by,
)
from alerts.incidents.acts.triage import label_incidents
from alerts.incidents.models import Incident
from alerts.outbox.models import Change, ChangeOutcome, WriteKind
from alerts.outbox.registry import ChangeHandling
from portal.audit.models import Entry
from tests.alerts.incidents.decisions import timeline
from tests.conftest import NOON

BENIGN = {"classification": "BenignPositive", "reason": "SuspiciousButExpected"}
R_12 = SystemActor("R-12")
BY_RULE = SystemActor("R-12", WriteKind.CLOSE, {"incident": 1, "versions": {}, "alerts": []})


@pytest.fixture(autouse=True)
def closes_are_still_right(wired):
    wired(ChangeHandling, ChangeHandling(WriteKind.CLOSE, check=lambda change, now: ""))


def test_the_text_of_a_rule_is_sent_as_it_is(desk):
    incident = desk.incident()
    mark_closed_by(incident_ids=[incident.pk], rule="R-12", now=NOON)
    close_incidents(
        incident_ids=[incident.pk], **BENIGN, comment="Its words.", by=BY_RULE, now=NOON
    )
    assert desk.deliver(seconds=0) == [ChangeOutcome.SENT]
    assert desk.in_sentinel(incident)["classificationComment"] == "Its words."
    incident.refresh_from_db()
    assert (incident.closed_by, incident.status) == ("R-12", 3)
    assert Entry.objects.get(action="incidents.incident.closed").actor_label == "R-12"


def test_who_opens_it_again_takes_the_rules_name_off(desk):
    incident = desk.incident()
    mark_closed_by(incident_ids=[incident.pk], rule="R-12", now=NOON)
    close_incidents(incident_ids=[incident.pk], **BENIGN, by=BY_RULE, now=NOON)
    desk.deliver(seconds=0)
    reopen_incidents(incident_ids=[incident.pk], by=R_12, because="An alert joined.", now=NOON)
    assert desk.deliver(seconds=0) == [ChangeOutcome.SENT]
    assert desk.in_sentinel(incident)["status"] == "Active"
    assert Incident.objects.get().closed_by == ""
    assert incident.timeline.get(code="reopened").details["because"] == "An alert joined."


def test_a_rule_may_set_our_own_labels(desk):
    incident = desk.incident()
    label_incidents(incident_ids=[incident.pk], by=R_12, add=["tagout:would-close:R-12"], now=NOON)
    assert desk.deliver(seconds=0) == [ChangeOutcome.SENT]
    labels = [label["labelName"] for label in desk.in_sentinel(incident)["labels"]]
    assert labels == ["tagout:would-close:R-12"]


def test_nobody_acts_without_a_name(desk):
    incident = desk.incident()
    with pytest.raises(AttributeError, match="name"):
        label_incidents(incident_ids=[incident.pk], by=None, add=["x"], now=NOON)
    with pytest.raises(AttributeError, match="name"):
        reopen_incidents(incident_ids=[incident.pk], by=None, now=NOON)
    assert not Change.objects.exists() and timeline(incident) == []


def test_only_what_is_closed_was_closed_in_sentinel_by_a_rule(desk):
    incident = desk.incident()
    assert show_closed_in_sentinel(incident_ids=[incident.pk], rule="R-12", now=NOON) == 0
    desk.sentinel.edit(incident.name, status="Closed")
    desk.pull()
    assert show_closed_in_sentinel(incident_ids=[incident.pk], rule="R-12", now=NOON) == 1
    assert take_back_closed_by(incident_ids=[incident.pk], rule="R-13", now=NOON) == 0
    assert take_back_closed_by(incident_ids=[incident.pk], rule="R-12", now=NOON) == 1
