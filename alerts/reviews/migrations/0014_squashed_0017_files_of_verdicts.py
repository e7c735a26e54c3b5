"""What 0014 to 0017 do, in one step."""

from importlib import import_module

from portal.squashed import SquashedMigration

REPLACED = ('0014_verdicts', '0015_questions', '0016_kinds_of_verdicts', '0017_files_of_verdicts')


class Migration(SquashedMigration):

    replaces = [('reviews', name) for name in REPLACED]

    dependencies = [
        ('reviews', '0013_a_verdict_has_one_way'),
        ('suppression', '0014_periods_of_watchlists'),
        ('patterns', '0006_questions_of_the_plan'),
        ('audit', '0004_guarded_record'),
        ('sites', '0002_devices_by_address'),
    ]

    operations = [
        operation
        for name in REPLACED
        for operation in import_module(f'alerts.reviews.migrations.{name}').Migration.operations
    ]
