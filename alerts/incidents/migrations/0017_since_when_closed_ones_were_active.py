"""Say of incidents whose alerts came before that was stored when the first of these was detected.

0014 did so for open ones. Closed ones can be opened again, and the API tells it of all.
"""

from django.db import migrations

FILL = """
    UPDATE incidents_incident i SET first_activity_at = known.first_at
    FROM (SELECT ia.incident_id, min(a.at) AS first_at
          FROM incidents_incident o
          JOIN incidents_incidentalert ia ON ia.incident_id = o.id
          JOIN incidents_alert a ON a.id = ia.alert_id
          WHERE o.first_activity_at IS NULL GROUP BY ia.incident_id) known
    WHERE i.id = known.incident_id AND i.first_activity_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0016_closings_of_the_past")]
    operations = [
        migrations.RunSQL(
            ["SET LOCAL lock_timeout = '3s'", "SET LOCAL statement_timeout = 0", FILL],
            migrations.RunSQL.noop,
        )
    ]
