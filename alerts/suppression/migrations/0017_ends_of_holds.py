import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


FORWARD = """
CREATE TRIGGER hold_end_is_written_once BEFORE UPDATE ON suppression_holdend
    FOR EACH ROW WHEN (OLD.void_at IS NULL) EXECUTE FUNCTION refuse_changes_but('void_at');
CREATE TRIGGER void_hold_end_stays_void BEFORE UPDATE ON suppression_holdend
    FOR EACH ROW WHEN (OLD.void_at IS NOT NULL) EXECUTE FUNCTION refuse_changes_but();
"""
BACK = """
DROP TRIGGER void_hold_end_stays_void ON suppression_holdend;
DROP TRIGGER hold_end_is_written_once ON suppression_holdend;
"""


class Migration(migrations.Migration):
    """The end that each lead sets for what a closed true positive holds; it is written once."""

    dependencies = [
        ('suppression', '0016_evidence_of_versions'),
        ('incidents', '0028_incidents_stay_themselves'),
        ('audit', '0004_guarded_record'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            'ledgerentry',
            'ending',
            models.CharField(
                blank=True,
                choices=[
                    ('', 'Stands'),
                    ('reopened', 'Reopened'),
                    ('true_positive', 'True positive'),
                    ('linked', 'Linked to a true positive'),
                    ('joined', 'An uncovered alert joined'),
                    ('held', 'Reopened: its device is held'),
                    ('not-sent', 'Not carried out'),
                ],
                default='',
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name='HoldEnd',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('side', models.CharField(choices=[('ot', 'OT'), ('soc', 'SOC')], max_length=3)),
                ('until', models.DateTimeField()),
                ('reason', models.TextField()),
                ('set_at', models.DateTimeField()),
                ('void_at', models.DateTimeField(null=True)),
                (
                    'by',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name='+',
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    'incident',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='hold_ends',
                        to='incidents.incident',
                    ),
                ),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(
                        condition=models.Q(('void_at', None)),
                        fields=('incident', 'side'),
                        name='each_side_sets_the_end_of_a_hold_once',
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(('void_at', None)),
                        fields=('incident', 'by'),
                        name='nobody_sets_the_end_of_a_hold_for_both_sides',
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ('side__in', ['ot', 'soc']),
                            models.Q(('reason', ''), _negated=True),
                        ),
                        name='the_end_of_a_hold_has_a_known_side_and_a_reason',
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
