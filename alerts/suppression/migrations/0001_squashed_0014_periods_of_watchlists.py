"""The tables of this room as of 0.2.0, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from portal.squashed import SquashedMigration

STAYS = """
-- A line that was not carried out begins anew; all others keep what was said when the rule acted.
CREATE TRIGGER ledger_is_written_once BEFORE UPDATE ON suppression_ledgerentry
    FOR EACH ROW
    WHEN (OLD.ending <> 'not-sent' OR (OLD.act = 'closed' AND OLD.landed_at IS NOT NULL))
    EXECUTE FUNCTION refuse_changes_but('alerts', 'change_key', 'landed_at', 'ending', 'ended_at',
        'ending_note', 'review_again_at', 'reviewed_at', 'kept_open');
-- A close that Sentinel has stays one: who calls it not sent cannot write another over it.
CREATE TRIGGER ledger_stays_landed BEFORE UPDATE ON suppression_ledgerentry
    FOR EACH ROW
    WHEN (OLD.act = 'closed' AND OLD.landed_at IS NOT NULL AND NEW.landed_at IS NULL)
    EXECUTE FUNCTION refuse_changes_but();
CREATE TRIGGER ledger_stays_with_its_rule BEFORE UPDATE ON suppression_ledgerentry
    FOR EACH ROW
    WHEN (OLD.ending = 'not-sent' AND NOT (OLD.act = 'closed' AND OLD.landed_at IS NOT NULL))
    EXECUTE FUNCTION refuse_changes_but('rule_hash', 'where', 'at', 'reason', 'signed_ot',
        'signed_soc', 'text', 'alerts', 'change_key', 'landed_at', 'ending', 'ended_at',
        'ending_note', 'review_again_at', 'reviewed_at', 'kept_open');
CREATE TRIGGER signature_is_written_once BEFORE UPDATE ON suppression_signature
    FOR EACH ROW WHEN (OLD.void_at IS NULL) EXECUTE FUNCTION refuse_changes_but('void_at');
CREATE TRIGGER void_signature_stays_void BEFORE UPDATE ON suppression_signature
    FOR EACH ROW WHEN (OLD.void_at IS NOT NULL) EXECUTE FUNCTION refuse_changes_but();
CREATE TRIGGER backtest_is_written_once BEFORE UPDATE ON suppression_backtestrun
    FOR EACH ROW EXECUTE FUNCTION refuse_changes_but('rule_id');
