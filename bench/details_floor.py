"""The floor of details: the same rows in the same tables, built in the cheapest way.

What Tagout stores of one incident, this stores, too, for incidents of a second workspace: the
alert's row with all its facts, its raw JSON, the link, every entity with its raw JSON and its
device, comments, devices, both memories, what details decide of the incident's row, and the rows
of the queue. Keys, indexes and foreign keys are those of the product, for the tables are. It
parses with orjson, copies into stages and merges them; nothing is checked, bounded, ranked or
looked at twice, ids of places are known beforehand, and answers have the one shape we made.
"""

from hashlib import md5
from typing import Any

import orjson

STAGES = """
    CREATE TEMP TABLE floor_alerts ON COMMIT DELETE ROWS AS
        SELECT *, 0::bigint AS incident_id, '{}'::jsonb AS body FROM incidents_alert WHERE false;
    CREATE TEMP TABLE floor_entities ON COMMIT DELETE ROWS AS
        SELECT e.incident_id, e.name, e.kind, e.label, e.body, d.zone_id, d.address, d.name AS said,
               d.kind AS what, d.vendor, d.latest_seen_at
        FROM incidents_entity e, sites_device d WHERE false;
    CREATE TEMP TABLE floor_comments ON COMMIT DELETE ROWS AS
        SELECT incident_id, name, author, message, created_at FROM incidents_comment WHERE false;
    CREATE TEMP TABLE floor_incidents ON COMMIT DELETE ROWS AS
        SELECT id, alert_type, protocol, source, destination, site_ids, place, pattern,
               pattern AS pair, group_key, priority, entities_count
        FROM incidents_incident WHERE false;
"""
_ALERT = (
    "workspace_id, key, system_alert_id, sensor, site_id, zone_id, alert_type, user_defined_title,"
    " engine, category, severity, protocol, port, function, techniques, tactics, product_name,"
    " source_device, source_address, destination_device, destination_address, any_device,"
    " any_address, at, latest_at, plant_weekday, plant_minute, flags"
)
_MERGES = (
    f"""
    WITH stored AS (
        INSERT INTO incidents_alert ({_ALERT}) SELECT {_ALERT} FROM floor_alerts
        ON CONFLICT (workspace_id, key) DO UPDATE SET latest_at = excluded.latest_at
        RETURNING id, key),
    raw AS (
        INSERT INTO incidents_alertraw (alert_id, body)
        SELECT stored.id, s.body FROM stored JOIN floor_alerts s USING (key)
        ON CONFLICT (alert_id) DO UPDATE SET body = excluded.body)
    INSERT INTO incidents_incidentalert (incident_id, alert_id)
    SELECT s.incident_id, stored.id FROM stored JOIN floor_alerts s USING (key)
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO sites_device AS d (zone_id, address, name, kind, vendor, model, firmware,
        criticality, first_seen_at, latest_seen_at)
    SELECT DISTINCT ON (zone_id, address) zone_id, address, said, what, vendor, '', '', 'normal',
        latest_seen_at, latest_seen_at FROM (
        SELECT zone_id, address, said, what, vendor, latest_seen_at FROM floor_entities
        WHERE zone_id IS NOT NULL UNION ALL
        SELECT zone_id, source_address, source_device, '', '', latest_at FROM floor_alerts) seen
    ORDER BY zone_id, address, latest_seen_at DESC
    ON CONFLICT (zone_id, address) DO UPDATE SET latest_seen_at = excluded.latest_seen_at
    WHERE excluded.latest_seen_at > d.latest_seen_at + interval '10 minutes'
    """,
    """
    INSERT INTO incidents_entity (incident_id, name, kind, label, device_id, body)
    SELECT incident_id, name, kind, label, (SELECT d.id FROM sites_device d
        WHERE d.zone_id = e.zone_id AND d.address = e.address), body FROM floor_entities e
    ON CONFLICT (incident_id, name) DO UPDATE SET body = excluded.body
    """,
    """
    INSERT INTO incidents_comment (incident_id, name, author, message, created_at, ours)
    SELECT *, false FROM floor_comments
    ON CONFLICT (incident_id, name) DO UPDATE SET message = excluded.message
    """,
    """
    INSERT INTO incidents_patternmemory AS m (pattern, first_seen_at, latest_seen_at, seen, routine,
        maintenance, suspicious, not_sure, latest_verdict_by, latest_verdict, latest_note)
    SELECT f.pattern, min(i.created_at), max(i.created_at), count(*), 0, 0, 0, 0, '', '', ''
    FROM floor_incidents f JOIN incidents_incident i USING (id) GROUP BY 1
    ON CONFLICT (pattern) DO UPDATE SET seen = m.seen + excluded.seen,
        latest_seen_at = greatest(m.latest_seen_at, excluded.latest_seen_at)
    """,
    """
    INSERT INTO incidents_pairmemory (pair, first_seen_at, first_incident)
    SELECT DISTINCT ON (pair) pair, created_at, id
    FROM floor_incidents JOIN incidents_incident USING (id)
    ORDER BY pair, created_at ON CONFLICT DO NOTHING
    """,
    """
    DELETE FROM incidents_group g USING incidents_incident i JOIN floor_incidents f USING (id)
    WHERE g.key = i.group_key
    """,
    """
    UPDATE incidents_incident i SET alert_type = f.alert_type, protocol = f.protocol,
        source = f.source, destination = f.destination, site_ids = f.site_ids, place = f.place,
        pattern = f.pattern, entities_count = f.entities_count, details_state = 'fetched',
        details_due_at = NULL, details_attempts = 0, priority = f.priority,
        priority_parts = '[["severity", 40, "High"], ["tactic", 10, "Impair Process Control"]]',
        group_key = CASE WHEN i.status < 3 THEN f.group_key END, changed_at = now()
    FROM floor_incidents f WHERE i.id = f.id
    """,
    """
    INSERT INTO incidents_group AS g (key, workspace_id, site_ids, place, alert_type, title,
        protocol, source, destination, pattern, severity, status, ot_state, owner_id, owner_name,
        n, latest_id, priority, first_at, latest_at, changed_at)
    SELECT i.group_key, min(i.workspace_id), min(i.site_ids), min(i.place), min(i.alert_type),
        min(i.title), min(i.protocol), min(i.source), min(i.destination),
        (array_agg(i.pattern))[1], min(i.severity), min(i.status), '', '', '',
        count(*), max(id), max(i.priority), min(i.created_at), max(i.created_at), now()
    FROM incidents_incident i JOIN floor_incidents f USING (id)
    WHERE i.group_key IS NOT NULL GROUP BY 1
    ON CONFLICT (key) DO UPDATE SET n = g.n + excluded.n, latest_id = excluded.latest_id,
        latest_at = excluded.latest_at, changed_at = excluded.changed_at
    """,
)


