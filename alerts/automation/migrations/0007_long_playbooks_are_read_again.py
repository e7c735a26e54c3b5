# The version before read at most 200 steps: of who has as many, nobody knows whether these are all.

from django.db import migrations

NOT_ALL = "UPDATE automation_playbook SET has_all_steps = false WHERE cardinality(steps) >= 200"


class Migration(migrations.Migration):

    dependencies = [
        ('automation', '0006_consent_is_to_a_definition'),
    ]

    operations = [
        migrations.RunSQL(NOT_ALL, migrations.RunSQL.noop, elidable=True),
    ]
