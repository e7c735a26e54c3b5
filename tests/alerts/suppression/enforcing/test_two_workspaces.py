"""Two workspaces side by side: what stops rules in one stops them there, and only there."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Incident
from alerts.sentinel.models import Freshness
from alerts.suppression.models import HeldIncident, Stop
from alerts.suppression.queries import is_off
from tests.alerts.suppression.enforcing.floor import Floor, routine
from tests.conftest import NOON
from tests.factories.answers import alert
from tests.factories.incidents import make_workspace
from tests.memory_sentinel import MemorySentinel


@pytest.fixture
def second(floor):
    """A second workspace with the same routine; a round goes through both."""
    people = (floor.oda, floor.leo)
    return Floor(make_workspace("porto"), MemorySentinel(starts_at=NOON), floor.clock, people)


def stop_in(floor):
    """Suppression is off in its workspace."""
    stop = Stop.objects.create(
        workspace=floor.workspace, stopped_at=NOON - timedelta(days=1), stopped_by_label="Leo"
    )
    assert is_off(floor.workspace.pk)
    return stop


def acted_on(floor):
    return {line.incident_id for line in floor.ledger}


def test_off_in_one_workspace_the_round_of_the_other_leaves_its_incidents_alone(floor, second):
    floor.rule()
    stop_in(floor)
    floor.incident()
    theirs = second.incident()
    assert not is_off(second.workspace.pk)
    assert floor.decide() == 1
    assert acted_on(floor) == {theirs.pk}


def test_on_old_data_of_one_workspace_the_round_of_the_other_leaves_it_alone(floor, second):
    floor.rule()
    floor.incident()
    theirs = second.incident()
    long_ago = NOON - timedelta(hours=2)
    Freshness.objects.filter(workspace=floor.workspace).update(fresh_at=long_ago)
    assert floor.decide() == 1
    assert acted_on(floor) == {theirs.pk}


def test_what_people_took_in_a_workspace_that_is_off_is_labelled_in_no_round(floor, second):
    floor.rule(state="canary")
    stop_in(floor)
    ours, theirs = floor.incident(), second.incident()
    for place, incident in ((floor, ours), (second, theirs)):
        place.sentinel.edit(incident.name, status="Active")
        place.read()
    assert floor.decide() == 1
    assert acted_on(floor) == {theirs.pk}


def test_what_waits_in_a_workspace_that_is_off_is_closed_in_no_round(floor, second):
    stop_in(floor)
    ours, theirs = floor.incident(), second.incident()
    HeldIncident.objects.bulk_create(
        HeldIncident(incident=row, held_at=NOON, looked_at=NOON) for row in (ours, theirs)
    )
    Incident.objects.update(changed_at=NOON - timedelta(days=2))  # behind every cursor
    floor.rule()
    assert floor.decide() == 1
    assert acted_on(floor) == {theirs.pk}
    assert list(HeldIncident.objects.values_list("incident", flat=True)) == [ours.pk]


def test_on_again_in_one_workspace_leaves_to_people_what_came_there_and_nothing_elsewhere(
    floor, second
):
    floor.rule()
    stop = stop_in(floor)
    floor.incident()
    theirs = second.incident()
    stop.lifted_at = NOON
    stop.save()
    assert floor.decide() == 1
    assert acted_on(floor) == {theirs.pk}


def test_an_alert_is_compared_with_what_its_own_workspace_stored(floor, second):
    """One sensor may stream into two workspaces, which rate its alerts differently."""
    floor.rule(number=12)
    ours = floor.incident(routine(4711))
    second.incident(alert(4711, alertDisplayName="Suspicion of Malicious Activity", severity="Low"))
    floor.decide()
    floor.deliver()
    assert floor.properties(ours)["status"] == "Closed"
