from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
CREATE VIEW incidents_alert_links WITH (security_invoker = true) AS SELECT
    id, incident_id, alert_id
FROM incidents_incidentalert;
CREATE VIEW incidents_alerts WITH (security_invoker = true) AS SELECT
    id, workspace_id, key, sensor, site_id, zone_id, alert_type, user_defined_title,
    engine, category, severity, protocol, port, function, techniques, tactics,
    product_name, source_device, source_address, destination_device,
    destination_address, source_kind, source_zone, source_subnet, destination_kind,
    destination_zone, destination_subnet, any_device, any_address, at, latest_at,
    plant_weekday, plant_minute, flags
FROM incidents_alert;
CREATE VIEW incidents_incidents WITH (security_invoker = true) AS SELECT
    id, workspace_id, name, number, severity, status, classification, labels,
    created_at, modified_at, alerts_count, tactics, techniques, flags, alert_type,
    protocol, source, destination, site_ids, place, entities_count, pattern, closed_by,
    merged_into, gone_at
FROM incidents_incident;
CREATE VIEW incidents_entities WITH (security_invoker = true) AS SELECT
    id, incident_id, name, kind, device_id
FROM incidents_entity;
CREATE VIEW incidents_planned_alerts WITH (security_invoker = true) AS SELECT
    id, alert_id, work, fit, kind, names_devices, known_from, known_until
FROM incidents_plannedalert;
CREATE VIEW incidents_timeline WITH (security_invoker = true) AS SELECT
    id, incident_id, at, side, by_id, code
FROM incidents_timelineitem;
"""
BACK = """
DROP VIEW incidents_alert_links, incidents_alerts, incidents_incidents, incidents_entities,
    incidents_planned_alerts, incidents_timeline;
"""


class Migration(migrations.Migration):
    """What other rooms may name in SQL: views of this room's tables with the columns it offers."""

    dependencies = [("incidents", "0021_count_by_alert_type")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
