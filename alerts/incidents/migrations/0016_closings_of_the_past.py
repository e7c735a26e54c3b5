"""Say of closed incidents when that was: the latest closing on their timeline, else Sentinel's
latest change.
"""

from django.db import migrations

FILL = """
UPDATE incidents_incident i SET closed_at = coalesce(
    (SELECT max(t.at) FROM incidents_timelineitem t
      WHERE t.incident_id = i.id
        AND (t.code = 'closed' OR t.code = 'status' AND t.details ->> 'to' = 'Closed')),
    i.modified_at)
 WHERE i.status = 3 AND i.closed_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0015_when_an_incident_was_closed")]
    operations = [
        migrations.RunSQL(
            ["SET LOCAL lock_timeout = '3s'", "SET LOCAL statement_timeout = 0", FILL],
            migrations.RunSQL.noop,
        )
    ]
