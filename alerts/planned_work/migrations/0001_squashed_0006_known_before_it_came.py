"""The tables of this room as 0006 leaves them, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from portal.squashed import SquashedMigration

STAYS = """
CREATE TRIGGER confirmation_is_written_once BEFORE UPDATE ON planned_work_workconfirmation
    FOR EACH ROW EXECUTE FUNCTION refuse_changes_but();
CREATE TRIGGER revision_is_written_once BEFORE UPDATE ON planned_work_revision
    FOR EACH ROW EXECUTE FUNCTION refuse_changes_but('is_latest', 'worked_out_until');
CREATE TRIGGER occurrence_is_written_once BEFORE UPDATE ON planned_work_occurrence
    FOR EACH ROW EXECUTE FUNCTION refuse_changes_but('known_until', 'done_at', 'asked_at');
SELECT others_may('planned_work_workconfirmation', 'SELECT, INSERT');
"""


class Migration(SquashedMigration):

    replaces = [('planned_work', '0001_works_and_occurrences'), ('planned_work', '0002_second_persons'), ('planned_work', '0003_what_boxed_alerts_of_before'), ('planned_work', '0004_work_that_came_by_a_token'), ('planned_work', '0005_what_was_planned_stays'), ('planned_work', '0006_known_before_it_came')]

    initial = True

    dependencies = [
        ('accounts', '0001_people_and_grants'),
        ('audit', '0004_guarded_record'),
        ('incidents', '0027_what_boxes_an_alert'),
        ('sites', '0002_devices_by_address'),
    ]

    operations = [
        migrations.CreateModel(
            name='PlannedWork',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('uid', models.CharField(max_length=255)),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('done', 'Done'), ('cancelled', 'Cancelled')], default='planned', max_length=10)),
                ('made_by_label', models.CharField(max_length=200)),
                ('made_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sites.site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('site', 'uid'), name='a_site_knows_a_work_once')],
            },
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('is_latest', models.BooleanField(default=True)),
                ('known_from', models.DateTimeField()),
                ('by_label', models.CharField(max_length=200)),
                ('title', models.CharField(max_length=200)),
                ('kind', models.CharField(choices=[('vendor-visit', 'Vendor visit'), ('vendor-session', 'Remote vendor session'), ('firmware', 'Firmware update'), ('patching', 'Patching'), ('backup', 'Backup'), ('commissioning', 'Commissioning'), ('replacement', 'Replacement'), ('inspection', 'Inspection or calibration'), ('test', 'Test'), ('fire-test', 'Fire alarm test'), ('protection-test', 'Protection test'), ('network-change', 'Network change'), ('outage', 'Shut-down'), ('other', 'Other work')], max_length=20)),
                ('work_order', models.CharField(blank=True, max_length=60)),
                ('vendor', models.CharField(blank=True, max_length=120)),
                ('people', models.CharField(blank=True, max_length=200)),
                ('time_zone', models.CharField(max_length=64)),
                ('local_start', models.CharField(max_length=19)),
                ('length', models.DurationField()),
                ('rule', models.TextField(blank=True)),
                ('dates', models.JSONField(default=dict)),
                ('worked_out_until', models.DateTimeField()),
                ('digest', models.CharField(max_length=64)),
                ('came_by_token', models.BooleanField(db_default=False, default=False)),
                ('work', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='planned_work.plannedwork')),
                ('zone', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sites.zone')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('is_latest', True), models.Q(('rule', ''), _negated=True)), fields=['worked_out_until'], name='revisions_to_work_out')],
                'constraints': [models.UniqueConstraint(fields=('work', 'number'), name='revisions_of_a_work_in_order'), models.UniqueConstraint(condition=models.Q(('is_latest', True)), fields=('work',), name='a_work_has_one_latest_revision')],
            },
        ),
        migrations.CreateModel(
            name='Occurrence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('late_until', models.DateTimeField(null=True)),
                ('watched', django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ('known_from', models.DateTimeField()),
                ('known_until', models.DateTimeField(null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('asked_at', models.DateTimeField(null=True)),
                ('came_by_token', models.BooleanField(db_default=False, default=False)),
                ('stored_at', models.DateTimeField(null=True)),
                ('origin', models.CharField(choices=[('tagout', 'tagout'), ('calendar', 'calendar'), ('start', 'start')], db_default='tagout', default='tagout', max_length=8)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sites.site')),
                ('work', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='occurrences', to='planned_work.plannedwork')),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='occurrences', to='planned_work.revision')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GistIndex(fields=['watched'], name='occurrences_by_time'), models.Index(condition=models.Q(('known_until', None)), fields=['site', 'starts_at'], name='occurrences_of_a_site'), models.Index(condition=models.Q(('asked_at', None), ('done_at', None), ('known_until', None), ('late_until__isnull', False)), fields=['ends_at'], name='occurrences_to_ask_about')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gte', models.F('starts_at'))), name='work_ends_after_it_begins'), models.UniqueConstraint(condition=models.Q(('known_until', None)), fields=('work', 'starts_at'), name='a_work_takes_place_once_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='NamedDevice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('any', 'any'), ('from', 'from'), ('to', 'to')], max_length=4)),
                ('address', models.CharField(max_length=64)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('zone', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sites.zone')),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='devices', to='planned_work.revision')),
            ],
            options={
                'indexes': [models.Index(fields=['address'], name='named_devices_by_address')],
                'constraints': [models.UniqueConstraint(fields=('revision', 'side', 'zone', 'address'), name='a_revision_names_a_device_once_a_side')],
            },
        ),
        migrations.CreateModel(
            name='WorkConfirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('by_label', models.CharField(max_length=200)),
                ('confirmed_at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='confirmations', to='planned_work.revision')),
            ],
        ),
        migrations.CreateModel(
            name='WorkStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('by_label', models.CharField(max_length=200)),
                ('code', models.CharField(max_length=12)),
                ('details', models.JSONField(default=dict)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('work', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='planned_work.plannedwork')),
            ],
            options={
                'indexes': [models.Index(fields=['work', '-at'], name='history_of_a_work')],
            },
        ),
        migrations.RunSQL(STAYS, migrations.RunSQL.noop),
    ]