def store_floor(
    cursor: Any,
    *,
    workspace_id: int,
    zones: dict[str, tuple[int, int]],
    ids: list[int],
    answers: list[tuple[bytes, bytes, bytes | None]],
) -> None:
    """Store the details of these incidents; `zones` gives the ids of site and zone."""
    alerts, entities, comments, incidents = [], [], [], []
    for pk, (first, second, third) in zip(ids, answers, strict=True):
        (row,) = orjson.loads(first)["value"]
        said = row["properties"]
        bag, at = said["additionalData"], said["startTimeUtc"]
        site_id, zone_id = zones[bag["SensorZone"]]
        title, protocol = said["alertDisplayName"], bag["Protocol"]
        source, source_at = bag["SourceDevice"], bag["SourceDeviceAddress"]
        target, target_at = bag["DestinationDevice"], bag["DestinationDeviceAddress"]
        alerts.append(
            f"{pk}\t{workspace_id}\t{said['vendorOriginalId']}\t{said['systemAlertId']}\t"
            f"{bag['SensorId']}\t{site_id}\t{zone_id}\t{title}\t\t\t{bag['Category']}\t4\t"
            f"{protocol}\t{bag['Port']}\t\t{{}}\t{{{','.join(said['tactics'])}}}\t"
            f"{said['productName']}\t{source}\t{source_at}\t{target}\t{target_at}\t"
            f"{{{source},{target}}}\t{{{source_at},{target_at}}}\t{at}\t{said['timeGenerated']}\t"
            f"1\t330\t{{}}\t{orjson.dumps(row).decode()}"
        )
        found = orjson.loads(second)["entities"]
        for one in found:
            its, device = one["properties"], "\\N\t\\N\t\\N\t\\N\t\\N\t\\N"
            if one["kind"] == "IoTDevice":
                device = (
                    f"{zone_id}\t{target_at}\t{its['deviceName']}\t{its['deviceSubType']}\t"
                    f"{its['vendor']}\t{at}"
                )
            entities.append(
                f"{pk}\t{one['name']}\t{one['kind']}\t{its['friendlyName']}\t"
                f"{orjson.dumps(one).decode()}\t{device}"
            )
        for one in orjson.loads(third)["value"] if third else ():
            its = one["properties"]
            comments.append(
                f"{pk}\t{one['name']}\t{its['author']['name']}\t{its['message']}\t"
                f"{its['createdTimeUtc']}"
            )
        pair = md5(f"{workspace_id}{zone_id}{source}{target}".encode()).hexdigest()
        pattern = md5(f"{pair}{title}{protocol}".encode()).hexdigest()
        incidents.append(
            f"{pk}\t{title}\t{protocol}\t{source}\t{target}\t{{{site_id}}}\t{bag['SensorZone']}\t"
            f"{pattern}\t{pair}\t{pattern}\t50\t{len(found)}"
        )
    for table, columns, lines in (
        ("floor_alerts", f"(incident_id, {_ALERT}, body)", alerts),
        ("floor_entities", "", entities),
        ("floor_comments", "", comments),
        ("floor_incidents", "", incidents),
    ):
        with cursor.copy(f"COPY {table} {columns} FROM STDIN") as copy:
            copy.write("".join([line + "\n" for line in lines]).encode())
    for merge in _MERGES:
        cursor.execute(merge)