SELECT others_may('suppression_backtestrun', 'SELECT, INSERT, UPDATE');
SELECT others_may('suppression_ledgerentry', 'SELECT, INSERT, UPDATE');
SELECT others_may('suppression_signature', 'SELECT, INSERT, UPDATE');
"""


class Migration(SquashedMigration):

    replaces = [('suppression', '0001_rules_versions_and_ledger'), ('suppression', '0002_days_of_sites'), ('suppression', '0003_discarded_drafts_are_called_so'), ('suppression', '0004_name_drafts_given_up_before'), ('suppression', '0005_what_trials_count'), ('suppression', '0006_owners_who_promote'), ('suppression', '0007_members_of_groups'), ('suppression', '0008_incidents_on_hold'), ('suppression', '0009_trials_that_are_kept'), ('suppression', '0010_what_is_written_once'), ('suppression', '0011_what_landed_stays_written'), ('suppression', '0012_watchlist_of_routine'), ('suppression', '0013_what_watchlists_left_out'), ('suppression', '0014_periods_of_watchlists')]

    initial = True

    dependencies = [
        ('accounts', '0001_people_and_grants'),
        ('audit', '0004_guarded_record'),
        ('incidents', '0023_tasks_of_incidents'),
        ('reviews', '0001_questions_and_answers'),
        ('sentinel', '0012_ot_scope'),
        ('sites', '0002_devices_by_address'),
    ]

    operations = [
        migrations.CreateModel(
            name='HeldIncident',
            fields=[
                ('incident', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='incidents.incident')),
                ('held_at', models.DateTimeField()),
                ('looked_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='Rule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('number', models.PositiveIntegerField(unique=True)),
                ('made_at', models.DateTimeField()),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='BackTestRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('rule_hash', models.CharField(max_length=64)),
                ('start', models.DateTimeField()),
                ('end', models.DateTimeField()),
                ('history_days', models.PositiveIntegerField()),
                ('body', models.JSONField()),
                ('reasons', models.JSONField(default=list)),
                ('ran_at', models.DateTimeField()),
                ('seconds', models.FloatField()),
                ('ran_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rule', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='backtests', to='suppression.rule')),
            ],
            options={
                'indexes': [models.Index(fields=['rule_hash', '-ran_at'], name='backtests_of_a_hash')],
            },
        ),
        migrations.CreateModel(
            name='RuleVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('number', models.PositiveSmallIntegerField()),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('proposed', 'Waiting for signatures'), ('changes-requested', 'Changes requested'), ('canary', 'Canary'), ('live', 'Live'), ('paused', 'Paused'), ('expired', 'Expired'), ('retired', 'Retired'), ('rejected', 'Rejected'), ('discarded', 'Discarded'), ('replaced', 'Replaced')], default='draft', max_length=20)),
                ('state_since', models.DateTimeField()),
                ('paused_from', models.CharField(blank=True, choices=[('draft', 'Draft'), ('proposed', 'Waiting for signatures'), ('changes-requested', 'Changes requested'), ('canary', 'Canary'), ('live', 'Live'), ('paused', 'Paused'), ('expired', 'Expired'), ('retired', 'Retired'), ('rejected', 'Rejected'), ('discarded', 'Discarded'), ('replaced', 'Replaced')], max_length=20)),
                ('needs_approval', models.BooleanField(default=False)),
                ('revision', models.PositiveIntegerField(default=0)),
                ('title', models.CharField(max_length=200)),
                ('body', models.JSONField()),
                ('rule_hash', models.CharField(blank=True, max_length=64)),
                ('forms', models.JSONField(default=dict)),
                ('enforcement', models.CharField(default='tagout', max_length=8)),
                ('expires_at', models.DateTimeField(null=True)),
                ('workspace_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list)),
                ('site_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list)),
                ('made_at', models.DateTimeField()),
                ('proposed_at', models.DateTimeField(null=True)),
                ('proposer_side', models.CharField(blank=True, max_length=3)),
                ('proposer_note', models.TextField(blank=True)),
                ('credited_incident_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, db_default=[], default=list)),
                ('newcomers', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, db_default=[], default=list)),
                ('backtest', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='suppression.backtestrun')),
                ('evidence', models.ManyToManyField(related_name='+', to='reviews.annotation')),
                ('keeps_trial_of', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='suppression.ruleversion')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='suppression.rule')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ('canary', 'live', 'paused'))), fields=['state', 'expires_at'], name='versions_that_live'), django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['site_ids'], name='versions_by_site')],
                'constraints': [models.UniqueConstraint(fields=('rule', 'number'), name='a_rule_numbers_its_versions_apart'), models.UniqueConstraint(condition=models.Q(('state__in', ('draft', 'proposed', 'changes-requested'))), fields=('rule',), name='a_rule_has_one_version_in_work'), models.UniqueConstraint(condition=models.Q(('state', 'live')), fields=('rule',), name='a_rule_has_one_live_version'), models.UniqueConstraint(condition=models.Q(('state', 'canary')), fields=('rule',), name='a_rule_has_one_canary'), models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(('rule_hash', ''), _negated=True), _connector='OR'), name='what_was_proposed_has_a_hash'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('canary', 'live')), _negated=True), ('expires_at__isnull', False), _connector='OR'), name='what_acts_has_an_end'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('canary', 'live')), _negated=True), ('backtest__isnull', False), _connector='OR'), name='what_acts_was_tested')],
            },
        ),
        migrations.CreateModel(
            name='PromotionApproval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('ot', 'OT'), ('soc', 'SOC')], max_length=3)),
                ('reason', models.TextField()),
                ('approved_at', models.DateTimeField()),
                ('void_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='promotion_approvals', to='suppression.ruleversion')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('void_at', None)), fields=('version', 'side'), name='each_side_approves_a_promotion_once'), models.UniqueConstraint(condition=models.Q(('void_at', None)), fields=('version', 'by'), name='nobody_approves_a_promotion_for_both_sides'), models.CheckConstraint(condition=models.Q(('side__in', ['ot', 'soc']), models.Q(('reason', ''), _negated=True)), name='a_promotion_is_approved_for_a_known_side_with_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='LeftOutAlert',
            fields=[
                ('alert', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='incidents.alert')),
                ('at', models.DateTimeField()),
                ('found_at', models.DateTimeField()),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sentinel.workspace')),
                ('rule', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='left_out', to='suppression.rule')),
                ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='left_out', to='suppression.ruleversion')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', '-at'], name='left_out_of_a_workspace'), models.Index(fields=['rule', '-at'], name='left_out_by_a_rule')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('rule__isnull', True), ('version__isnull', True)), models.Q(('rule__isnull', False), ('version__isnull', False)), _connector='OR'), name='what_was_left_out_has_rule_and_version_or_neither')],
            },
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule_hash', models.CharField(max_length=64)),
                ('act', models.CharField(choices=[('tagged', 'Would close'), ('closed', 'Closed')], max_length=8)),
                ('where', models.CharField(choices=[('tagout', 'Tagout'), ('sentinel', 'Sentinel')], max_length=8)),
                ('at', models.DateTimeField()),
                ('reason', models.TextField()),
                ('signed_ot', models.CharField(max_length=200)),
                ('signed_soc', models.CharField(max_length=200)),
                ('text', models.TextField(blank=True)),
                ('alerts', models.JSONField(default=list)),
                ('change_key', models.UUIDField(null=True)),
                ('landed_at', models.DateTimeField(null=True)),
                ('ending', models.CharField(blank=True, choices=[('', 'Stands'), ('reopened', 'Reopened'), ('true_positive', 'True positive'), ('linked', 'Linked to a true positive'), ('joined', 'An uncovered alert joined'), ('not-sent', 'Not carried out')], default='', max_length=16)),
                ('ended_at', models.DateTimeField(null=True)),
                ('ending_note', models.TextField(blank=True)),
                ('review_again_at', models.DateTimeField(null=True)),
                ('reviewed_at', models.DateTimeField(null=True)),
                ('kept_open', models.JSONField(db_default=[], default=list)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ledger', to='incidents.incident')),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ledger', to='suppression.rule')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ledger', to='suppression.ruleversion')),
            ],
            options={
                'indexes': [models.Index(fields=['-at', '-id'], name='ledger_newest'), models.Index(fields=['rule', '-at'], name='ledger_of_a_rule'), models.Index(condition=models.Q(('review_again_at__isnull', False), ('reviewed_at', None)), fields=['rule', 'review_again_at'], name='ledger_to_review_again')],
                'constraints': [models.UniqueConstraint(fields=('incident', 'version', 'act'), name='a_version_acts_once_on_an_incident'), models.CheckConstraint(condition=models.Q(models.Q(('rule_hash', ''), _negated=True), models.Q(('signed_ot', ''), _negated=True), models.Q(('signed_soc', ''), _negated=True)), name='the_ledger_names_rule_and_signers')],
            },
        ),
        migrations.CreateModel(
            name='GroupMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('source', 'source'), ('destination', 'destination')], max_length=11)),
                ('zone', models.CharField(max_length=120)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('address', models.CharField(max_length=64)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sites.site')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='suppression.ruleversion')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('version', 'side', 'site', 'zone', 'address'), name='a_group_holds_a_device_once'), models.CheckConstraint(condition=models.Q(('side__in', ('source', 'destination'))), name='a_group_stands_at_a_known_side')],
            },
        ),
        migrations.CreateModel(
            name='Signature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('ot', 'OT'), ('soc', 'SOC')], max_length=3)),
                ('rule_hash', models.CharField(max_length=64)),
                ('forms', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), default=list)),
                ('note', models.TextField(blank=True)),
                ('checked_evidence', models.BooleanField(default=False)),
                ('signed_at', models.DateTimeField()),
                ('void_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signatures', to='suppression.ruleversion')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('void_at', None)), fields=('version', 'side'), name='each_side_signs_a_version_once'), models.UniqueConstraint(condition=models.Q(('void_at', None)), fields=('version', 'by'), name='nobody_signs_a_version_for_both_sides'), models.CheckConstraint(condition=models.Q(('side__in', ['ot', 'soc'])), name='a_signature_is_of_a_known_side')],
            },
        ),
        migrations.CreateModel(
            name='SiteDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('incidents', models.PositiveIntegerField()),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sites.site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('site', 'day'), name='a_site_has_a_day_once')],
            },
        ),
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_state', models.CharField(blank=True, max_length=20)),
                ('to_state', models.CharField(max_length=20)),
                ('at', models.DateTimeField()),
                ('by_label', models.CharField(max_length=200)),
                ('reason', models.TextField(blank=True)),
                ('in_sentinel', models.TextField(blank=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='suppression.ruleversion')),
            ],
            options={
                'indexes': [models.Index(fields=['version', 'at'], name='steps_of_a_version')],
            },
        ),
        migrations.CreateModel(
            name='Stop',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stopped_by_label', models.CharField(max_length=200)),
                ('stopped_at', models.DateTimeField()),
                ('reason', models.TextField(blank=True)),
                ('lifted_at', models.DateTimeField(null=True)),
                ('lifted_reason', models.TextField(blank=True)),
                ('lifted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('stopped_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('lifted_at', None)), fields=('workspace',), name='a_place_is_stopped_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='WatchlistPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.UUIDField()),
                ('body', models.JSONField()),
                ('began_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('changes', models.PositiveIntegerField(default=0)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', '-began_at'], name='periods_of_a_watchlist')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('workspace', 'name'), name='an_item_of_a_watchlist_has_one_form_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='WatchlistRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('text_hash', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('proposed', 'Waiting for signatures'), ('on', 'On'), ('ended', 'Off')], default='proposed', max_length=8)),
                ('proposer_side', models.CharField(choices=[('ot', 'OT'), ('soc', 'SOC')], max_length=3)),
                ('proposed_at', models.DateTimeField()),
                ('on_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_by_label', models.CharField(blank=True, max_length=200)),
                ('end_reason', models.TextField(blank=True)),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['proposed', 'on'])), fields=('workspace',), name='a_workspace_has_one_switch_of_its_watchlist'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'on'), _negated=True), ('on_at__isnull', False), _connector='OR'), name='a_watchlist_that_is_on_has_a_beginning')],
            },
        ),
        migrations.CreateModel(
            name='WatchlistSignature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('ot', 'OT'), ('soc', 'SOC')], max_length=3)),
                ('text_hash', models.CharField(max_length=64)),
                ('note', models.TextField(blank=True)),
                ('signed_at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signatures', to='suppression.watchlistrequest')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('request', 'side'), name='each_side_signs_a_watchlist_once'), models.UniqueConstraint(fields=('request', 'by'), name='nobody_signs_a_watchlist_for_both_sides'), models.CheckConstraint(condition=models.Q(('side__in', ['ot', 'soc'])), name='a_watchlist_is_signed_for_a_known_side')],
            },
        ),
        migrations.CreateModel(
            name='NewMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('zone', models.CharField(max_length=120)),
                ('handle', models.CharField(max_length=120)),
                ('found_at', models.DateTimeField()),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='new_members', to='incidents.incident')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sites.site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('site', 'zone', 'handle'), name='a_new_member_is_met_once_at_a_site'), models.CheckConstraint(condition=models.Q(('handle', ''), _negated=True), name='a_new_member_has_a_handle')],
            },
        ),
        migrations.RunSQL(STAYS, migrations.RunSQL.noop),
    ]
