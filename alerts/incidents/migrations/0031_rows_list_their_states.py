"""Rows of the queue no longer split by state: they list the states of their incidents."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models import Q

KEYS = """
    UPDATE incidents_incident SET group_key = md5(concat_ws(':', pattern, workspace_id, severity))::uuid
    WHERE group_key IS NOT NULL AND pattern IS NOT NULL AND names_device
"""
_UNTIL = """
    CASE WHEN latest_activity_at <= modified_at THEN latest_activity_at ELSE created_at END
"""
_FROM = f"least(coalesce(first_activity_at, {_UNTIL}), {_UNTIL})"
_SHARED = (
    "workspace_id, site_ids, place, alert_type, title, protocol, source, destination, pattern,"
    " severity"
)
_OF_LEAD = ", ".join(f"lead.{name}" for name in _SHARED.split(", "))
ROWS = f"""
    INSERT INTO incidents_group (key, {_SHARED}, n, latest_id, lead_id, number, priority, first_at,
        latest_at, statuses, ot_states, owner_ids, owner_names, n_unasked, n_waiting, ot_due_at,
        changed_at)
    SELECT counted.group_key, {_OF_LEAD}, counted.n, counted.latest_id, lead.id, lead.number,
        lead.priority, counted.first_at, counted.latest_at, counted.statuses, counted.ot_states,
        counted.owner_ids, counted.owner_names, counted.n_unasked, counted.n_waiting,
        counted.ot_due_at, counted.changed_at
    FROM (SELECT group_key, count(*)::int AS n, min({_FROM}) AS first_at, max({_UNTIL}) AS latest_at,
                 max(changed_at) AS changed_at,
                 array_agg(DISTINCT status ORDER BY status) AS statuses,
                 array_agg(DISTINCT ot_state ORDER BY ot_state) AS ot_states,
                 array_agg(DISTINCT owner_id ORDER BY owner_id) AS owner_ids,
                 array_agg(DISTINCT owner_name ORDER BY owner_name) AS owner_names,
                 (count(*) FILTER (WHERE ot_state = ''))::int AS n_unasked,
                 (count(*) FILTER (WHERE ot_state = 'waiting'))::int AS n_waiting,
                 min(ot_due_at) FILTER (WHERE ot_state = 'waiting') AS ot_due_at,
                 (array_agg(id ORDER BY created_at DESC, id DESC))[1] AS latest_id,
                 (array_agg(id ORDER BY priority DESC, created_at DESC, id DESC))[1] AS lead_id
          FROM incidents_incident WHERE group_key IS NOT NULL GROUP BY group_key) counted
    JOIN incidents_incident lead ON lead.id = counted.lead_id
"""
STATUSES = [(0, "Unknown"), (1, "New"), (2, "Active"), (3, "Closed")]
OT_STATES = [
    *(("", "Not asked"), ("waiting", "Waiting for OT"), ("routine", "Routine")),
    *(("maintenance", "Maintenance"), ("suspicious", "Suspicious"), ("not-sure", "Not sure")),
]
# Workers lock incidents before rows of the queue, so this does, too.
FIRST = ["SET LOCAL lock_timeout = '3s'", "LOCK TABLE incidents_incident IN SHARE ROW EXCLUSIVE MODE"]
# The version before, which runs during an upgrade and after a rollback, reads and writes these.
OLD_COLUMNS = ("ot_state", "owner_id", "owner_name", "status")
OLD_VALUES = f"""
    UPDATE incidents_group g SET {", ".join(f"{name} = lead.{name}" for name in OLD_COLUMNS)}
    FROM incidents_incident lead WHERE lead.id = g.lead_id
"""
HAS_OT_STATE = ~Q(ot_states=[""])
HAS_OWNER = ~Q(owner_ids=[""])


def _list_of(field: models.Field) -> ArrayField:  # type: ignore[type-arg]  # bare at run time
    return ArrayField(base_field=field, db_default=[])


class Migration(migrations.Migration):
    dependencies: ClassVar = [("incidents", "0030_work_that_came_after_the_alert")]

    operations: ClassVar = [
        migrations.RunSQL(FIRST, migrations.RunSQL.noop),
        migrations.RemoveIndex("group", "queue_by_owner"),
        migrations.RemoveIndex("group", "queue_by_ot_state"),
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    f"ALTER TABLE incidents_group ALTER {name} SET DEFAULT {value}",
                    f"ALTER TABLE incidents_group ALTER {name} DROP DEFAULT",
                )
                for name, value in zip(OLD_COLUMNS, ("''", "''", "''", 1), strict=True)
            ],
            [migrations.RemoveField("group", name) for name in OLD_COLUMNS],
        ),
        migrations.AddField("group", "n_unasked", models.IntegerField(db_default=0)),
        migrations.AddField("group", "n_waiting", models.IntegerField(db_default=0)),
        *(
            migrations.AddField("group", name, _list_of(field))
            for name, field in (
                ("statuses", models.SmallIntegerField(choices=STATUSES)),
                ("ot_states", models.CharField(choices=OT_STATES, max_length=12)),
                ("owner_ids", models.CharField(max_length=64)),
                ("owner_names", models.CharField(max_length=120)),
            )
        ),
        migrations.AddIndex(
            "group",
            GinIndex(
                fields=["ot_states"], fastupdate=False, condition=HAS_OT_STATE, name="queue_of_ot"
            ),
        ),
        migrations.AddIndex(
            "group",
            GinIndex(
                fields=["owner_ids"], fastupdate=False, condition=HAS_OWNER, name="queue_of_owners"
            ),
        ),
        migrations.RunSQL(
            [
                "SET LOCAL statement_timeout = 0",
                *("DELETE FROM incidents_group", KEYS, ROWS, OLD_VALUES),
            ],
            migrations.RunSQL.noop,
        ),
    ]
