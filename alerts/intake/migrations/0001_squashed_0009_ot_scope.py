"""The tables of this room as of 0.2.0, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.db.models.deletion
from django.db import migrations, models

from portal.squashed import SquashedMigration


class Migration(SquashedMigration):

    replaces = [('intake', '0001_cursors_and_runs'), ('intake', '0002_missing_and_resume'), ('intake', '0003_push_hints'), ('intake', '0004_log_backfills'), ('intake', '0005_own_watermark'), ('intake', '0006_hints_that_tell_nothing_new'), ('intake', '0007_oversized_incidents'), ('intake', '0008_backfills_with_gaps'), ('intake', '0009_ot_scope')]

    initial = True

    dependencies = [
        ('incidents', '0004_order_of_details'),
        ('sentinel', '0009_when_secrets_end'),
    ]

    operations = [
        migrations.CreateModel(
            name='Cursor',
            fields=[
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='cursor', serialize=False, to='sentinel.workspace')),
                ('watermark', models.DateTimeField(null=True)),
                ('backfilled_until', models.DateTimeField(null=True)),
                ('backfill_ends_at', models.DateTimeField(null=True)),
                ('swept_at', models.DateTimeField(null=True)),
                ('fresh_at', models.DateTimeField(null=True)),
                ('latest_error', models.TextField(blank=True)),
                ('resume', models.JSONField(default=dict)),
                ('own_watermark', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='PushAccess',
            fields=[
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='push_access', serialize=False, to='sentinel.workspace')),
                ('key', models.TextField(blank=True)),
                ('key_made_at', models.DateTimeField(null=True)),
                ('previous_key', models.TextField(blank=True)),
                ('previous_until', models.DateTimeField(null=True)),
                ('caller_id', models.CharField(blank=True, max_length=64)),
                ('audience', models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='PushState',
            fields=[
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='push_state', serialize=False, to='sentinel.workspace')),
                ('hinted_at', models.DateTimeField(null=True)),
                ('hints', models.PositiveIntegerField(default=0)),
                ('refused_at', models.DateTimeField(null=True)),
                ('refusal', models.CharField(blank=True, max_length=20)),
                ('known_at', models.DateTimeField(null=True)),
                ('known_hints', models.PositiveIntegerField(db_default=0, default=0)),
            ],
        ),
        migrations.CreateModel(
            name='SigningKeys',
            fields=[
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='signing_keys', serialize=False, to='sentinel.workspace')),
                ('keys', models.JSONField(default=list)),
                ('fetched_at', models.DateTimeField(null=True)),
                ('error', models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name='LogBackfill',
            fields=[
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='sentinel.workspace')),
                ('state', models.CharField(choices=[('running', 'Running'), ('paused', 'Paused'), ('done', 'Done'), ('failed', 'Failed')], default='running', max_length=8)),
                ('since', models.DateTimeField(null=True)),
                ('until', models.DateTimeField()),
                ('read_since', models.DateTimeField()),
                ('window_seconds', models.FloatField()),
                ('incidents', models.IntegerField(default=0)),
                ('alerts', models.IntegerField(default=0)),
                ('lone_alerts', models.IntegerField(default=0)),
                ('incomplete', models.IntegerField(default=0)),
                ('unreadable', models.IntegerField(default=0)),
                ('windows', models.IntegerField(default=0)),
                ('asked_by', models.CharField(max_length=200)),
                ('asked_at', models.DateTimeField()),
                ('progress_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('latest_error', models.TextField(blank=True)),
                ('gaps', models.JSONField(db_default=models.Value([], models.JSONField()), default=list)),
                ('reaches_oldest', models.BooleanField(db_default=False, default=False)),
                ('out_of_scope', models.IntegerField(db_default=0, default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['running', 'paused', 'done', 'failed'])), name='a_backfill_is_in_a_known_state'), models.CheckConstraint(condition=models.Q(('window_seconds__gt', 0)), name='a_window_is_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='Missing',
            fields=[
                ('incident', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='incidents.incident')),
                ('first_missed_at', models.DateTimeField()),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sentinel.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='OutsideCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('counted_by', models.CharField(choices=[('all', 'Reading of everything'), ('changes', 'Lists of changes')], max_length=7)),
                ('month', models.DateField(null=True)),
                ('reason', models.CharField(max_length=12)),
                ('products', models.TextField(blank=True)),
                ('n', models.IntegerField()),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'counted_by', 'month', 'reason', 'products'), name='what_is_outside_is_counted_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='OversizedIncident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=5)),
                ('listed_by', models.CharField(max_length=20)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('is_located', models.BooleanField(default=False)),
                ('name', models.CharField(blank=True, max_length=128)),
                ('retry_at', models.DateTimeField()),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', 'source', 'listed_by', 'since'], name='oversized_incidents')],
                'constraints': [models.CheckConstraint(condition=models.Q(('since__lt', models.F('until'))), name='an_oversized_incident_stands_somewhere')],
            },
        ),
        migrations.CreateModel(
            name='PushMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message_id', models.CharField(max_length=100)),
                ('received_at', models.DateTimeField()),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'message_id'), name='a_push_message_is_taken_once')],
            },
        ),
        migrations.CreateModel(
            name='Quarantined',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.CharField(max_length=64)),
                ('name', models.CharField(blank=True, max_length=100)),
                ('reason', models.TextField()),
                ('raw', models.TextField()),
                ('first_seen_at', models.DateTimeField()),
                ('latest_seen_at', models.DateTimeField()),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'fingerprint'), name='what_cannot_be_read_is_kept_once')],
            },
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('poll', 'What changed'), ('backfill', 'History'), ('sweep', 'Full sweep')], max_length=8)),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('seen', models.IntegerField(default=0)),
                ('new', models.IntegerField(default=0)),
                ('changed', models.IntegerField(default=0)),
                ('unchanged', models.IntegerField(default=0)),
                ('quarantined', models.IntegerField(default=0)),
                ('merged', models.IntegerField(default=0)),
                ('deleted', models.IntegerField(default=0)),
                ('flagged', models.IntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('out_of_scope', models.IntegerField(db_default=0, default=0)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', '-started_at'], name='runs_newest')],
            },
        ),
    ]
