"""The floor of details: the very same rows as Tagout's, in one straight script for clean input.

It starts from the same bytes and derives every column that Tagout writes: facts of alerts with
place, plant time and what the catalogue knows, raw JSON, links, entities, devices, comments, both
memories, what details decide of an incident's row, its priority with all parts, and the rows of
the queue. `bench.details` proves that both store the same, each time the bench runs.

What it leaves out is what only matters when something is not as expected: it looks at no type,
length or spelling, flags nothing, keeps no second version of anything, locks nothing, takes each
incident to be new and to have one alert, and knows no place that was not there at its start. What
a value means it takes from where it is defined: the catalogue, the pattern's key, the weights of
priority. Pages are parsed by orjson, equal things are worked out once, each table has one COPY and
one merge, and merges that ask nothing go to the server together.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from hashlib import md5
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.engine.confidence_limits import lower_share
from alerts.incidents.engine.priority import CRITICALITY_POINTS, PriorityFacts, priority_of
from alerts.incidents.ingest.incident_details import pattern_key

TEMP_TABLES = """
    CREATE TEMP TABLE IF NOT EXISTS floor_alerts ON COMMIT DELETE ROWS AS
        SELECT 0::bigint AS incident_id, workspace_id, key, system_alert_id, sensor, site_id,
               zone_id, alert_type, engine, category, severity, protocol, port, tactics,
               product_name, source_device, source_address, destination_device,
               destination_address, any_device, any_address, at, latest_at, plant_weekday,
               plant_minute, '{}'::jsonb AS body
        FROM incidents_alert WHERE false;
    CREATE TEMP TABLE IF NOT EXISTS floor_entities ON COMMIT DELETE ROWS AS
        SELECT e.incident_id, e.name, e.kind, e.label, d.zone_id, d.address, e.body
        FROM incidents_entity e, sites_device d WHERE false;
    CREATE TEMP TABLE IF NOT EXISTS floor_comments ON COMMIT DELETE ROWS AS
        SELECT incident_id, name, author, message, created_at FROM incidents_comment WHERE false;
    CREATE TEMP TABLE IF NOT EXISTS floor_memories ON COMMIT DELETE ROWS AS
        SELECT id, created_at, created_at AS at, pattern, pattern AS pair
        FROM incidents_incident WHERE false;
    CREATE TEMP TABLE IF NOT EXISTS floor_devices ON COMMIT DELETE ROWS AS
        SELECT zone_id, address, name, kind, vendor, purdue_level, criticality, latest_seen_at
        FROM sites_device WHERE false;
    CREATE TEMP TABLE IF NOT EXISTS floor_incidents ON COMMIT DELETE ROWS AS
        SELECT id, alert_type, protocol, source, destination, place, site_ids, pattern, priority,
               priority_parts, group_key, entities_count, first_activity_at
        FROM incidents_incident WHERE false;
"""
EMPTY = """
    TRUNCATE floor_alerts, floor_entities, floor_comments, floor_memories, floor_devices,
        floor_incidents
"""
HEADS = """
    SELECT id, created_at::text, severity, status, tactics, product_names, owner_id
    FROM incidents_incident WHERE id = ANY(%s)
"""
_FACTS = (
    "workspace_id, key, system_alert_id, sensor, site_id, zone_id, alert_type, engine, category,"
    " severity, protocol, port, tactics, product_name, source_device, source_address,"
    " destination_device, destination_address, any_device, any_address, at, latest_at,"
    " plant_weekday, plant_minute"
)
_ALERTS = f"""
    WITH stored AS (
        INSERT INTO incidents_alert ({_FACTS}, user_defined_title, function, techniques, flags)
        SELECT {_FACTS}, '', '', '{{}}', '{{}}' FROM floor_alerts
        ON CONFLICT (workspace_id, key) DO UPDATE SET latest_at = excluded.latest_at
        RETURNING id, key),
    raw AS (
        INSERT INTO incidents_alertraw (alert_id, body)
        SELECT stored.id, s.body FROM stored JOIN floor_alerts s USING (key)
        ON CONFLICT (alert_id) DO UPDATE SET body = excluded.body)
    INSERT INTO incidents_incidentalert (incident_id, alert_id)
    SELECT s.incident_id, stored.id FROM stored JOIN floor_alerts s USING (key)
    ON CONFLICT DO NOTHING
