"""The tables of this room as of 0.2.0, in one step. The files that it replaces bring the tables of
older releases there.
"""

import alerts.patterns.models
import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from portal.squashed import SquashedMigration


class Migration(SquashedMigration):

    replaces = [('patterns', '0001_candidates'), ('patterns', '0002_what_was_said_outside_the_hours'), ('patterns', '0003_patterns_of_processes'), ('patterns', '0004_keep_what_people_decided'), ('patterns', '0005_no_exact_pairs'), ('patterns', '0006_questions_of_the_plan')]

    initial = True

    dependencies = [
        ('accounts', '0001_people_and_grants'),
        ('reviews', '0006_when_a_file_told_it'),
        ('sentinel', '0003_how_old_what_we_know_is'),
        ('sites', '0002_devices_by_address'),
        ('suppression', '0002_days_of_sites'),
    ]

    operations = [
        migrations.CreateModel(
            name='Candidate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('key', models.UUIDField(unique=True)),
                ('alerts', models.PositiveIntegerField()),
                ('incidents', models.PositiveIntegerField()),
                ('days_seen', models.PositiveSmallIntegerField()),
                ('first_at', models.DateTimeField()),
                ('latest_at', models.DateTimeField()),
                ('rhythm', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), size=168)),
                ('routine', models.PositiveIntegerField(default=0)),
                ('maintenance', models.PositiveIntegerField(default=0)),
                ('suspicious', models.PositiveIntegerField(default=0)),
                ('not_sure', models.PositiveIntegerField(default=0)),
                ('true_positives', models.PositiveIntegerField(default=0)),
                ('judged', models.PositiveIntegerField(default=0)),
                ('limit', models.FloatField(default=1)),
                ('cause', models.CharField(blank=True, max_length=60)),
                ('minutes_each', models.FloatField(null=True)),
                ('minutes_month', models.FloatField(null=True)),
                ('rank', models.FloatField(default=0)),
                ('mined_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('open', 'Open'), ('rejected', 'Rejected'), ('snoozed', 'Snoozed'), ('has-rule', 'Has a rule')], default='open', max_length=8)),
                ('state_at', models.DateTimeField(null=True)),
                ('state_reason', models.CharField(blank=True, max_length=500)),
                ('snoozed_until', models.DateTimeField(null=True)),
                ('title', models.CharField(max_length=200)),
                ('pattern', models.JSONField(validators=[alerts.patterns.models.check_pattern])),
                ('alert_types', django.contrib.postgres.fields.ArrayField(base_field=models.TextField())),
                ('search_text', models.TextField(blank=True)),
                ('type_figures', models.JSONField(default=list)),
                ('member_figures', models.JSONField(default=dict)),
                ('reasons', models.JSONField(default=list)),
                ('obstacles', models.JSONField(default=list)),
                ('closings', models.PositiveIntegerField(default=0)),
                ('people', models.PositiveSmallIntegerField(default=0)),
                ('judged_share', models.FloatField(default=0)),
                ('has_enough_evidence', models.BooleanField(default=False)),
                ('open_units', models.JSONField(default=list)),
                ('annotations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, default=list)),
                ('plan_order', models.PositiveSmallIntegerField(null=True)),
                ('plan_gain', models.PositiveIntegerField(default=0)),
                ('plan_share', models.FloatField(default=0)),
                ('rule', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='suppression.rule')),
                ('site', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sites.site')),
                ('state_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['-rank', '-incidents', 'id'], name='candidates_by_rank'), models.Index(condition=models.Q(('plan_order__isnull', False)), fields=['site', 'plan_order'], name='candidates_by_plan')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'rejected'), _negated=True), models.Q(('state_reason', ''), _negated=True), _connector='OR'), name='a_rejected_candidate_says_why'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'snoozed'), _negated=True), ('snoozed_until__isnull', False), _connector='OR'), name='a_snoozed_candidate_comes_back')],
            },
        ),
        migrations.CreateModel(
            name='Mining',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ran_at', models.DateTimeField()),
                ('days', models.PositiveSmallIntegerField()),
                ('history_days', models.PositiveIntegerField()),
                ('alerts', models.PositiveIntegerField()),
                ('verdicts', models.PositiveIntegerField()),
                ('candidates', models.PositiveIntegerField()),
                ('seconds', models.FloatField()),
            ],
            options={
                'indexes': [models.Index(fields=['-ran_at'], name='minings_newest')],
            },
        ),
        migrations.CreateModel(
            name='PlanQuestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField()),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('candidate', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='questions', to='patterns.candidate')),
                ('review', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='reviews.review')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sites.site')),
            ],
            options={
                'indexes': [models.Index(fields=['-asked_at'], name='plan_questions_newest')],
            },
        ),
        migrations.CreateModel(
            name='SiteMining',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('history_days', models.PositiveIntegerField()),
                ('alerts', models.PositiveIntegerField()),
                ('incidents', models.PositiveIntegerField()),
                ('verdicts', models.PositiveIntegerField()),
                ('patterns', models.PositiveIntegerField()),
                ('living_incidents', models.PositiveIntegerField()),
                ('plan_incidents', models.PositiveIntegerField()),
                ('mining', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sites', to='patterns.mining')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sites.site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('mining', 'site'), name='a_mining_counts_a_site_once')],
            },
        ),
    ]
