"""What 0007 to 0010 do, in one step."""

from importlib import import_module

from portal.squashed import SquashedMigration

REPLACED = (
    '0007_names_of_the_pages', '0008_uuids_of_verdicts', '0009_questions', '0010_live_incidents'
)


class Migration(SquashedMigration):

    replaces = [('patterns', name) for name in REPLACED]

    dependencies = [
        ('patterns', '0006_questions_of_the_plan'),
        ('reviews', '0015_questions'),
    ]

    operations = [
        operation
        for name in REPLACED
        for operation in import_module(f'alerts.patterns.migrations.{name}').Migration.operations
    ]
