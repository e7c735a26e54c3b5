"""What alerts saw, worked out once for all that saw the same, and the rows they become."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from alerts.incidents.services.copying import fixed_words, number
from alerts.incidents.services.stages import texts_line


class Seen(NamedTuple):
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


class Said(NamedTuple):
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
class Sight:
    """What an alert saw: as columns, as members of a line, as its incident hears of it, and the
    devices at both ends: zone, address and name.
    """

    seen: Seen
    line: str
    said: Said
    ends: tuple[tuple[int, str, str], ...]


class AlertRow(NamedTuple):
    """An alert of an incident, ready to be stored."""

    workspace_id: int
    key: str
    system_alert_id: str
    sight: Sight
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
    said: Said


@lru_cache(maxsize=4096)
def sight_of(seen: Seen) -> Sight:
    """All about what was seen."""
    texts, numbers, lists = seen[:12], seen[12:16], seen[16:]
    line = "\t".join((texts_line(texts), *map(number, numbers), *map(fixed_words, lists)))
    said = Said(
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
    ends = [(seen.zone_id, *end) for end in (source, destination) if seen.zone_id and end[0]]
    return Sight(seen, line, said, tuple(ends))
