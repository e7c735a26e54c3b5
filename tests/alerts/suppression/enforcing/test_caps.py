"""A rule, or all rules of a workspace, that close more than they may: one brake each (S6)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.incidents.models import Incident, IncidentStatus
from alerts.outbox.models import Change, ChangeOutcome
from alerts.rules.guards import caps
from alerts.rules.sentinel_comments import rule_closing_text
from alerts.suppression.enforcing.acting_rules import acting_set
from alerts.suppression.models import Brake, BrakeTrip, RuleVersion, Stop, VersionState
from alerts.suppression.watching import brakes
from alerts.suppression.watching.brakes import stop_at_brakes
from portal.notifications.models import Notification
from tests.alerts.suppression.enforcing.attacks import watch
from tests.alerts.suppression.enforcing.floor import ROUTINE, routine
from tests.alerts.suppression.enforcing.test_closes_what_is_covered import HMI, OTHER
from tests.conftest import NOON

BUSIEST = {"body": {"busiest": {"hour": 1, "day": 3}}}
AT_HMI = (("HMI-02", "10.20.1.2"), ("PLC-21", "10.20.2.21"))
CAP = 9  # three times the busiest day


def incidents(floor, count, **places):
    first = floor.now - timedelta(minutes=40)
    return [floor.incident(at=first + timedelta(minutes=n), **places) for n in range(count)]


def test_beyond_its_cap_a_rule_closes_nothing_and_stops(floor):
    version = floor.rule(number=12, test=BUSIEST)
    *_, beyond = incidents(floor, CAP + 1)
    assert floor.decide() == CAP
    beyond.refresh_from_db()
    assert beyond.status == IncidentStatus.NEW
    assert floor.decide() == 0, "nor while the stop is still owed"
    assert stop_at_brakes(now=floor.now) == 1
    assert stop_at_brakes(now=floor.now) == 0
    version.refresh_from_db()
    assert (version.state, version.needs_approval) == (VersionState.PAUSED, True)
    trip = BrakeTrip.objects.get()
    assert (trip.brake, trip.incident, trip.count, trip.most, trip.limit) == (
        Brake.RULE_DAY,
        beyond,
        CAP,
        3,
        CAP,
    )
    reason = version.steps.latest("pk").reason
    assert reason == (
        f"It reached its cap at incident #{beyond.number}: 9 incidents that came within 24 hours. "
        "Its back-test had at most 3."
    )
    told = Notification.objects.values_list("to__name", flat=True)
    assert set(told) == {"Oda Nowak", "Leo Hartmann"}
    (item,) = beyond.timeline.filter(code="rule-stopped")
    assert item.details == {"rule": "R-12", "workspace": "", "ending": "cap-of-rule"}
    assert {one.outcome for one in floor.deliver()} == {ChangeOutcome.DROPPED}, (
        "nor what was queued"
    )


def test_what_came_over_days_and_is_closed_at_once_is_no_rush(floor):
    floor.rule(since=NOON - timedelta(days=9), test=BUSIEST)
    for day in range(CAP + 3):
        incident = floor.incident()
        came = floor.now - timedelta(hours=15 * day + 1)
        Incident.objects.filter(pk=incident.pk).update(created_at=came)
    assert floor.decide() == CAP + 3
    assert not BrakeTrip.objects.exists()


def test_a_workspace_stops_where_no_rule_alone_would(floor, monkeypatch):
    monkeypatch.setattr(caps, "WORKSPACE_LEAST", 4)
    monkeypatch.setattr(caps, "WORKSPACE_TIMES", 0.5)
    versions = floor.rule(number=12, test=BUSIEST), floor.rule(OTHER, number=13, test=BUSIEST)
    incidents(floor, 2)
    for n in range(3):
        floor.incident(routine(bag=HMI), devices=AT_HMI, at=floor.now - timedelta(minutes=9 - n))
    assert floor.decide() == 4
    assert stop_at_brakes(now=floor.now) == 1
    stop = Stop.objects.get()
    assert (stop.workspace, stop.stopped_by_label) == (floor.workspace, "Tagout")
    assert "reached the cap of gdansk at incident #" in stop.reason
    assert {version.state for version in RuleVersion.objects.all()} == {VersionState.LIVE}
    floor.incident()
    assert floor.decide() == 0
    # On again, what it closed before counts no more, else one more incident would stop it.
    stop.lifted_at, stop.lifted_by = floor.now, floor.leo
    stop.save()
    floor.go(minutes=5)
    floor.incident(at=floor.now - timedelta(minutes=1))
    assert floor.decide() == 1
    assert len(versions) == 2
    assert not BrakeTrip.objects.filter(stopped_at=None).exists()


def test_what_sentinel_closed_beyond_the_cap_stops_the_rule_as_well(floor):
    version = floor.rule(replace(ROUTINE, enforcement="sentinel"), number=12, test=BUSIEST)
    watch(floor)
    text = rule_closing_text(acting_set().versions[version.pk].attribution)
    for incident in incidents(floor, CAP + 1):
        floor.sentinel.edit(
            incident.name,
            status="Closed",
            classification="BenignPositive",
            classificationReason="SuspiciousButExpected",
            classificationComment=text,
        )
        floor.go(seconds=30)
        floor.read()
        watch(floor)
    assert stop_at_brakes(now=floor.now) == 1
    version.refresh_from_db()
    assert version.state == VersionState.PAUSED
    assert BrakeTrip.objects.get().count == CAP + 1
    assert not Change.objects.exists()


@pytest.mark.parametrize("failing", [1, 2])
def test_a_stop_that_fails_holds_up_no_other(floor, monkeypatch, failing):
    floor.rule(number=12, test=BUSIEST)
    floor.rule(OTHER, number=13, test=BUSIEST)
    incidents(floor, CAP + 1)
    for n in range(CAP + 1):
        floor.incident(routine(bag=HMI), devices=AT_HMI, at=floor.now - timedelta(minutes=30 - n))
    floor.decide()
    stop, calls = brakes.stop_by_itself, []

    def fails_once(**values):
        calls.append(values)
        if len(calls) == failing:
            raise ValueError("the database is away")
        return stop(**values)

    monkeypatch.setattr(brakes, "stop_by_itself", fails_once)
    assert stop_at_brakes(now=floor.now) == 1
    assert stop_at_brakes(now=floor.now) == 1
    assert set(RuleVersion.objects.values_list("state", flat=True)) == {"paused"}