"""
_DEVICES = """
    INSERT INTO sites_device AS d (zone_id, address, name, kind, vendor, model, firmware,
        purdue_level, criticality, first_seen_at, latest_seen_at)
    SELECT zone_id, address, name, kind, vendor, '', '', purdue_level, criticality,
           latest_seen_at, latest_seen_at
    FROM floor_devices
    ON CONFLICT (zone_id, address) DO UPDATE SET latest_seen_at = excluded.latest_seen_at
    WHERE excluded.latest_seen_at > d.latest_seen_at + interval '10 minutes'
"""
_ENTITIES = """
    INSERT INTO incidents_entity (incident_id, name, kind, label, device_id, body)
    SELECT e.incident_id, e.name, e.kind, e.label, d.id, e.body FROM floor_entities e
    LEFT JOIN sites_device d ON d.zone_id = e.zone_id AND d.address = e.address
    ON CONFLICT (incident_id, name) DO UPDATE SET body = excluded.body
"""
_COMMENTS = """
    INSERT INTO incidents_comment (incident_id, name, author, message, created_at, ours)
    SELECT *, EXISTS (SELECT FROM outbox_change c WHERE c.key = s.name::uuid)
    FROM floor_comments s
    ON CONFLICT (incident_id, name) DO UPDATE SET message = excluded.message
"""
_ENDS = """
    UPDATE incidents_alert a SET source_kind = s.kind, destination_kind = t.kind,
        source_zone = z.name, destination_zone = z.name,
        source_subnet = text(network(set_masklen(s.address::inet, 24))),
        destination_subnet = text(network(set_masklen(t.address::inet, 24)))
    FROM floor_alerts f
    JOIN sites_zone z ON z.id = f.zone_id
    JOIN sites_device s ON s.zone_id = f.zone_id AND s.address = f.source_address
    JOIN sites_device t ON t.zone_id = f.zone_id AND t.address = f.destination_address
    WHERE a.workspace_id = f.workspace_id AND a.key = f.key
"""
ROWS = ";".join((_ALERTS, _DEVICES, _ENDS, _ENTITIES, _COMMENTS))

DEVICES = """
    SELECT d.zone_id, d.address, d.criticality, coalesce(d.purdue_level, z.purdue_level), z.name
    FROM floor_devices s JOIN sites_device d USING (zone_id, address)
    JOIN sites_zone z ON z.id = d.zone_id
"""
PATTERNS = """
    WITH kept AS (
        INSERT INTO incidents_patternmemory AS m (pattern, first_seen_at, latest_seen_at, seen,
            routine, maintenance, suspicious, not_sure, latest_verdict_by, latest_verdict,
            latest_note)
        SELECT pattern, min(created_at), max(created_at), count(*), 0, 0, 0, 0, '', '', ''
        FROM floor_memories GROUP BY pattern
        ON CONFLICT (pattern) DO UPDATE SET seen = m.seen + excluded.seen,
            first_seen_at = least(m.first_seen_at, excluded.first_seen_at),
            latest_seen_at = greatest(m.latest_seen_at, excluded.latest_seen_at)
        RETURNING pattern, routine + maintenance AS benign, suspicious)
    SELECT pattern::text, benign, suspicious FROM kept WHERE benign + suspicious > 0
"""
PAIRS = """
    INSERT INTO incidents_pairmemory AS m (pair, first_seen_at, first_incident)
    SELECT DISTINCT ON (pair) pair, at, id FROM floor_memories ORDER BY pair, at, id
    ON CONFLICT (pair) DO UPDATE
    SET first_seen_at = excluded.first_seen_at, first_incident = excluded.first_incident
    WHERE excluded.first_seen_at < m.first_seen_at
    RETURNING first_incident
"""
_LEAVE_OLD_ROWS = """
    DELETE FROM incidents_group g USING incidents_incident i JOIN floor_incidents f USING (id)
    WHERE g.key = i.group_key
"""
_INCIDENTS = """
    UPDATE incidents_incident i SET alert_type = f.alert_type, protocol = f.protocol,
        source = f.source, destination = f.destination, place = f.place, site_ids = f.site_ids,
        pattern = f.pattern, priority = f.priority, priority_parts = f.priority_parts,
        group_key = f.group_key, entities_count = f.entities_count,
        first_activity_at = f.first_activity_at, details_state = 'fetched',
        details_due_at = NULL, details_attempts = 0, changed_at = %(now)s
    FROM floor_incidents f WHERE i.id = f.id
