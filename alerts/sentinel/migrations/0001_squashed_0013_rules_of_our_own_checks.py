"""The tables of this room as of 0.2.0, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.db import migrations, models

from portal.squashed import SquashedMigration

VIEWS = """
CREATE VIEW sentinel_workspaces WITH (security_invoker = true) AS SELECT
    id, name
FROM sentinel_workspace;
"""
NO_VIEWS = """
DROP VIEW sentinel_workspaces;
"""


class Migration(SquashedMigration):

    replaces = [('sentinel', '0001_workspaces'), ('sentinel', '0002_credentials_and_reachability'), ('sentinel', '0003_how_old_what_we_know_is'), ('sentinel', '0004_when_certificates_end'), ('sentinel', '0005_views_for_other_rooms'), ('sentinel', '0006_incidents_of_the_defender_portal'), ('sentinel', '0007_status_sync'), ('sentinel', '0008_what_sentinel_listed'), ('sentinel', '0009_when_secrets_end'), ('sentinel', '0010_accepted_api_versions'), ('sentinel', '0011_portal_residence'), ('sentinel', '0012_ot_scope'), ('sentinel', '0013_rules_of_our_own_checks')]

    initial = True

    dependencies = [
        ('accounts', '0008_failures_by_device_and_hour'),
    ]

    operations = [
        migrations.CreateModel(
            name='Workspace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.SlugField(max_length=80, unique=True)),
                ('tenant_id', models.CharField(max_length=64)),
                ('subscription_id', models.CharField(max_length=64)),
                ('resource_group', models.CharField(max_length=90)),
                ('workspace_name', models.CharField(max_length=80)),
                ('endpoint', models.URLField(default='https://management.azure.com', max_length=300)),
                ('authority', models.URLField(default='https://login.microsoftonline.com', max_length=300)),
                ('logs_endpoint', models.URLField(blank=True, max_length=300)),
                ('ca_bundle', models.CharField(blank=True, max_length=500)),
                ('credential', models.CharField(choices=[('managed-identity', 'Managed identity'), ('workload-identity', 'Workload identity federation'), ('certificate', 'Certificate'), ('client-secret', 'Client secret')], max_length=20)),
                ('client_id', models.CharField(blank=True, max_length=64)),
                ('secret_env', models.CharField(blank=True, max_length=120)),
                ('certificate_file', models.CharField(blank=True, max_length=500)),
                ('state', models.CharField(choices=[('active', 'Active'), ('paused', 'Paused'), ('removed', 'Removed')], default='active', max_length=8)),
                ('added_at', models.DateTimeField()),
                ('capabilities', models.JSONField(blank=True, default=dict)),
                ('graph_endpoint', models.URLField(db_default='https://graph.microsoft.com', default='https://graph.microsoft.com', max_length=300)),
                ('source', models.CharField(choices=[('arm', 'Azure Resource Manager'), ('graph', 'Microsoft Graph')], db_default='arm', default='arm', max_length=5)),
                ('closes_at_source', models.BooleanField(null=True)),
                ('secret_ends_on', models.DateField(null=True)),
                ('iot_rules', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), db_default=[], default=list)),
                ('ot_scope', models.CharField(choices=[('d4iot', 'Defender for IoT'), ('rules', 'Analytics rules of Defender for IoT'), ('all', 'Everything')], db_default='d4iot', default='d4iot', max_length=5)),
                ('other_rules', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), db_default=[], default=list)),
                ('checks', models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)),
                ('organisation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='accounts.organisation')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('authority__startswith', 'https://'), ('endpoint__startswith', 'https://')), name='tokens_travel_over_tls_only'), models.CheckConstraint(condition=models.Q(('credential__in', ['managed-identity', 'workload-identity', 'certificate', 'client-secret'])), name='a_workspace_signs_in_by_a_known_way'), models.CheckConstraint(condition=models.Q(('state__in', ['active', 'paused', 'removed'])), name='a_workspace_is_active_paused_or_removed'), models.CheckConstraint(condition=models.Q(('graph_endpoint__startswith', 'https://'), ('source__in', ['arm', 'graph'])), name='a_workspace_has_a_source_of_incidents_over_tls'), models.CheckConstraint(condition=models.Q(('ot_scope__in', ['d4iot', 'rules', 'all'])), name='a_workspace_has_a_known_scope')],
            },
        ),
        migrations.CreateModel(
            name='Freshness',
            fields=[
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='freshness', serialize=False, to='sentinel.workspace')),
                ('fresh_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='DefenderIncident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('graph_id', models.CharField(max_length=20)),
                ('name', models.CharField(blank=True, max_length=100)),
                ('number', models.BigIntegerField(null=True)),
                ('created_at', models.DateTimeField(null=True)),
                ('waits_since', models.DateTimeField(null=True)),
                ('survivor', models.CharField(blank=True, max_length=20)),
                ('listed', models.JSONField(null=True)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='defender_incidents', to='sentinel.workspace')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('waits_since__isnull', False)), fields=['workspace', 'waits_since'], name='defender_incidents_waiting'), models.Index(condition=models.Q(('survivor', ''), _negated=True), fields=['workspace', 'survivor'], name='defender_incidents_merged')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'graph_id'), name='a_defender_incident_is_known_once'), models.UniqueConstraint(condition=models.Q(('name', ''), _negated=True), fields=('workspace', 'name'), name='a_name_stands_for_one_defender_incident'), models.CheckConstraint(condition=models.Q(models.Q(('name', ''), _negated=True), ('waits_since__isnull', False), _connector='OR'), name='a_defender_incident_without_a_name_waits')],
            },
        ),
        migrations.CreateModel(
            name='ApiVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('endpoint', models.CharField(max_length=40)),
                ('version', models.CharField(max_length=20)),
                ('refused', models.CharField(blank=True, max_length=20)),
                ('accepted_at', models.DateTimeField()),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_versions', to='sentinel.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'endpoint'), name='an_endpoint_has_one_accepted_version')],
            },
        ),
        migrations.CreateModel(
            name='Reachability',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('read', 'Reading incidents'), ('incidents', 'Writing incidents and comments'), ('rules', 'Deploying automation rules')], default='read', max_length=10)),
                ('not_before', models.DateTimeField(null=True)),
                ('throttles', models.PositiveIntegerField(default=0)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('open_until', models.DateTimeField(null=True)),
                ('reached_at', models.DateTimeField(null=True)),
                ('denied_since', models.DateTimeField(null=True)),
                ('gone_since', models.DateTimeField(null=True)),
                ('latest_error', models.CharField(blank=True, max_length=500)),
                ('latest_error_code', models.CharField(blank=True, max_length=100)),
                ('latest_error_at', models.DateTimeField(null=True)),
                ('credential_ends_at', models.DateTimeField(null=True)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reachability', to='sentinel.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'purpose'), name='a_purpose_is_reachable_in_one_way')],
            },
        ),
        migrations.CreateModel(
            name='WorkspaceCredential',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('read', 'Reading incidents'), ('incidents', 'Writing incidents and comments'), ('rules', 'Deploying automation rules')], max_length=10)),
                ('kind', models.CharField(choices=[('managed-identity', 'Managed identity'), ('workload-identity', 'Workload identity federation'), ('certificate', 'Certificate'), ('client-secret', 'Client secret')], max_length=20)),
                ('client_id', models.CharField(blank=True, max_length=64)),
                ('secret_env', models.CharField(blank=True, max_length=120)),
                ('certificate_file', models.CharField(blank=True, max_length=500)),
                ('secret_ends_on', models.DateField(null=True)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='credentials', to='sentinel.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'purpose'), name='a_purpose_has_one_credential'), models.CheckConstraint(condition=models.Q(('purpose__in', ['read', 'incidents', 'rules'])), name='a_credential_has_a_known_purpose'), models.CheckConstraint(condition=models.Q(('kind', 'managed-identity'), ('kind', 'workload-identity'), models.Q(('kind', 'certificate'), models.Q(('certificate_file', ''), _negated=True), models.Q(('client_id', ''), _negated=True)), models.Q(('kind', 'client-secret'), models.Q(('secret_env', ''), _negated=True), models.Q(('client_id', ''), _negated=True)), _connector='OR'), name='a_credential_names_what_its_kind_needs')],
            },
        ),
        migrations.CreateModel(
            name='PortalResidence',
            fields=[
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='portal_residence', serialize=False, to='sentinel.workspace')),
                ('is_in_portal', models.BooleanField(null=True)),
                ('since', models.DateTimeField(null=True)),
                ('asked_at', models.DateTimeField()),
                ('incident_name', models.CharField(blank=True, max_length=100)),
                ('incident_number', models.IntegerField(null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('incident_name', ''), ('incident_number__isnull', True), ('is_in_portal__isnull', True), ('since__isnull', True)), models.Q(('incident_number__isnull', False), ('is_in_portal__isnull', False), ('since__isnull', False), models.Q(('incident_name', ''), _negated=True)), _connector='OR'), name='a_portal_residence_has_its_evidence')],
            },
        ),
        migrations.RunSQL(VIEWS, NO_VIEWS),
    ]
