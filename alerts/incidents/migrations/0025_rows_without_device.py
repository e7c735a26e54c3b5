from django.db import migrations

# Open incidents whose alerts name no device leave the rows that they share.
ALONE = """
    UPDATE incidents_incident i
    SET names_device = false, group_key = md5('incident:' || i.id)::uuid
    WHERE i.group_key IS NOT NULL AND i.pattern IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM incidents_incidentalert ia JOIN incidents_alert a ON a.id = ia.alert_id
        WHERE ia.incident_id = i.id
          AND (cardinality(a.any_device) > 0 OR cardinality(a.any_address) > 0
               OR a.source_address || a.source_device || a.destination_address
                  || a.destination_device <> ''))
"""
UNTIL = """
    CASE WHEN latest_activity_at <= modified_at THEN latest_activity_at ELSE created_at END
"""
FROM = f"least(coalesce(first_activity_at, {UNTIL}), {UNTIL})"
SHARED = (
    "workspace_id, site_ids, place, alert_type, title, protocol, source, destination, pattern,"
    " severity, status, ot_state, owner_id, owner_name"
)
ROWS = f"""
    INSERT INTO incidents_group (key, {SHARED}, n, latest_id, lead_id, number, priority, first_at,
                                 latest_at, ot_due_at, changed_at)
    SELECT group_key, {SHARED}, 1, id, id, number, priority, {FROM}, {UNTIL}, ot_due_at, changed_at
    FROM incidents_incident WHERE group_key IS NOT NULL AND NOT names_device
    ON CONFLICT (key) DO NOTHING
"""
COUNTED = f"""
    UPDATE incidents_group g
    SET n = counted.n, latest_id = counted.latest_id, lead_id = counted.lead_id,
        first_at = counted.first_at, latest_at = counted.latest_at
    FROM (SELECT group_key, count(*)::int AS n, min({FROM}) AS first_at, max({UNTIL}) AS latest_at,
                 (array_agg(id ORDER BY created_at DESC, id DESC))[1] AS latest_id,
                 (array_agg(id ORDER BY priority DESC, created_at DESC, id DESC))[1] AS lead_id
          FROM incidents_incident WHERE group_key IS NOT NULL GROUP BY group_key) counted
    WHERE g.key = counted.group_key AND g.n <> counted.n
"""
EMPTY = """
    DELETE FROM incidents_group g
    WHERE NOT EXISTS (SELECT FROM incidents_incident i WHERE i.group_key = g.key)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0024_names_device'),
    ]

    operations = [
        migrations.RunSQL(
            [
                "SET LOCAL lock_timeout = '3s'",
                "SET LOCAL statement_timeout = 0",
                *(ALONE, ROWS, COUNTED, EMPTY),
            ],
            migrations.RunSQL.noop,
        ),
    ]
