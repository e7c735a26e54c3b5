"""Stages of the floor of details, and the statements that merge them into Tagout's tables."""

STAGES = """
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
WHAT_WAS_SAID = ";".join((_ALERTS, _DEVICES, _ENDS, _ENTITIES, _COMMENTS))

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
