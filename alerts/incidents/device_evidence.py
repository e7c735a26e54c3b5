"""What entities of incidents have beside the inventory of a device: names, addresses and ids that
it had there.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from django.db import connection

MAX_ENTITIES: Final = 20  # the latest of each device

_EVIDENCE: Final = """
    WITH latest AS (
        SELECT device.id, found.incident_id, found.properties
        FROM unnest(%(devices)s::bigint[]) AS device(id) CROSS JOIN LATERAL (
            SELECT e.incident_id, e.body -> 'properties' AS properties
            FROM incidents_entity e
            WHERE e.device_id = device.id AND e.kind = 'IoTDevice'
            ORDER BY e.id DESC LIMIT %(entities)s) AS found)
    SELECT id, 'id' AS kind, properties ->> 'deviceId' AS value FROM latest
    UNION SELECT id, 'mac', properties ->> 'macAddress' FROM latest
    UNION SELECT id, 'name', properties ->> 'deviceName' FROM latest
    UNION SELECT latest.id, CASE part.kind WHEN 'Nic' THEN 'mac' ELSE 'address' END,
                 coalesce(part.body -> 'properties' ->> 'macAddress',
                          part.body -> 'properties' ->> 'address')
          FROM latest JOIN incidents_entity part
               ON part.incident_id = latest.incident_id AND part.kind IN ('Nic', 'Ip')
                  AND strpos(lower(latest.properties::text), '/' || lower(part.name) || '"') > 0
"""


@dataclass(frozen=True, slots=True)
class DeviceEvidence:
    """How entities called a device, folded."""

    handles: frozenset[str]  # names and addresses that an alert may have
    marks: frozenset[str]  # names, MAC addresses and resource ids, that no other device there has


def device_evidence(device_ids: Collection[int]) -> Mapping[int, DeviceEvidence]:
    """Return what entities have of these devices, by the device's id."""
    if not device_ids:
        return {}
    found: dict[int, set[tuple[str, str]]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(_EVIDENCE, {"devices": list(device_ids), "entities": MAX_ENTITIES})
        for device_id, kind, value in cursor.fetchall():
            if value and value.strip():
                found[device_id].add((kind, value.strip().casefold()))
    return {
        device_id: DeviceEvidence(
            frozenset(value for kind, value in texts if kind != "id"),
            frozenset(value for kind, value in texts if kind != "address"),
        )
        for device_id, texts in found.items()
    }
