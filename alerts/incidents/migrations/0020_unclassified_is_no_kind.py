"""Forget "Unclassified" and "Unknown" as kinds of the ends of alerts: no rule may name them."""

from django.db import migrations

FORGET = [
    f"UPDATE incidents_alert SET {end}_kind = ''"
    f" WHERE lower({end}_kind) IN ('unclassified', 'unknown')"
    for end in ("source", "destination")
]


class Migration(migrations.Migration):
    dependencies = [("incidents", "0019_planned_work_beside_alerts")]
    operations = [
        migrations.RunSQL(
            ["SET LOCAL lock_timeout = '3s'", "SET LOCAL statement_timeout = 0", *FORGET],
            migrations.RunSQL.noop,
        )
    ]
