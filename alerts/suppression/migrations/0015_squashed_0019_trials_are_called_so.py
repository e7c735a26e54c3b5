"""What 0015 to 0019 do, in one step."""

from importlib import import_module

from portal.squashed import SquashedMigration

REPLACED = (
    '0015_two_people_sign_what_is_on',
    '0016_evidence_of_versions',
    '0017_ends_of_holds',
    '0018_amendments_of_drift',
    '0019_trials_are_called_so',
)


class Migration(SquashedMigration):

    replaces = [('suppression', name) for name in REPLACED]

    dependencies = [
        ('suppression', '0014_periods_of_watchlists'),
        ('reviews', '0014_verdicts'),
        ('incidents', '0028_incidents_stay_themselves'),
        ('audit', '0004_guarded_record'),
        ('sites', '0005_views_for_other_rooms'),
    ]

    operations = [
        operation
        for name in REPLACED
        for operation in import_module(f'alerts.suppression.migrations.{name}').Migration.operations
    ]