"""
_SHARED = (
    "workspace_id, site_ids, place, alert_type, title, protocol, source, destination, pattern,"
    " severity, status, ot_state, owner_id, owner_name"
)
_UNTIL = """
    CASE WHEN latest_activity_at <= modified_at THEN latest_activity_at ELSE created_at END
"""
_IS_LEAD = "(excluded.priority, excluded.lead_id) > (g.priority, g.lead_id)"
_GROUPS = f"""
    INSERT INTO incidents_group AS g (key, {_SHARED}, n, latest_id, lead_id, number, priority,
        first_at, latest_at, changed_at)
    SELECT summed.key, {", ".join("i." + name for name in _SHARED.split(", "))}, n, latest_id,
           lead_id, i.number, i.priority, first_at, latest_at, %(now)s
    FROM (SELECT i.group_key AS key, count(*) AS n,
                 min(least(coalesce(i.first_activity_at, {_UNTIL}), {_UNTIL})) AS first_at,
                 max({_UNTIL}) AS latest_at,
                 (array_agg(id ORDER BY created_at DESC, id DESC))[1] AS latest_id,
                 (array_agg(id ORDER BY i.priority DESC, created_at DESC, id DESC))[1] AS lead_id
          FROM incidents_incident i JOIN floor_incidents f USING (id)
          WHERE i.group_key IS NOT NULL GROUP BY i.group_key) summed
    JOIN incidents_incident i ON i.id = lead_id
    ON CONFLICT (key) DO UPDATE SET n = g.n + excluded.n,
        title = CASE WHEN {_IS_LEAD} THEN excluded.title ELSE g.title END,
        number = CASE WHEN {_IS_LEAD} THEN excluded.number ELSE g.number END,
        lead_id = CASE WHEN {_IS_LEAD} THEN excluded.lead_id ELSE g.lead_id END,
        priority = greatest(g.priority, excluded.priority), latest_id = excluded.latest_id,
        first_at = least(g.first_at, excluded.first_at),
        latest_at = greatest(g.latest_at, excluded.latest_at), changed_at = excluded.changed_at
