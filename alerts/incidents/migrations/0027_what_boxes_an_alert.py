from django.db import migrations, models

FORWARD = """
SET LOCAL lock_timeout = '3s';
CREATE OR REPLACE VIEW incidents_planned_alerts WITH (security_invoker = true) AS SELECT
    id, alert_id, work, fit, kind, names_devices, known_from, known_until, boxes
FROM incidents_plannedalert;
"""
BACK = """
DROP VIEW incidents_planned_alerts;
CREATE VIEW incidents_planned_alerts WITH (security_invoker = true) AS SELECT
    id, alert_id, work, fit, kind, names_devices, known_from, known_until
FROM incidents_plannedalert;
"""


class Migration(migrations.Migration):
    """Whether planned work time-boxes an alert is worked out once, when it is stored beside it."""

    dependencies = [("incidents", "0026_survivors_to_find")]
    operations = [
        migrations.AddField(
            model_name="plannedalert",
            name="boxes",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
