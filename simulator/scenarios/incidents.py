"""Makes incidents of drafts: merges what Sentinel would, fills the alerts' records, and notes which
guard must keep an attack open, whatever rules were learned from the history.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from zoneinfo import ZoneInfo

from simulator.scenarios.chance import dice
from simulator.scenarios.inventory import SitePlan
from simulator.scenarios.records import Alert, GuardClass, Work
from simulator.scenarios.streams import Draft, Group
from simulator.scenarios.tables import Tables, alert_type, protocol_of

PRODUCT = "Azure Security Center for IoT"
SEVERITIES = ("Unknown", "Informational", "Low", "Medium", "High")
_NO_PORT = {"ICMP", "ARP", "PROFINET", "IEC 61850 GOOSE", "IEC 61850 SV"}
_MERGED = {True: 0.5, False: 0.04}
"""How often neighbours on one device become one incident, by whether their processes differ."""
_NEAR = timedelta(minutes=60)
type _Habit = tuple[str, str, str]
"""Alert type, side, device."""
_SLACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SiteNames:
    """How alerts of one site call things."""

    workspace: str
    site: str
    sensors: dict[str, str]
    """By the name of the zone."""


def names_of(plan: SitePlan) -> SiteNames:
    """Return how alerts of a site call it and its sensors."""
    return SiteNames(
        workspace=plan.site.workspace,
        site=plan.site.name,
        sensors={zone.name: zone.sensor for zone in plan.site.zones},
    )


def merged(groups: list[Group], *names: object) -> list[Group]:
    """Return the groups in order of time; a few that met on one device are one now."""
    rng = dice(*names, "merged")
    result: list[Group] = []
    latest: dict[str, Group] = {}
    for group in sorted(groups, key=lambda group: group[0].at):
        devices = _names(group)
        before = next((latest[name] for name in sorted(devices) if name in latest), None)
        if before and _is_near(before, group) and rng.random() < _MERGED[_differ(before, group)]:
            before.extend(group)
        else:
            before = list(group)
            result.append(before)
        latest.update(dict.fromkeys(devices, before))
    return [sorted(group, key=lambda draft: draft.at) for group in result]


def _is_near(before: Group, group: Group) -> bool:
    return group[0].at - before[0].at < _NEAR and len(before) + len(group) <= 6


def _differ(before: Group, group: Group) -> bool:
    return before[0].truth != group[0].truth


def _names(group: Group) -> set[str]:
    parties = (party for draft in group for party in (draft.source, draft.destination))
    return {party.name for party in parties if party.name}


def alerts_of(group: Group, incident_id: str, names: SiteNames) -> Iterator[Alert]:
    """Yield the alerts of an incident."""
    parties = [party for draft in group for party in (draft.source, draft.destination)]
    entities = {("device", party.name) for party in parties if party.name}
    entities |= {("address", party.address) for party in parties if party.address}
    for number, draft in enumerate(group):
        yield _alert(draft, f"{incident_id}-{number}", names, len(group), len(entities))


def _alert(draft: Draft, alert_id: str, names: SiteNames, alerts: int, entities: int) -> Alert:
    kind, source, destination = alert_type(draft.title), draft.source, draft.destination
    protocol = kind.protocol or draft.protocol or protocol_of(draft.port)
    zone = destination.zone or source.zone
    return Alert(
        id=alert_id,
        workspace=names.workspace,
        site=names.site,
        zone="" if draft.product else zone,
        sensor="" if draft.product else names.sensors[zone],
        alert_type=draft.title,
        user_defined_title=draft.user_title,
        engine=kind.engine,
        category=kind.category,
        severity=SEVERITIES.index(kind.severity),
        protocol=protocol,
        port=None if protocol in _NO_PORT else draft.port,
        function=draft.function,
        techniques=kind.techniques,
        tactics=kind.tactics,
        product_name=draft.product or PRODUCT,
        source_device=source.name,
        source_address=source.address,
        destination_device=destination.name,
        destination_address=destination.address,
        any_device=_distinct(source.name, destination.name),
        any_address=_distinct(source.address, destination.address),
        at=draft.at,
        alerts_in_incident=alerts,
        entities_in_incident=entities,
        source_kind=source.kind,
        source_zone=source.zone,
        source_subnet=source.subnet,
        source_criticality=source.criticality,
        destination_kind=destination.kind,
        destination_zone=destination.zone,
        destination_subnet=destination.subnet,
        destination_criticality=destination.criticality,
    )


def _distinct(*values: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


class GuardBook:
    """What is routine at one site, as far as guards ask for it."""

    def __init__(
        self, tables: Tables, plan: SitePlan, works: list[Work], groups: Iterable[Group]
    ) -> None:
        self.works = works
        self.zone = ZoneInfo(plan.row.time_zone)
        self.networks = [
            ip_network(cidr)
            for name, row in tables.networks.items()
            if name != "hostile"
            for cidr in row.cidr
        ]
        self.hours: dict[_Habit, set[int]] = {}
        for group in groups:
            for draft in group:
                for habit in _habits(draft) if _is_strict(draft) else ():
                    self.hours.setdefault(habit, set()).add(self._hour(draft.at))

    def guard_class(self, group: Group) -> GuardClass:
        """Return the first guard that covers an incident of an attack; empty if none does."""
        if any(not draft.product and alert_type(draft.title).guard == "never" for draft in group):
            return "never"
        if any(draft.product for draft in group):
            return "second-product"
        parties = [party for draft in group for party in (draft.source, draft.destination)]
        if any(party.criticality in {"safety", "crown-jewel"} for party in parties):
            return "protected"
        if any(self._is_foreign(draft) for draft in group):
            return "outside"
        if any(_is_strict(draft) and not self._is_usual(draft) for draft in group):
            return "strict"
        return ""

    def _is_foreign(self, draft: Draft) -> bool:
        if draft.source.is_outside:
            return True
        if not draft.destination.is_outside:
            return False
        address = ip_address(draft.destination.address)
        return not any(address in network for network in self.networks)

    def _is_usual(self, draft: Draft) -> bool:
        """Return whether a rule that names devices and hours, or planned work, may cover this."""
        source, destination = (self.hours.get(habit) for habit in _habits(draft))
        if not source or not destination:
            return False
        hour = self._hour(draft.at)
        if {(hour + step) % 24 for step in (-1, 0, 1)} & source:
            return True
        name = draft.destination.name or draft.source.name
        return any(
            work.starts_at <= draft.at <= work.ends_at + _SLACK and name in work.devices
            for work in self.works
        )

    def _hour(self, at: datetime) -> int:
        return at.astimezone(self.zone).hour


def _habits(draft: Draft) -> tuple[_Habit, _Habit]:
    return (
        (draft.title, "source", draft.source.name),
        (draft.title, "destination", draft.destination.name),
    )


def _is_strict(draft: Draft) -> bool:
    kind = alert_type(draft.title)
    return not draft.product and (kind.severity == "High" or kind.guard == "timeboxed")
