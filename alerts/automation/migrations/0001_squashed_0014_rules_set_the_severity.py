"""The tables of this room as of 0.2.0, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from portal.squashed import SquashedMigration

FORWARD = """
SET LOCAL lock_timeout = '3s';
ALTER TABLE outbox_change ADD CONSTRAINT the_run_of_a_change_was_asked_for FOREIGN KEY (run_uuid)
    REFERENCES automation_playbookrun (uuid) DEFERRABLE INITIALLY DEFERRED;
CREATE TRIGGER what_was_asked_for_stays BEFORE UPDATE OF uuid, playbook_id, change_id, consent_id, by_id,
    reason, definition_digest, asked_at
    ON automation_playbookrun FOR EACH ROW EXECUTE FUNCTION refuse_changes_but('incident_id', 'name',
        'status', 'started_at', 'ended_at', 'error_code', 'error');
CREATE TRIGGER what_was_asked_for_stays BEFORE UPDATE OF act, verb, said, title, by_id, incident_ids,
    standings
    ON incidents_bulkact FOR EACH ROW EXECUTE FUNCTION refuse_changes_but('state', 'due_at', 'attempts',
        'fence', 'lease_until', 'latest_error', 'settled_at', 'made_at', 'worked', 'done', 'ended_at',
        'stopped_at', 'undone_at', 'undone');
CREATE TRIGGER what_was_asked_for_stays BEFORE UPDATE ON automation_plantconsent
    FOR EACH ROW WHEN (OLD.state = 'asked') EXECUTE FUNCTION refuse_changes_but('state', 'kind',
        'decided_by_id', 'decision_reason', 'decided_at');
CREATE TRIGGER what_was_decided_stays BEFORE UPDATE ON automation_plantconsent
    FOR EACH ROW WHEN (OLD.state <> 'asked') EXECUTE FUNCTION refuse_changes_but();
