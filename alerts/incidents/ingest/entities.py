"""Entities and comments of incidents, and the devices that entities describe and alerts name."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter

import orjson
from django.db import connection
from msgspec import structs

from alerts.incidents.ingest import pg_copy
from alerts.incidents.ingest.alert_facts import addresses_of
from alerts.incidents.ingest.incident_details import LockedIncident
from alerts.incidents.ingest.pg_copy import create_temp_table, text_member
from alerts.outbox.queries import written_by_us
from alerts.sentinel.wire.entities import WireComment, WireDevice
from alerts.sentinel.wire.graph.comments import MARK, NAME_PREFIX, key_and_message
from alerts.sentinel.wire.log_rows import LOG_ENTITY_PREFIX
from alerts.sentinel.wire.records import UnreadableRecord
from alerts.sites.engine.devices import device_kind
from alerts.sites.services.learn import DeviceDescription, learn_devices, level_of

_COLUMNS = "incident_id, name, kind, label, device_id, body"
_STAGED = "incident_id, name, kind, label, zone_id, address, body"
TEMP_TABLE = create_temp_table(
    "incoming_entities",
    like="SELECT e.incident_id, e.name, e.kind, e.label, d.zone_id, d.address, e.body"
    " FROM incidents_entity e, sites_devices d",
)
# What Sentinel itself tells of an incident takes the place of what the logs told of it.
_MERGE = f"""
    WITH told_by_logs AS (
        DELETE FROM incidents_entity e
        USING (SELECT DISTINCT incident_id FROM incoming_entities
               WHERE name NOT LIKE '{LOG_ENTITY_PREFIX}%%') s
        WHERE e.incident_id = s.incident_id AND e.name LIKE '{LOG_ENTITY_PREFIX}%%')
    INSERT INTO incidents_entity AS e ({_COLUMNS})
    SELECT incident_id, name, kind, label,
           (SELECT d.id FROM sites_devices d WHERE d.zone_id = s.zone_id AND d.address = s.address),
           body
    FROM incoming_entities s
    ON CONFLICT (incident_id, name) DO UPDATE
    SET kind = excluded.kind, label = excluded.label, device_id = excluded.device_id,
        body = excluded.body
"""
_NO_DEVICE = f"{pg_copy.NULL}\t{pg_copy.NULL}"


class Entities:
    """The entities of a batch, and the devices that entities describe and alerts name."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, str], tuple[str, bytes]] = {}  # members of a line, raw JSON
        self._devices: list[DeviceDescription] = []

    def add(self, incident: LockedIncident) -> None:
        """Add those of one incident whose alerts were read."""
        places = iter(incident.device_places)
        described: tuple[str, ...] = ()
        for entity in incident.details.entities:
            device_key = _NO_DEVICE
            if entity.device is not None:
                zone_id, addresses = next(places).zone_id, addresses_of(entity.device)
                if zone_id is not None and addresses:
                    device = _description_of(entity.device, zone_id, _latest_at(incident))
                    self._devices.append(device)
                    described += addresses
                    device_key = f"{zone_id}\t{text_member(device.address[:64])}"
            kind, label = (
                text_member((entity.kind or "")[:60]),
                text_member((entity.friendly_name or "")[:1000]),
            )
            line = f"{kind}\t{label}\t{device_key}"
            self._rows[incident.id, entity.name[:100]] = line, entity.raw_json
        for row in incident.alert_rows:
            for end in row.facts.ends:
                if end.address not in described:
                    device = DeviceDescription(end.zone_id, end.address, row.latest_at, end.name)
                    self._devices.append(device)

    def store(self) -> None:
        """Create or update the devices, and store the entities with their raw JSON."""
        learn_devices(devices=self._devices)
        if not self._rows:
            return
        copy_rows = pg_copy.copy_rows_of(
            [str(incident_id) for incident_id, _ in self._rows],
            pg_copy.texts([name for _, name in self._rows]),
            [line for line, _ in self._rows.values()],
        )
        documents = [raw_json for _, raw_json in self._rows.values()]
        pg_copy.copy_with_documents(
            "incoming_entities", columns=_STAGED, copy_rows=copy_rows, documents=documents
        )
        connection.cursor().execute(_MERGE)


def _description_of(device: WireDevice, zone_id: int, seen_at: datetime) -> DeviceDescription:
    return DeviceDescription(
        zone_id=zone_id,
        address=addresses_of(device)[0],
        seen_at=seen_at,
        name=device.device_name or "",
        kind=device_kind(device.device_sub_type, device.device_type),
        vendor=device.vendor or "",
        model=device.model or "",
        firmware=device.firmware_version or "",
        purdue_level=level_of(layer=device.purdue_layer),
        is_important=(device.importance or "").casefold() == "high",
        is_programming=device.is_programming,
        is_scanner=device.is_scanner,
        is_authorized=device.is_authorized,
    )


def _latest_at(incident: LockedIncident) -> datetime:
    latest = max([row.latest_at for row in incident.alert_rows], default=None)
    return latest or incident.created_at


_MERGE_COMMENTS = f"""
    INSERT INTO incidents_comment (incident_id, name, author, message, created_at, ours)
    SELECT incident_id, name, author, message, created_at, {written_by_us("name")}
    FROM json_to_recordset(%s::json)
        AS c(incident_id bigint, name text, author text, message text, created_at timestamptz)
    WHERE NOT EXISTS (
        SELECT FROM incidents_comment k
        WHERE k.incident_id = c.incident_id AND k.name <> c.name AND k.message = c.message
          AND (starts_with(k.name, '{NAME_PREFIX}') OR starts_with(c.name, '{NAME_PREFIX}'))
          AND k.created_at BETWEEN c.created_at - interval '15 minutes'
                               AND c.created_at + interval '15 minutes')
    ON CONFLICT (incident_id, name) DO UPDATE
    SET author = excluded.author, message = excluded.message, ours = excluded.ours
"""


def _as_ours(comment: WireComment | UnreadableRecord) -> WireComment | UnreadableRecord:
    """Return a comment of ours by its mark where Sentinel took it over from Graph renamed."""
    if isinstance(comment, WireComment) and MARK in comment.message:
        key, message = key_and_message(comment.message)
        if key:
            return structs.replace(comment, name=key, message=message)
    return comment


def store_comments(
    comments: Mapping[int, Sequence[WireComment | UnreadableRecord]], *, now: datetime
) -> None:
    """Store the comments of many incidents; one that was edited, or is in both sources, once."""
    readable = {
        (incident_id, comment.name[:100]): comment
        for incident_id, its_comments in comments.items()
        for comment in map(_as_ours, its_comments)
        if isinstance(comment, WireComment)
    }
    if not readable:
        return
    rows = [
        {
            "incident_id": incident_id,
            "name": name,
            "author": (comment.author_name or comment.author_email or "")[:200],
            "message": comment.message,
            "created_at": min(comment.created_at or now, now),
        }
        for (incident_id, name), comment in sorted(readable.items(), key=itemgetter(0))
    ]
    connection.cursor().execute(_MERGE_COMMENTS, [orjson.dumps(rows).decode()])
