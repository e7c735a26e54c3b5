from django.db import migrations

# Only open incidents stand in a row of the queue; pages about closed ones ask their alerts.
ACTIVITY = """
    UPDATE incidents_incident i SET first_activity_at = known.first_at
    FROM (SELECT ia.incident_id, min(a.at) AS first_at
          FROM incidents_incident o
          JOIN incidents_incidentalert ia ON ia.incident_id = o.id
          JOIN incidents_alert a ON a.id = ia.alert_id
          WHERE o.group_key IS NOT NULL GROUP BY ia.incident_id) known
    WHERE i.id = known.incident_id
"""
UNTIL = """
    CASE WHEN latest_activity_at <= modified_at THEN latest_activity_at ELSE created_at END
"""
ROWS = f"""
    UPDATE incidents_group g
    SET lead_id = lead.id, number = lead.number, priority = lead.priority,
        first_at = counted.first_at, latest_at = counted.latest_at
    FROM (SELECT group_key,
                 min(least(coalesce(first_activity_at, {UNTIL}), {UNTIL})) AS first_at,
                 max({UNTIL}) AS latest_at,
                 (array_agg(id ORDER BY priority DESC, created_at DESC, id DESC))[1] AS lead_id
          FROM incidents_incident WHERE group_key IS NOT NULL GROUP BY group_key) counted
    JOIN incidents_incident lead ON lead.id = counted.lead_id
    WHERE g.key = counted.group_key
"""
ROWS_AS_BEFORE = """
    UPDATE incidents_group g SET first_at = counted.first_at, latest_at = counted.latest_at
    FROM (SELECT group_key, min(created_at) AS first_at, max(created_at) AS latest_at
          FROM incidents_incident WHERE group_key IS NOT NULL GROUP BY group_key) counted
    WHERE g.key = counted.group_key
"""


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0013_what_a_row_stands_for'),
    ]

    operations = [
        migrations.RunSQL(ACTIVITY, migrations.RunSQL.noop),
        migrations.RunSQL(ROWS, ROWS_AS_BEFORE),
    ]
