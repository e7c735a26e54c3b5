from django.db import migrations

# A run that is owed and that nobody has asked for is not started.
FORWARD = """
UPDATE outbox_change c SET run_uuid = r.uuid FROM automation_playbookrun r WHERE r.change_id = c.id;
UPDATE outbox_change SET state = 'done', outcome = 'dropped', note = 'The run is not known here.'
    WHERE kind = 'playbook' AND outcome = '' AND run_uuid IS NULL;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('automation', '0008_harmless_by_what_is_called'),
        ('outbox', '0008_checks_by_kind'),
    ]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop, elidable=True)]
