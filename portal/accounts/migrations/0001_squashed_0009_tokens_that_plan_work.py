"""The tables of this room as of 0.2.0, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import uuid
from django.conf import settings
from django.db import migrations, models

from portal.squashed import SquashedMigration


class Migration(SquashedMigration):

    replaces = [('accounts', '0001_people_and_grants'), ('accounts', '0002_failed_sign_ins'), ('accounts', '0003_api_tokens'), ('accounts', '0004_a_reader_may_want_their_own_time'), ('accounts', '0005_tokens_that_describe_sites'), ('accounts', '0006_sessions_by_digest'), ('accounts', '0007_forget_sessions_with_keys'), ('accounts', '0008_failures_by_device_and_hour'), ('accounts', '0009_tokens_that_plan_work')]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=120, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('is_active', models.BooleanField(default=True)),
                ('is_staff', models.BooleanField(default=False)),
                ('tid', models.CharField(blank=True, max_length=64)),
                ('oid', models.CharField(blank=True, max_length=64)),
                ('language', models.CharField(blank=True, max_length=8)),
                ('time_display', models.CharField(choices=[('plant', 'Plant time'), ('utc', 'UTC'), ('mine', "The reader's own time")], default='plant', max_length=8)),
                ('keys_on', models.BooleanField(default=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower(models.F('email')))), name='an_address_is_stored_in_lower_case'), models.UniqueConstraint(condition=models.Q(('oid', ''), _negated=True), fields=('tid', 'oid'), name='an_entra_person_has_one_account')],
            },
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('key_digest', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('data', models.TextField()),
                ('begun_at', models.DateTimeField()),
                ('works_until', models.DateTimeField()),
                ('ends_at', models.DateTimeField(db_index=True)),
                ('stays_signed_in', models.BooleanField(default=False)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='SignInFailure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.CharField(max_length=254)),
                ('address', models.GenericIPAddressField(null=True)),
                ('at', models.DateTimeField()),
                ('source', models.CharField(blank=True, db_default='', default='', max_length=80)),
            ],
            options={
                'indexes': [models.Index(fields=['email', 'address', '-at'], name='recent_failures'), models.Index(fields=['address', '-at'], name='failures_of_an_address'), models.Index(fields=['at'], name='failures_by_age')],
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=80)),
                ('prefix', models.CharField(max_length=12, unique=True)),
                ('digest', models.CharField(max_length=64)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('read', 'Read everything that you may read'), ('incidents:write', 'Triage incidents: close, assign, label, ask'), ('reviews:write', 'Answer, hand over and withdraw questions to OT, and judge incidents for it'), ('work:write', 'Plan, change, extend, finish and cancel work'), ('sites:write', 'Describe devices and sites'), ('rules:write', 'Propose, pause and retire rules; never sign them')], max_length=20))),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('used_from', models.CharField(blank=True, max_length=64)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tokens', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['owner', '-made_at'], name='tokens_of_a_person')],
                'constraints': [models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('made_at'))), name='a_token_ends_after_it_began'), models.CheckConstraint(condition=models.Q(('scopes', []), _negated=True), name='a_token_is_good_for_something')],
            },
        ),
        migrations.CreateModel(
            name='FailuresOfAnHour',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.GenericIPAddressField(null=True)),
                ('hour', models.DateTimeField()),
                ('failures', models.PositiveIntegerField()),
                ('first_at', models.DateTimeField()),
                ('latest_at', models.DateTimeField()),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['hour'], name='failures_by_hour')],
                'constraints': [models.UniqueConstraint(fields=('user', 'address', 'hour'), name='failures_of_an_hour_are_summed_up_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('ot-engineer', 'OT engineer'), ('ot-site-lead', 'OT site lead'), ('soc-analyst', 'SOC analyst'), ('soc-lead', 'SOC lead'), ('training-manager', 'Training manager'), ('manager', 'Manager'), ('auditor', 'Auditor'), ('administrator', 'Administrator')], max_length=20)),
                ('scope', models.CharField(choices=[('all', 'Everything'), ('organisation', 'Organisation'), ('workspace', 'Workspace'), ('site', 'Site')], max_length=12)),
                ('scope_uuid', models.UUIDField(blank=True, null=True)),
                ('granted_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('granted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['scope', 'scope_uuid', 'role'], name='grants_by_scope')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('scope', 'all'), ('scope_uuid__isnull', True)), models.Q(models.Q(('scope', 'all'), _negated=True), ('scope_uuid__isnull', False)), _connector='OR'), name='only_a_grant_for_everything_names_no_scope'), models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True)), fields=('user', 'role', 'scope', 'scope_uuid'), name='a_person_holds_a_role_in_a_scope_once', nulls_distinct=False)],
            },
        ),
    ]
