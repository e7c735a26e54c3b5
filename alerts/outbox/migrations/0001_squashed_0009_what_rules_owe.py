"""The tables of this room as of 0.2.0, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from portal.squashed import SquashedMigration


class Migration(SquashedMigration):

    replaces = [('outbox', '0001_what_is_owed'), ('outbox', '0002_one_index_a_workspace'), ('outbox', '0003_what_rules_are_wanted'), ('outbox', '0004_runs_of_playbooks'), ('outbox', '0005_tasks_of_incidents'), ('outbox', '0006_automation_rules'), ('outbox', '0007_what_is_wanted_in_a_watchlist'), ('outbox', '0008_checks_by_kind'), ('outbox', '0009_what_rules_owe')]

    initial = True

    dependencies = [
        ('accounts', '0001_people_and_grants'),
        ('sentinel', '0002_credentials_and_reachability'),
    ]

    operations = [
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('dead', 'Given up')], default='waiting', max_length=8)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('latest_error', models.TextField(blank=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('key', models.UUIDField(unique=True)),
                ('act', models.UUIDField()),
                ('incident_name', models.CharField(max_length=100)),
                ('kind', models.CharField(choices=[('update', 'Change the incident'), ('comment', 'Add a comment'), ('playbook', 'Run a playbook'), ('task', 'Write a task'), ('close', 'Close in the name of rules'), ('tag', 'Label in the name of rules')], max_length=8)),
                ('patch', models.JSONField(default=dict)),
                ('base', models.JSONField(default=dict)),
                ('message', models.TextField(blank=True)),
                ('urgency', models.SmallIntegerField(choices=[(0, 'Person'), (2, 'Person, many at once'), (5, 'Machine')], default=0)),
                ('check_name', models.CharField(blank=True, max_length=40)),
                ('check_args', models.JSONField(default=dict)),
                ('by_label', models.CharField(max_length=200)),
                ('made_at', models.DateTimeField()),
                ('outcome', models.CharField(blank=True, choices=[('', 'Owed'), ('sent', 'In Sentinel'), ('conflicted', 'A person in Sentinel was faster'), ('refused', 'Refused by Sentinel'), ('withdrawn', 'Undone before it was sent'), ('dropped', 'No longer right when its turn came')], default='', max_length=10)),
                ('note', models.TextField(blank=True)),
                ('etag_after', models.CharField(blank=True, max_length=120)),
                ('playbook', models.CharField(blank=True, db_default='', max_length=400)),
                ('sent_at', models.DateTimeField(null=True)),
                ('task', models.CharField(blank=True, db_default='', max_length=100)),
                ('run_uuid', models.UUIDField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', 'incident_name', 'id'], name='changes_of_an_incident'), models.Index(fields=['act'], name='changes_of_an_act'), models.Index(condition=models.Q(('outcome', '')), fields=['workspace', 'urgency', 'due_at', 'id'], name='changes_owed_to_a_workspace')],
            },
        ),
        migrations.CreateModel(
            name='WantedRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('dead', 'Given up')], default='waiting', max_length=8)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('latest_error', models.TextField(blank=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('name', models.UUIDField()),
                ('kind', models.CharField(choices=[('rule', 'Suppression rule'), ('gate', 'Gate'), ('probe', 'Probe'), ('auto', 'Automation rule'), ('list', 'Watchlist'), ('listgate', 'Gate of the watchlist'), ('pair', 'Routine pair')], max_length=8)),
                ('about', models.UUIDField(default=uuid.uuid4)),
                ('label', models.CharField(max_length=80)),
                ('wanted', models.JSONField(null=True)),
                ('wanted_version', models.PositiveIntegerField(default=1)),
                ('wanted_at', models.DateTimeField()),
                ('reason', models.TextField(blank=True)),
                ('insists', models.BooleanField(default=False)),
                ('urgency', models.SmallIntegerField(choices=[(0, 'The gate'), (1, 'Take away'), (5, 'Rule'), (8, 'Longer lease')], default=5)),
                ('landed', models.JSONField(null=True)),
                ('landed_version', models.PositiveIntegerField(default=0)),
                ('landed_at', models.DateTimeField(null=True)),
                ('landed_etag', models.CharField(blank=True, max_length=120)),
                ('sent', models.JSONField(null=True)),
                ('outcome', models.CharField(blank=True, choices=[('', 'On its way'), ('landed', 'As wanted'), ('refused', 'Refused by Sentinel'), ('held', 'Changed by hand in Sentinel')], default='', max_length=8)),
                ('note', models.TextField(blank=True)),
                ('error_code', models.CharField(blank=True, max_length=100)),
                ('error_at', models.DateTimeField(null=True)),
                ('misses', models.PositiveSmallIntegerField(default=0)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('outcome', '')), fields=['workspace', 'urgency', 'due_at', 'id'], name='rules_owed_to_a_workspace'), models.Index(fields=['about'], name='wanted_rules_about')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'name'), name='a_rule_is_wanted_once_in_a_workspace')],
            },
        ),
    ]
