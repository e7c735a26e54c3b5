"""What an incident's row says of its alerts: both ends, protocol, place, pattern."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from alerts.incidents.engine.pattern import pattern_key
from alerts.incidents.ingest.alert_facts import AlertSummary, StoredAlert
from alerts.incidents.ingest.pg_copy import numbers
from alerts.incidents.ingest.temp_tables import texts_line


class Digest(NamedTuple):
    """The columns that details decide."""

    alert_type: str
    protocol: str
    source: str
    destination: str
    place: str
    site_ids: Sequence[int]
    pattern: str  # a UUID in letters: Python's own are slow to compare and to write
    line: str  # all of it, as members of a line


def digest_of(
    alerts: Sequence[StoredAlert],
    *,
    workspace_id: int,
    title_type: str,
    places: tuple[tuple[int, str], ...],
) -> Digest:
    """Sum up the alerts of one incident; `places` are all sites it touches, in words.

    Most incidents have one alert, and most of those say what one before them said.
    """
    if len(alerts) == 1:
        return _digest_of_one(workspace_id, title_type, places, alerts[0].said)
    said, lead = tuple([alert.said for alert in alerts]), _lead(alerts)
    return _digest(workspace_id, title_type, places, said, None if lead is None else said[lead])


@lru_cache(maxsize=8192)
def _digest_of_one(
    workspace_id: int, title_type: str, places: tuple[tuple[int, str], ...], said: AlertSummary
) -> Digest:
    return _digest(workspace_id, title_type, places, (said,), said)


def _digest(
    workspace_id: int,
    title_type: str,
    places: tuple[tuple[int, str], ...],
    alerts: tuple[AlertSummary, ...],
    lead: AlertSummary | None,
) -> Digest:
    sites = dict(places)
    for alert in alerts:
        if alert.site_id is not None:
            sites.setdefault(alert.site_id, "")
    said = [words for words in sites.values() if words]
    place = said[0] + (f" +{len(sites) - 1}" if len(sites) > 1 else "") if said else ""
    types = _distinct(alert.user_defined_title or alert.alert_type for alert in alerts)
    ends = [_distinct(a.source for a in alerts), _distinct(a.destination for a in alerts)]
    if not ends[0] and not ends[1]:  # made by a rule: only the entities tell who took part
        ends[0] = _distinct(name for a in alerts for name in (a.any_device or a.any_address))
        shown = ends[0][0] if len(ends[0]) == 1 else "", ""
    else:
        shown = _shown(ends[0], lead and lead.source), _shown(ends[1], lead and lead.destination)
    protocols = _distinct(alert.protocol for alert in alerts)
    pattern = pattern_key(
        workspace_id=workspace_id,
        site_ids=sites,
        alert_type="|".join(types) or title_type,
        source="|".join(ends[0]),
        destination="|".join(ends[1]),
        protocol="|".join(protocols),
    )
    alert_type = lead.alert_type if lead else title_type
    protocol = _shown(protocols, lead and lead.protocol)[:80]
    texts = alert_type, protocol, shown[0][:120], shown[1][:120], place[:200]
    line = f"{texts_line(texts)}\t{numbers(sorted(sites))}\t{pattern}"
    return Digest(*texts, tuple(sorted(sites)), str(pattern), line)


def _lead(alerts: Sequence[StoredAlert]) -> int | None:
    """The place of the alert that speaks for the incident: the gravest, and of those the first."""
    order = [(-alert.said.severity, alert.at, alert.id) for alert in alerts]
    return order.index(min(order)) if order else None


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})


def _shown(values: Sequence[str], leading: str | None) -> str:
    if not values:
        return ""
    first = leading or values[0]
    return first if len(values) == 1 else f"{first} +{len(values) - 1}"