"""
INCIDENTS = ";".join((_LEAVE_OLD_ROWS, _INCIDENTS, _GROUPS))


type Answers = tuple[bytes, bytes, bytes | None]  # alerts, entities, comments
type Device = tuple[str, float | None, str]  # how critical, its level, its zone

SEVERITIES = {"Informational": 1, "Low": 2, "Medium": 3, "High": 4}
SEVERITY_WORDS = {number: word for word, number in SEVERITIES.items()}
LEVELS = {"ProcessControl": 1.0, "Supervisory": 2.0, "SiteOperations": 3.0, "Enterprise": 4.0}
NO_OTHERS = {
    *("azure security center for iot", "microsoft defender for iot", "azure defender for iot"),
    *("azure sentinel", "microsoft sentinel"),
}
IMPORTANCE = {"Normal": "normal", "High": "important"}
CLOSED = 3


class Floor:
    """The script, with what it reads once: all places there are."""

    def __init__(self, cursor: Any, *, workspace_id: int, now: datetime) -> None:
        self.cursor, self.workspace_id, self.now = cursor, workspace_id, now.isoformat()
        cursor.execute(TEMP_TABLES)
        cursor.execute(
            "SELECT s.name, z.name, s.id, z.id, s.time_zone"
            " FROM sites_zone z JOIN sites_site s ON s.id = z.site_id"
        )
        self.places = {
            (site, zone): (site_id, zone_id, ZoneInfo(time_zone), f"{site}, {zone}")
            for site, zone, site_id, zone_id, time_zone in cursor.fetchall()
        }

    def store(self, *, ids: Sequence[int], answers: Sequence[Answers]) -> None:
        """Store the details of these incidents, in the caller's transaction."""
        cursor = self.cursor
        cursor.execute(HEADS, [list(ids)])
        heads = {row[0]: row[1:] for row in cursor.fetchall()}
        batch = Batch()
        for pk, answers_of_incident in zip(ids, answers, strict=True):
            self._read(batch, pk, heads[pk][0], answers_of_incident)
        self._copy("floor_alerts", batch.alerts)
        self._copy("floor_entities", batch.entities)
        self._copy("floor_comments", batch.comments)
        self._copy("floor_memories", batch.memories)
        self._copy(
            "floor_devices", [f"{zone}\t{at}\t{d}" for (zone, at), d in batch.devices.items()]
        )
        cursor.execute(ROWS)
        cursor.execute(DEVICES)
        devices = {row[:2]: row[2:] for row in cursor.fetchall()}
        cursor.execute(PATTERNS)
        judged = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(PAIRS)
        first_of_pair = {row[0] for row in cursor.fetchall()}
        copy_rows = []
        for pk, read, device_keys in batch.incidents:
            _, severity, status, tactics, products, owner = heads[pk]
            score, parts = weighed(
                severity,
                read.alert_type,
                tuple(tactics),
                tuple(products),
                pk in first_of_pair,
                judged.get(read.pattern),
                frozenset([devices[key_of_device] for key_of_device in device_keys]),
            )
            key = "\\N"
            if status < CLOSED:
                key = md5(
                    f"{read.pattern}:{self.workspace_id}:{severity}:{status}::{owner}".encode()
                ).hexdigest()
            at = batch.first_activity[pk]
            copy_rows.append(
                f"{pk}\t{read.line}\t{score}\t{parts}\t{key}\t{batch.counts[pk]}\t{at}"
            )
        self._copy("floor_incidents", copy_rows)
        cursor.execute(INCIDENTS, {"now": self.now})

    def _read(self, batch: "Batch", pk: int, created_at: str, answers: Answers) -> None:
        """One incident's answers as lines."""
        (row,) = orjson.loads(answers[0])["value"]
        its = row["properties"]
        bag, at, latest = its["additionalData"], its["startTimeUtc"], its["timeGenerated"]
        site_id, zone_id, time_zone, words = self.places[bag["SiteDisplayName"], bag["SensorZone"]]
        local = datetime.fromisoformat(at).astimezone(time_zone)
        alert_type, engine = catalogue_names(its["alertDisplayName"])
        protocol = bag["Protocol"]
        source, source_at = bag["SourceDevice"], bag["SourceDeviceAddress"]
        target, target_at = bag["DestinationDevice"], bag["DestinationDeviceAddress"]
        batch.alerts.append(
            f"{pk}\t{self.workspace_id}\t{its['vendorOriginalId']}\t{its['systemAlertId']}\t"
            f"{bag['SensorId']}\t{site_id}\t{zone_id}\t{alert_type}\t{engine}\t"
            f"{bag['Category']}\t{SEVERITIES[its['severity']]}\t{protocol}\t{bag['Port']}\t"
            f"{{{','.join(its['tactics'])}}}\t{its['productName']}\t{source}\t{source_at}\t"
            f"{target}\t{target_at}\t{both(source, target)}\t{both(source_at, target_at)}\t"
            f"{at}\t{latest}\t{local.weekday()}\t{local.hour * 60 + local.minute}\t"
            f"{document(row)}"
        )
        read = digest(
            self.workspace_id,
            site_id,
            words,
            alert_type,
            protocol,
            source or source_at,
            target or target_at,
        )
        batch.memories.append(f"{pk}\t{created_at}\t{at}\t{read.pattern}\t{read.pair}")
        device_keys = self._read_entities(batch, pk, orjson.loads(answers[1])["entities"], latest)
        for name, address in ((source, source_at), (target, target_at)):
            if (zone_id, address) not in device_keys:
                device_keys.add((zone_id, address))
                batch.devices[zone_id, address] = f"{name}\t\t\t\\N\tnormal\t{latest}"
        batch.incidents.append((pk, read, device_keys))
        batch.first_activity[pk] = at
        for comment in orjson.loads(answers[2])["value"] if answers[2] else ():
            its = comment["properties"]
            batch.comments.append(
                f"{pk}\t{comment['name']}\t{its['author']['name']}\t{its['message']}\t"
                f"{its['createdTimeUtc']}"
            )

    def _read_entities(
        self, batch: "Batch", pk: int, entities: list[dict[str, Any]], latest: str
    ) -> set[tuple[int, str]]:
        """Entities as lines; returns the devices among them, by zone and address."""
        batch.counts[pk] = len(entities)
        addresses = {e["id"]: e["properties"]["address"] for e in entities if e["kind"] == "Ip"}
        device_keys = set()
        for entity in entities:
            its, place = entity["properties"], "\\N\t\\N"
            if entity["kind"] == "IoTDevice":
                zone_id = self.places[its["site"], its["zone"]][1]
                address = addresses[its["ipAddressEntityId"]]
                device_keys.add((zone_id, address))
                place = f"{zone_id}\t{address}"
                batch.devices[zone_id, address] = (
                    f"{its['deviceName']}\t{its['deviceSubType']}\t{its['vendor']}\t"
                    f"{LEVELS[its['purdueLayer']]}\t{IMPORTANCE[its['importance']]}\t{latest}"
                )
            batch.entities.append(
                f"{pk}\t{entity['name']}\t{entity['kind']}\t{its['friendlyName']}\t{place}\t"
                f"{document(entity)}"
            )
        return device_keys

    def _copy(self, table: str, copy_rows: Iterable[str]) -> None:
        with self.cursor.copy(f"COPY {table} FROM STDIN") as copy:
            copy.write("\n".join([*copy_rows, ""]).encode())


