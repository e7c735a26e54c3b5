"""Workspaces know the analytics rules of the workflow checks that began before they kept them."""

from typing import ClassVar

from django.db import migrations

FORWARD = """
UPDATE sentinel_workspace w SET checks = found.checks
FROM (
    SELECT workspace_id, jsonb_object_agg(uuid::text, begun_at) AS checks
    FROM automation_workflowcheck GROUP BY workspace_id
) found
WHERE w.id = found.workspace_id;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("automation", "0011_values_outside_of_the_definition"),
        ("sentinel", "0013_rules_of_our_own_checks"),
    ]

    operations: ClassVar = [
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop, elidable=True),
    ]
