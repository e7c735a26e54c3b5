"""What alerts saw, worked out once for all that saw the same, and the rows they become."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.ingest.incident_rows import SEVERITIES, alert_type_of
from alerts.incidents.ingest.pg_copy import fixed_words, number, texts_line
from alerts.sentinel.wire import D4iotFacts
from alerts.sites.engine.devices import is_public_address
from alerts.sites.services import Found, Where


class AlertColumns(NamedTuple):
    """The columns of an alert that many alerts share, in the order in which they are copied."""

    sensor: str
    alert_type: str
    user_defined_title: str
    engine: str
    category: str
    protocol: str
    function: str
    product_name: str
    source_device: str
    source_address: str
    destination_device: str
    destination_address: str
    site_id: int | None
    zone_id: int | None
    severity: int
    port: int | None
    techniques: tuple[str, ...]
    tactics: tuple[str, ...]
    any_device: tuple[str, ...]
    any_address: tuple[str, ...]


class AlertSummary(NamedTuple):
    """What an alert contributes to its incident."""

    alert_type: str
    protocol: str
    site_id: int | None
    source: str
    destination: str
    any_device: tuple[str, ...]
    any_address: tuple[str, ...]
    user_defined_title: str
    severity: int


@dataclass(frozen=True, slots=True, eq=False)
class AlertFacts:
    """What an alert saw: as columns, as members of a line, as its incident hears of it, and the
    devices at both ends: zone, address and name.
    """

    seen: AlertColumns
    line: str
    said: AlertSummary
    ends: tuple[tuple[int, str, str], ...]


@dataclass(slots=True, eq=False)
class SharedAlertFacts:
    """What many alerts say alike, and what that is at each place."""

    facts: D4iotFacts
    title: str | None
    kind: str | None
    engine: str | None
    severity: str | None
    techniques: tuple[str, ...]
    tactics: tuple[str, ...]
    product: str | None
    where: Where = (None, None, None)
    _at: dict[tuple[int | None, int | None], AlertFacts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Where all of them say they happened."""
        self.where = self.facts[:3]

    def at(self, found: Found) -> AlertFacts:
        """What they saw, being there. Places are few: sensors that move leave one behind."""
        ids = found[:2]
        return self._at.get(ids) or self._at.setdefault(ids, alert_facts_of(_seen(self, found)))


class AlertRow(NamedTuple):
    """An alert of an incident, ready to be stored."""

    workspace_id: int
    key: str
    system_alert_id: str
    sight: AlertFacts
    at: datetime
    latest_at: datetime
    plant_weekday: int | None
    plant_minute: int | None
    flags: Sequence[str]
    incident_id: int
    raw_json: bytes


class StoredAlert(NamedTuple):
    """What the incident needs to know of an alert, after all its versions were merged."""

    id: int
    at: datetime
    said: AlertSummary


@lru_cache(maxsize=4096)
def alert_facts_of(seen: AlertColumns) -> AlertFacts:
    """All about what was seen."""
    texts, numbers, lists = seen[:12], seen[12:16], seen[16:]
    line = "\t".join((texts_line(texts), *map(number, numbers), *map(fixed_words, lists)))
    said = AlertSummary(
        seen.alert_type,
        seen.protocol,
        seen.site_id,
        seen.source_device or seen.source_address,
        seen.destination_device or seen.destination_address,
        seen.any_device,
        seen.any_address,
        seen.user_defined_title,
        seen.severity,
    )
    source = seen.source_address, seen.source_device
    destination = seen.destination_address, seen.destination_device
    # What the sensor saw of the outside is no device of its zone.
    ends = [
        (seen.zone_id, *end)
        for end in (source, destination)
        if seen.zone_id and end[0] and not is_public_address(end[0])
    ]
    return AlertFacts(seen, line, said, tuple(ends))


def _seen(said: SharedAlertFacts, found: Found) -> AlertColumns:
    facts = said.facts
    source = (facts.source_device or "")[:120], (facts.source_address or "")[:64]
    destination = (facts.destination_device or "")[:120], (facts.destination_address or "")[:64]
    alert_type = alert_type_of(said.title or said.kind or "")
    known = alert_type_for(alert_type)
    return AlertColumns(
        sensor=(facts.sensor or "")[:120],
        alert_type=alert_type,
        user_defined_title=(facts.user_defined_title or "")[:1000],
        engine=(said.engine or (known.component if known else ""))[:40],
        category=(facts.category or (known.category if known else ""))[:80],
        protocol=(facts.protocol or "")[:80],
        function=(facts.function or "")[:120],
        product_name=(said.product or "")[:120],
        source_device=source[0],
        source_address=source[1],
        destination_device=destination[0],
        destination_address=destination[1],
        site_id=found.site_id,
        zone_id=found.zone_id,
        severity=SEVERITIES.get(said.severity or "", 0),
        port=_port(facts.port),
        techniques=said.techniques,
        tactics=said.tactics,
        any_device=distinct((source[0], destination[0])),
        any_address=distinct((source[1], destination[1])),
    )


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names that say something, each once, in order."""
    return tuple(sorted(set(filter(None, names))))


def _port(text: str | None) -> int | None:
    """The port; None where that is none, however it is written."""
    if text and text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535:
        return int(text)
    return None
