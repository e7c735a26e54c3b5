"""Whether planned work came here after the alert beside which it stands."""

from typing import ClassVar

from django.db import migrations, models

COLUMNS = "id, alert_id, work, fit, kind, names_devices, known_from, known_until, boxes"
FORWARD = f"""
SET LOCAL lock_timeout = '3s';
CREATE OR REPLACE VIEW incidents_planned_alerts WITH (security_invoker = true) AS SELECT
    {COLUMNS}, is_after_fact
FROM incidents_plannedalert;
"""
BACK = f"""
DROP VIEW incidents_planned_alerts;
CREATE VIEW incidents_planned_alerts WITH (security_invoker = true) AS SELECT
    {COLUMNS}
FROM incidents_plannedalert;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("incidents", "0029_who_closed_incidents")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="plannedalert",
            name="is_after_fact",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
