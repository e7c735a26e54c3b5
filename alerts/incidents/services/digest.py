"""What an incident's row says of its alerts: both ends, protocol, place, pattern."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from alerts.incidents.engine.pattern import pattern_key
from alerts.incidents.services.alert_rows import StoredAlert


class Digest(NamedTuple):
    """The columns that details decide."""

    alert_type: str
    protocol: str
    source: str
    destination: str
    site_ids: list[int]
    place: str
    pattern: UUID


def digest_of(
    alerts: Sequence[StoredAlert],
    *,
    workspace_id: int,
    title_type: str,
    places: Iterable[tuple[int, str]],
) -> Digest:
    """Sum up the alerts of one incident; `places` are all sites it touches, in words."""
    sites = dict(places)
    for alert in alerts:
        if alert.site_id is not None:
            sites.setdefault(alert.site_id, "")
    said = [words for words in sites.values() if words]
    place = said[0] + (f" +{len(sites) - 1}" if len(sites) > 1 else "") if said else ""
    types = _distinct(alert.user_defined_title or alert.alert_type for alert in alerts)
    lead = _lead(alerts)
    ends = [_distinct(a.source for a in alerts), _distinct(a.destination for a in alerts)]
    if not ends[0] and not ends[1]:  # made by a rule: only the entities tell who took part
        ends[0] = _distinct(name for a in alerts for name in (a.any_device or a.any_address))
        shown = ends[0][0] if len(ends[0]) == 1 else "", ""
    else:
        shown = _shown(ends[0], lead and lead.source), _shown(ends[1], lead and lead.destination)
    protocols = _distinct(alert.protocol for alert in alerts)
    return Digest(
        lead.alert_type if lead else title_type,
        _shown(protocols, lead and lead.protocol)[:80],
        shown[0][:120],
        shown[1][:120],
        sorted(sites),
        place[:200],
        pattern_key(
            workspace_id=workspace_id,
            site_ids=sites,
            alert_type="|".join(types) or title_type,
            source="|".join(ends[0]),
            destination="|".join(ends[1]),
            protocol="|".join(protocols),
        ),
    )


def _lead(alerts: Sequence[StoredAlert]) -> StoredAlert | None:
    """The alert that speaks for the incident: the gravest, and of those the first."""
    return min(alerts, key=lambda alert: (-alert.severity, alert.at, alert.id), default=None)


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})


def _shown(values: Sequence[str], leading: str | None) -> str:
    if not values:
        return ""
    first = leading or values[0]
    return first if len(values) == 1 else f"{first} +{len(values) - 1}"
