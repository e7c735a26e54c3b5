"""Makes incidents of drafts: merges what Sentinel would, and fills the alerts' records."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from .chance import dice
from .inventory import SitePlan
from .life import Group
from .records import Alert
from .streams import Draft
from .tables import alert_type, protocol_of

PRODUCT = "Azure Security Center for IoT"
SEVERITIES = ("Unknown", "Informational", "Low", "Medium", "High")
_NO_PORT = {"ICMP", "ARP", "PROFINET", "IEC 61850 GOOSE", "IEC 61850 SV"}
_MERGED = {True: 0.5, False: 0.04}
"""How often neighbours on one device become one incident, by whether their processes differ."""
_NEAR = timedelta(minutes=60)


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