class Batch:
    """Lines on their way."""

    def __init__(self) -> None:
        self.alerts: list[str] = []
        self.entities: list[str] = []
        self.comments: list[str] = []
        self.memories: list[str] = []
        self.devices: dict[tuple[int, str], str] = {}
        self.incidents: list[tuple[int, Digest, set[tuple[int, str]]]] = []
        self.counts: dict[int, int] = {}
        self.first_activity: dict[int, str] = {}


class Digest(NamedTuple):
    """What an incident's row says of its alert."""

    line: str
    alert_type: str
    pattern: str
    pair: str


def document(value: Any) -> str:
    """Compact JSON for COPY."""
    return orjson.dumps(value).decode().replace("\\", "\\\\")


@cache
def both(first: str, second: str) -> str:
    """Both names in order, each once, as an array."""
    return "{" + ",".join(sorted({first, second} - {""})) + "}"


@cache
def catalogue_names(title: str) -> tuple[str, str]:
    """The catalogue's title and engine."""
    alert_type = alert_type_for(title)
    return (alert_type.title, alert_type.component) if alert_type else (title, "")


@cache
def digest(  # noqa: PLR0917  a cache of many calls goes by places
    workspace_id: int,
    site_id: int,
    words: str,
    alert_type: str,
    protocol: str,
    source: str,
    target: str,
) -> Digest:
    """The columns of the incident, its pattern, and the pair of its ends."""
    pattern = pattern_key(
        workspace_id=workspace_id,
        site_ids=[site_id],
        alert_type=alert_type,
        source=source,
        destination=target,
        protocol=protocol,
    )
    pair = f"{workspace_id}:{site_id}:{source.casefold()}\x1f{target.casefold()}"
    line = f"{alert_type}\t{protocol}\t{source}\t{target}\t{words}\t{{{site_id}}}\t{pattern}"
    return Digest(line, alert_type, str(pattern), md5(pair.encode()).hexdigest())


@cache
def weighed(  # noqa: PLR0917  as above
    severity: int,
    alert_type: str,
    tactics: tuple[str, ...],
    products: tuple[str, ...],
    is_new_pair: bool,
    judged: tuple[int, int] | None,
    devices: frozenset[Device],
) -> tuple[int, str]:
    """Priority, and its parts as JSON."""
    levels = sorted({level for _, level, _ in devices if level is not None}, reverse=True)
    zones = sorted({zone for _, _, zone in devices})
    crossing = " / ".join(zones) if len(zones) > 1 else ""
    if len(levels) > 1:
        crossing = f"Level {levels[0]:g} to Level {levels[-1]:g}"
    known_type = alert_type_for(alert_type)
    benign, suspicious = judged or (0, 0)
    priority = priority_of(
        PriorityFacts(
            severity=SEVERITY_WORDS[severity],
            guard=known_type.guard if known_type else None,
            criticality=max(
                (device[0] for device in devices), key=lambda w: CRITICALITY_POINTS.get(w, 0)
            ),
            crosses_levels=bool(crossing),
            crossing=crossing,
            tactics=tactics,
            other_products=tuple(name for name in products if name.casefold() not in NO_OTHERS),
            is_new_pair=is_new_pair,
            times_suspicious=suspicious,
            routine_share_lower=lower_share(benign, benign + suspicious),
        )
    )
    parts = [[part.code, part.points, part.detail] for part in priority.parts]
    return priority.score, orjson.dumps(parts).decode()
