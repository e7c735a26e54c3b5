"""A true positive on a device of what a rule closed, and what becomes of incidents there."""

from dataclasses import replace

from alerts.incidents.models import Incident
from alerts.suppression.models import RuleVersion
from alerts.suppression.watching.closed_incidents import watch_closed_incidents
from tests.alerts.suppression.enforcing.floor import ROUTINE, SITE, TYPE, routine
from tests.alerts.suppression.samples import clause

HMI, EWS, PLC = ("HMI-02", "10.20.1.2"), ("EWS-07", "10.20.1.7"), ("PLC-21", "10.20.2.21")
OTHER_PLC = ("PLC-22", "10.20.2.22")
BY_PLC = replace(
    ROUTINE,
    all_of=(TYPE, SITE, clause("destination_device", "is_one_of", "PLC-21", "PLC-22")),
    title="Polling of PLCs",
)


def between(source, destination):
    """A routine alert from one device to another."""
    return routine(
        bag={
            "SourceDevice": source[0],
            "SourceDeviceAddress": source[1],
            "DestinationDevice": destination[0],
            "DestinationDeviceAddress": destination[1],
        }
    )


def watch(floor):
    floor.clock.go(seconds=15)
    return watch_closed_incidents(now=floor.now)


def states(floor):
    rows = RuleVersion.objects.order_by("rule__number")
    return list(rows.values_list("state", "needs_approval"))


LIVE = [("live", False)] * 2


def attack(floor, *ends, status="Closed", at=None):
    """A true positive between two devices, by default from HMI-02 to PLC-21."""
    ends = ends or (HMI, PLC)
    case = floor.incident(between(*ends), devices=ends, title="Attack", at=at)
    floor.sentinel.edit(case.name, status=status, classification="TruePositive")
    floor.read()
    watch(floor)
    return Incident.objects.get(pk=case.pk)


def ends_up(floor, *ends):
    """What becomes of a routine incident between these devices that comes now."""
    row = floor.incident(between(*ends), devices=ends, at=floor.now)
    floor.decide()
    floor.deliver()
    return floor.properties(row)["status"]


def lives_on(floor, *ends):
    return ends_up(floor, *ends) == "Closed"


def later(floor, **by):
    floor.go(**by)
    floor.read()
    watch(floor)