"""
BACK = """
DROP TRIGGER what_was_asked_for_stays ON incidents_bulkact;
ALTER TABLE outbox_change DROP CONSTRAINT the_run_of_a_change_was_asked_for;
"""


class Migration(SquashedMigration):

    replaces = [('automation', '0001_what_sentinel_does_by_itself'), ('automation', '0002_rules_made_from_incidents'), ('automation', '0003_checks_of_workflows'), ('automation', '0004_consent_is_to_these_steps'), ('automation', '0005_playbooks_know_whether_all_steps_were_read'), ('automation', '0006_consent_is_to_a_definition'), ('automation', '0007_long_playbooks_are_read_again'), ('automation', '0008_harmless_by_what_is_called'), ('automation', '0009_changes_name_their_runs'), ('automation', '0010_what_was_asked_for_stays'), ('automation', '0011_values_outside_of_the_definition'), ('automation', '0012_checks_of_before'), ('automation', '0013_consents_are_written_once'), ('automation', '0014_rules_set_the_severity')]

    initial = True

    dependencies = [
        ('accounts', '0001_people_and_grants'),
        ('audit', '0004_guarded_record'),
        ('incidents', '0023_tasks_of_incidents'),
        ('outbox', '0009_what_rules_owe'),
        ('sentinel', '0013_rules_of_our_own_checks'),
    ]

    operations = [
        migrations.CreateModel(
            name='Inventory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('dead', 'Given up')], default='waiting', max_length=8)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('latest_error', models.TextField(blank=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('rules_read_at', models.DateTimeField(null=True)),
                ('rules_error', models.TextField(blank=True)),
                ('playbooks_read_at', models.DateTimeField(null=True)),
                ('playbooks_error', models.TextField(blank=True)),
                ('runs_read_at', models.DateTimeField(null=True)),
                ('runs_error', models.TextField(blank=True)),
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Playbook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('resource_id', models.CharField(max_length=400)),
                ('name', models.CharField(max_length=200)),
                ('location', models.CharField(blank=True, max_length=60)),
                ('description', models.TextField(blank=True)),
                ('is_enabled', models.BooleanField()),
                ('has_incident_trigger', models.BooleanField()),
                ('steps', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list)),
                ('evidence', models.JSONField(default=list)),
                ('mark', models.BooleanField(null=True)),
                ('mark_reason', models.CharField(blank=True, max_length=300)),
                ('marked_at', models.DateTimeField(null=True)),
                ('gone_at', models.DateTimeField(null=True)),
                ('has_all_steps', models.BooleanField(db_default=True, default=True)),
                ('definition_digest', models.CharField(blank=True, db_default='', default='', max_length=64)),
                ('is_harmless', models.BooleanField(db_default=False, default=False)),
                ('mark_digest', models.CharField(blank=True, db_default='', default='', max_length=64)),
                ('has_hidden_values', models.BooleanField(db_default=False, default=False)),
                ('marked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'resource_id'), name='a_playbook_is_found_once_in_a_workspace')],
            },
        ),
        migrations.CreateModel(
            name='PlantConsent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('reason', models.CharField(max_length=300)),
                ('asked_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('asked', 'Waiting for consent'), ('given', 'Consented'), ('declined', 'Declined')], default='asked', max_length=8)),
                ('kind', models.CharField(blank=True, choices=[('ot', 'OT of the site'), ('second', 'Second person')], max_length=6)),
                ('decision_reason', models.CharField(blank=True, max_length=300)),
                ('decided_at', models.DateTimeField(null=True)),
                ('steps', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list)),
                ('definition_digest', models.CharField(blank=True, db_default='', default='', max_length=64)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='incidents.incident')),
                ('playbook', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='automation.playbook')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('decided_by', None), models.Q(('decided_by', models.F('asked_by')), _negated=True), _connector='OR'), name='nobody_consents_to_what_they_asked'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'given'), _negated=True), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('kind__in', ['ot', 'second'])), _connector='OR'), name='a_consent_has_a_person_and_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'second'), _negated=True), models.Q(('decision_reason', ''), _negated=True), _connector='OR'), name='a_second_person_gives_a_reason'), models.UniqueConstraint(condition=models.Q(('state', 'asked')), fields=('playbook', 'incident'), name='consent_is_asked_once_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='MadeRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('effect', models.CharField(choices=[('playbook', 'Run a playbook'), ('assign', 'Assign it to the OT team'), ('severity', 'Set the severity'), ('enrich', 'Add a label and a task')], max_length=8)),
                ('alert_type', models.TextField()),
                ('devices', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list)),
                ('addresses', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list)),
                ('body', models.JSONField()),
                ('previewed', models.PositiveIntegerField()),
                ('made_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(null=True)),
                ('reason', models.TextField(blank=True, db_default='', default='')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='incidents.incident')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('removed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sentinel.workspace')),
                ('playbook', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='automation.playbook')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('made_at'))), name='a_made_rule_ends'), models.CheckConstraint(condition=models.Q(models.Q(('effect', 'playbook'), ('playbook__isnull', False)), models.Q(models.Q(('effect', 'playbook'), _negated=True), ('playbook', None)), _connector='OR'), name='a_rule_that_runs_a_playbook_names_it')],
            },
        ),
        migrations.CreateModel(
            name='PlaybookRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('asked_at', models.DateTimeField(null=True)),
                ('name', models.CharField(blank=True, max_length=100)),
                ('status', models.CharField(blank=True, max_length=40)),
                ('started_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('error_code', models.CharField(blank=True, max_length=100)),
                ('error', models.CharField(blank=True, max_length=500)),
                ('definition_digest', models.CharField(blank=True, db_default='', default='', max_length=64)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('change', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='playbook_run', to='outbox.change')),
                ('consent', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='automation.plantconsent')),
                ('incident', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='playbook_runs', to='incidents.incident')),
                ('playbook', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='automation.playbook')),
            ],
            options={
                'indexes': [models.Index(fields=['incident', '-id'], name='runs_of_an_incident')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('name', ''), _negated=True), fields=('playbook', 'name'), name='a_run_of_a_playbook_is_seen_once'), models.CheckConstraint(condition=models.Q(models.Q(('name', ''), _negated=True), ('asked_at__isnull', False), _connector='OR'), name='a_run_was_asked_for_or_seen')],
            },
        ),
        migrations.CreateModel(
            name='WorkflowCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('dead', 'Given up')], default='waiting', max_length=8)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('latest_error', models.TextField(blank=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('by_label', models.CharField(max_length=200)),
                ('begun_at', models.DateTimeField()),
                ('stage', models.CharField(default='rule', max_length=10)),
                ('stage_began_at', models.DateTimeField()),
                ('stages', models.JSONField(default=list)),
                ('sent_at', models.DateTimeField(null=True)),
                ('incident_name', models.CharField(blank=True, max_length=100)),
                ('runs_before', models.JSONField(default=list)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('playbook', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='automation.playbook')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'running'])), fields=('workspace',), name='a_workspace_is_checked_once_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='FoundRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('body', models.JSONField()),
                ('found_at', models.DateTimeField()),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'name'), name='a_rule_is_found_once_in_a_workspace')],
            },
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
