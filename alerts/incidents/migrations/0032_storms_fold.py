"""What one source raises far above its own rhythm is one row; what differs in function, technique
or product is another.
"""

from importlib import import_module
from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

BEFORE = import_module("alerts.incidents.migrations.0031_rows_list_their_states")
FUNCTIONS = """
    UPDATE incidents_incident i SET functions = left(found.functions, 200)
    FROM (SELECT ia.incident_id, string_agg(DISTINCT a.function, '|' ORDER BY a.function)
                 AS functions
          FROM incidents_incidentalert ia JOIN incidents_alert a ON a.id = ia.alert_id
          WHERE a.function <> '' GROUP BY ia.incident_id) AS found
    WHERE i.id = found.incident_id AND i.group_key IS NOT NULL
"""
PRODUCTS = """
    'azure defender for iot', 'azure security center for iot', 'azure sentinel',
    'microsoft defender for iot', 'microsoft sentinel'
"""
KEYS = f"""
    UPDATE incidents_incident SET group_key = md5(concat_ws(':', pattern::text, functions,
        workspace_id, severity,
        (SELECT string_agg(DISTINCT lower(word), ',' ORDER BY lower(word))
         FROM unnest(product_names || techniques) AS word
         WHERE lower(trim(word)) NOT IN ({PRODUCTS}))))::uuid
    WHERE group_key IS NOT NULL AND pattern IS NOT NULL AND names_device
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("incidents", "0031_rows_list_their_states")]

    operations: ClassVar = [
        migrations.RunSQL(BEFORE.FIRST, migrations.RunSQL.noop),
        migrations.AddField(
            "incident",
            "functions",
            models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField("incident", "storm", models.UUIDField(null=True)),
        migrations.AddField("group", "storm_since", models.DateTimeField(null=True)),
        migrations.AddField("group", "storm_before", models.IntegerField(null=True)),
        migrations.AddField("group", "storm_hours", models.SmallIntegerField(null=True)),
        migrations.AddField("group", "storm_peers", models.IntegerField(null=True)),
        migrations.AddIndex(
            "incident",
            models.Index(
                fields=["storm", "created_at"],
                condition=Q(storm__isnull=False),
                name="incidents_in_storms",
            ),
        ),
        migrations.AddIndex(
            "group",
            models.Index(
                fields=["source", "alert_type"], condition=~Q(source=""), name="queue_by_source"
            ),
        ),
        migrations.RunSQL(
            [
                "SET LOCAL statement_timeout = 0",
                *("DELETE FROM incidents_group", FUNCTIONS, KEYS),
                *(BEFORE.ROWS, BEFORE.OLD_VALUES),
            ],
            migrations.RunSQL.noop,
        ),
    ]
