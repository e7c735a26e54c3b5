"""What came while a true positive held a device of it is closed by no rule afterwards."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Incident
from alerts.suppression.enforcing.explain import why_of
from alerts.suppression.models import HeldIncident
from tests.alerts.suppression.enforcing.attacks import (
    EWS,
    HMI,
    PLC,
    attack,
    between,
    later,
    lives_on,
)
from tests.factories.rewriting import rewrite


def waiting(floor, *, at=None):
    """A routine incident on the device that has waited while it was held."""
    row = floor.incident(between(EWS, PLC), at=at or floor.now)
    assert floor.decide() == 0
    return row


def stays_with_people(floor, row):
    """Whether it stays open when rules have looked twice, and the reason is its own."""
    for _ in range(2):
        floor.go(minutes=2)
        floor.read()
        assert floor.decide() == 0
    floor.deliver()
    codes = [reason.code for reason in why_of(row, now=floor.now).reasons]
    return floor.properties(row)["status"] == "New" and codes == ["never.meanwhile"]


@pytest.mark.abuse("A45")
def test_what_waited_stays_with_people_when_the_hold_ends(closed):
    attack(closed)
    row = waiting(closed)
    assert HeldIncident.objects.filter(pk=row.pk).exists()
    later(closed, hours=72, minutes=2)
    assert stays_with_people(closed, row)
    assert not HeldIncident.objects.exists()
    assert lives_on(closed, EWS, PLC), "what comes afterwards is closed"


@pytest.mark.abuse("A45")
def test_so_does_what_no_worker_has_looked_at_before_the_hold_ended(closed):
    attack(closed)
    row = closed.incident(between(EWS, PLC), at=closed.now)
    later(closed, hours=73)
    assert stays_with_people(closed, row)


@pytest.mark.abuse("A45")
def test_what_came_before_the_attack_and_was_still_open_waited_as_well(closed):
    row = closed.incident(between(EWS, PLC), at=closed.now)
    attack(closed)
    later(closed, hours=73)
    assert stays_with_people(closed, row)


@pytest.mark.abuse("A45")
def test_what_waited_for_the_end_of_work_stays_with_people(closed):
    other = closed.incident(
        between(HMI, PLC), devices=(HMI, PLC), owner={"assignedTo": "Sam", "objectId": "1e0"}
    )
    attack(closed)
    later(closed, days=5)
    row = waiting(closed)
    closed.sentinel.edit(other.name, status="Closed", classification="BenignPositive")
    later(closed, minutes=1)
    assert stays_with_people(closed, row)
    assert lives_on(closed, EWS, PLC)


@pytest.mark.abuse("A45")
def test_what_waited_while_work_without_an_owner_was_active_stays_with_people(closed):
    other = closed.incident(between(HMI, PLC), devices=(HMI, PLC), status="Active")
    attack(closed)
    later(closed, days=5)
    row = waiting(closed)
    closed.sentinel.edit(other.name, status="Closed", classification="BenignPositive")
    later(closed, minutes=1)
    assert stays_with_people(closed, row)


@pytest.mark.abuse("A45")
@pytest.mark.parametrize("way", ["owner", "status"])
def test_what_waited_for_work_that_was_put_down_stays_with_people(closed, way):
    """The hold does not end in retrospect when somebody gives another incident of it back."""
    sam = {"assignedTo": "Sam", "objectId": "1e0"}
    began, ended = {
        "owner": ({"owner": sam}, {"owner": dict.fromkeys(sam)}),
        "status": ({"status": "Active"}, {"status": "New"}),
    }[way]
    other = closed.incident(between(HMI, PLC), devices=(HMI, PLC), **began)
    attack(closed)
    later(closed, days=5)
    row = waiting(closed)
    closed.sentinel.edit(other.name, **ended)
    later(closed, minutes=1)
    assert stays_with_people(closed, row)
    assert lives_on(closed, EWS, PLC)


@pytest.mark.abuse("A45")
def test_what_waited_for_an_open_true_positive_that_is_deleted_stays_with_people(closed):
    case = attack(closed, status="Active")
    later(closed, days=20)
    row = waiting(closed)
    later(closed, minutes=1)
    Incident.objects.filter(pk=case.pk).update(gone_at=closed.now)
    assert stays_with_people(closed, row)


@pytest.mark.abuse("A45")
def test_what_was_decided_and_came_while_the_device_was_held_is_not_delivered(closed):
    row = closed.incident(between(EWS, PLC), at=closed.now)
    assert closed.decide() == 1
    case = attack(closed)
    later_than_case = closed.now - timedelta(hours=80)
    rewrite(
        Incident.objects.filter(pk=case.pk),
        created_at=later_than_case,
        closed_at=later_than_case,
        modified_at=closed.now - timedelta(hours=72, seconds=-1),
    )
    rewrite(case.timeline.all(), at=later_than_case)
    closed.go(seconds=2)
    closed.deliver()
    assert closed.properties(row)["status"] == "New"


def test_where_it_was_no_true_positive_after_all_what_waited_is_closed(closed):
    case = attack(closed)
    row = waiting(closed)
    closed.sentinel.edit(case.name, classification="BenignPositive")
    later(closed, minutes=2)
    assert closed.decide() == 1
    closed.deliver()
    assert closed.properties(row)["status"] == "Closed"
