"""S1: what the case of a true positive, or a suspicion that nobody has decided, keeps open.

A device is its zone and address at a site, or its name there. Addresses of other zones or sites
are other devices. What is not known (no site, no zone) may be the same, so it counts as the same.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.rules.fields import FieldValues, Operator
from alerts.rules.rule import RuleDefinition

AFTER_CASE: Final = timedelta(hours=72)  # a closed true positive goes on holding its devices
AFTER_CASE_IN_WORK: Final = timedelta(days=14)  # … while people work on another incident of it
MAX_AGREED: Final = timedelta(days=90)  # the latest end that both leads can agree on


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRef:
    """A device as an alert or the inventory names it; empty where that is unknown."""

    site: str = ""
    zone: str = ""
    name: str = ""
    address: str = ""

    @property
    def label(self) -> str:
        """Its name, else its address."""
        return self.name or self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEnds:
    """The two ends of one alert, and all other devices and addresses that it names."""

    source: DeviceRef | None = None
    destination: DeviceRef | None = None
    others: tuple[DeviceRef, ...] = ()

    @property
    def devices(self) -> tuple[DeviceRef, ...]:
        """All that the alert names."""
        return tuple(end for end in (self.source, self.destination, *self.others) if end)

    @property
    def has_pair(self) -> bool:
        """Whether the alert states both from where and to where."""
        return self.source is not None and self.destination is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEnds:
    """What an incident touches: the ends of its alerts, and the devices among its entities."""

    alerts: tuple[AlertEnds, ...] = ()
    entities: tuple[DeviceRef, ...] = ()

    @property
    def devices(self) -> tuple[DeviceRef, ...]:
        """Every device that is involved."""
        return (*(device for alert in self.alerts for device in alert.devices), *self.entities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One case that keeps others open: by its devices or, narrow, by its source and destination."""

    ends: IncidentEnds
    is_narrow: bool = False


def case_end(
    *, is_open: bool, changed_at: datetime, work_ends: datetime | None, agreed: datetime | None
) -> datetime | None:
    """Return until when a true positive holds its devices; None while it is open. Closed, it holds
    them until the moment both leads agreed on, else for 72 hours after its latest change, and for
    14 days at most until the work of people on another incident of the case ends, if there is one.
    """
    if is_open:
        return None
    if agreed is not None:
        return agreed
    usual = changed_at + AFTER_CASE
    if work_ends is None:
        return usual
    return max(usual, min(work_ends, changed_at + AFTER_CASE_IN_WORK))


_ENDS: Final = {
    f"{end}_{what}": end
    for end in ("source", "destination", "any")
    for what in ("device", "address")
}


def can_exclude(rule: RuleDefinition, handles: Collection[str]) -> bool:
    """Whether a rule by itself leaves out what touches a device with one of these names and
    addresses, all in lower case: it lists other devices as source and as destination. Where it
    leaves an end open, the device may be there; and an incident that holds two devices, from
    wherever to wherever, may hold a third.
    """
    lists = [
        (_ENDS[clause.field], {text.casefold() for text in clause.texts})
        for clause in rule.all_of
        if clause.field in _ENDS and clause.operator in (Operator.IS, Operator.IS_ONE_OF)
    ]
    if any(not names.isdisjoint(handles) for _, names in lists):
        return False
    return {"source", "destination"} <= {end for end, _ in lists}


def ends_of_alert(facts: FieldValues) -> AlertEnds:
    """Return the ends of an alert as devices of its site."""
    source = _end(facts.site, facts.source_zone, facts.source_device, facts.source_address)
    destination = _end(
        facts.site, facts.destination_zone, facts.destination_device, facts.destination_address
    )
    named = {
        text for device in (source, destination) if device for text in (device.name, device.address)
    }
    names = [DeviceRef(site=facts.site, name=device) for device in facts.any_device]
    addresses = [DeviceRef(site=facts.site, address=device) for device in facts.any_address]
    others = tuple(
        device for device in (*names, *addresses) if device.label and device.label not in named
    )
    return AlertEnds(source=source, destination=destination, others=others)


def blocking_labels(holds: Iterable[Hold], incident: IncidentEnds) -> tuple[str, ...]:
    """Return the labels of the devices for which these cases keep the incident open, sorted."""
    return tuple(sorted({name for hold in holds for name in _blocking_labels_of(hold, incident)}))


def is_same_device(device: DeviceRef, other: DeviceRef) -> bool:
    """Whether both may be the same device: at one site by name, or by address in one zone."""
    if _differ(device.site, other.site):
        return False
    if device.name and device.name.casefold() == other.name.casefold():
        return True
    is_same_address = device.address and device.address.casefold() == other.address.casefold()
    return bool(is_same_address) and not _differ(device.zone, other.zone)


def _blocking_labels_of(hold: Hold, incident: IncidentEnds) -> set[str]:
    # A case whose alerts do not say both ends has no pair to narrow to.
    if hold.is_narrow and hold.ends.alerts and all(alert.has_pair for alert in hold.ends.alerts):
        return {
            name
            for case in hold.ends.alerts
            for alert in incident.alerts
            for name in _pair_names(case, alert)
        }
    return {
        involved.label
        for involved in incident.devices
        if any(is_same_device(involved, device) for device in hold.ends.devices)
    }


def _pair_names(case: AlertEnds, alert: AlertEnds) -> tuple[str, ...]:
    """Return both labels where the alert goes between the ends of the case. Where it has no
    direction, it is enough that it names both.
    """
    assert case.source is not None and case.destination is not None
    if alert.source is not None and alert.destination is not None:
        between = is_same_device(alert.source, case.source) and is_same_device(
            alert.destination, case.destination
        )
    else:
        between = all(
            any(is_same_device(device, end) for device in alert.devices)
            for end in (case.source, case.destination)
        )
    return (case.source.label, case.destination.label) if between else ()


def _end(site: str, zone: str, name: str, address: str) -> DeviceRef | None:
    if not (name or address):
        return None
    return DeviceRef(site=site, zone=zone, name=name, address=address)


def _differ(value: str, other: str) -> bool:
    """Whether both are known and are not the same."""
    return bool(value and other) and value.casefold() != other.casefold()
