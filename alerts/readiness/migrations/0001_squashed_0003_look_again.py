"""The tables of this room as 0003 leaves them, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.squashed import SquashedMigration


class Migration(SquashedMigration):

    replaces = [('readiness', '0001_findings_and_steps'), ('readiness', '0002_more_setup_steps'), ('readiness', '0003_look_again')]

    initial = True

    dependencies = [
        ('accounts', '0001_people_and_grants'),
        ('jobs', '0001_work_as_rows'),
        ('sentinel', '0005_views_for_other_rooms'),
    ]

    operations = [
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(max_length=200)),
                ('facts', models.JSONField(null=True)),
                ('read_at', models.DateTimeField(null=True)),
                ('tried_at', models.DateTimeField()),
                ('error', models.CharField(blank=True, max_length=500)),
                ('error_code', models.CharField(blank=True, max_length=100)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='sentinel.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'part'), name='a_part_of_a_workspace_is_found_once')],
            },
        ),
        migrations.CreateModel(
            name='SetupStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('dead', 'Given up')], default='waiting', max_length=8)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('latest_error', models.TextField(blank=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('kind', models.CharField(choices=[('connect', 'Connect Defender for IoT'), ('install', 'Install the content package'), ('enable', 'Enable the analytics rules'), ('cover', 'Make incidents of alert types without a rule'), ('single', "Disable the connector's own rule"), ('tag', 'Keep incidents of the rules from being merged')], max_length=8)),
                ('target', models.CharField(blank=True, max_length=64)),
                ('asked_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('result', models.JSONField(default=dict)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='setup_steps', to='sentinel.workspace')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['due_at'], name='readiness_steps_open')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'running'])), fields=('workspace', 'kind', 'target'), name='a_setup_step_is_asked_for_once_at_a_time'), models.CheckConstraint(condition=models.Q(('kind__in', ['connect', 'install', 'enable', 'cover', 'single', 'tag'])), name='a_setup_step_is_of_a_known_kind')],
            },
        ),
    ]
