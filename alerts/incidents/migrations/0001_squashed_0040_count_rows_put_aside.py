"""The tables of this room as 0040 leaves them, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from portal.squashed import SquashedMigration

RAW = ("incidents_incidentraw", "incidents_alertraw", "incidents_entity")
# Raw JSON is compressed by lz4, where the server was built with it.
COMPRESSION = "".join(
    f"""
    DO $$ BEGIN
        ALTER TABLE {table} ALTER COLUMN body SET COMPRESSION lz4;
    EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN NULL;
    END $$;"""
    for table in RAW
)
# Each piece of a bulk act reads its ids.
STORAGE = "ALTER TABLE incidents_bulkact ALTER COLUMN incident_ids SET STORAGE EXTERNAL"
# 0.3.0 reads and writes these, after a rollback, too.
OLD_COLUMNS = """
ALTER TABLE incidents_group ADD COLUMN ot_state varchar(12) DEFAULT '' NOT NULL,
    ADD COLUMN owner_id varchar(64) DEFAULT '' NOT NULL,
    ADD COLUMN owner_name varchar(120) DEFAULT '' NOT NULL,
    ADD COLUMN status smallint DEFAULT 1 NOT NULL;
"""
VIEWS = """
CREATE VIEW incidents_alert_links WITH (security_invoker = true) AS SELECT
    id, incident_id, alert_id
FROM incidents_incidentalert;
CREATE VIEW incidents_alerts WITH (security_invoker = true) AS SELECT
    id, workspace_id, key, sensor, site_id, zone_id, alert_type, user_defined_title,
    engine, category, severity, protocol, port, function, techniques, tactics,
    product_name, source_device, source_address, destination_device,
    destination_address, source_kind, source_zone, source_subnet, destination_kind,
    destination_zone, destination_subnet, any_device, any_address, at, latest_at,
    plant_weekday, plant_minute, flags
FROM incidents_alert;
CREATE VIEW incidents_incidents WITH (security_invoker = true) AS SELECT
    id, workspace_id, name, number, severity, status, classification, labels,
    created_at, modified_at, alerts_count, tactics, techniques, flags, alert_type,
    protocol, source, destination, site_ids, place, entities_count, pattern, closed_by,
    merged_into, gone_at
FROM incidents_incident;
CREATE VIEW incidents_entities WITH (security_invoker = true) AS SELECT
    id, incident_id, name, kind, device_id
FROM incidents_entity;
CREATE VIEW incidents_planned_alerts WITH (security_invoker = true) AS SELECT
    id, alert_id, work, fit, kind, names_devices, known_from, known_until, boxes, is_after_fact
FROM incidents_plannedalert;
CREATE VIEW incidents_timeline WITH (security_invoker = true) AS SELECT
    id, incident_id, at, side, by_id, code
FROM incidents_timelineitem;
"""
NO_VIEWS = """
DROP VIEW incidents_alert_links, incidents_alerts, incidents_incidents, incidents_entities,
    incidents_planned_alerts, incidents_timeline;
"""
STAYS = """
CREATE TRIGGER an_incident_stays_itself BEFORE UPDATE OF name, workspace_id ON incidents_incident
    FOR EACH ROW
    WHEN (ROW(OLD.name, OLD.workspace_id) IS DISTINCT FROM ROW(NEW.name, NEW.workspace_id))
    EXECUTE FUNCTION refuse_changes_but();
"""


class Migration(SquashedMigration):

    replaces = [('incidents', '0001_incidents_alerts_and_groups'), ('incidents', '0002_since_when_a_pair_was_seen'), ('incidents', '0003_raw_json_by_lz4'), ('incidents', '0004_order_of_details'), ('incidents', '0005_cheaper_arrivals'), ('incidents', '0006_count_rare_tabs_by_index'), ('incidents', '0007_count_tabs_without_rows'), ('incidents', '0008_what_rules_look_at'), ('incidents', '0009_acts_on_many_incidents'), ('incidents', '0010_pairs_seen_again'), ('incidents', '0011_pairs_whichever_began'), ('incidents', '0012_what_search_asks'), ('incidents', '0013_what_a_row_stands_for'), ('incidents', '0014_name_the_rows_that_are_there'), ('incidents', '0015_when_an_incident_was_closed'), ('incidents', '0016_closings_of_the_past'), ('incidents', '0017_since_when_closed_ones_were_active'), ('incidents', '0018_where_the_ends_stood'), ('incidents', '0019_planned_work_beside_alerts'), ('incidents', '0020_unclassified_is_no_kind'), ('incidents', '0021_count_by_alert_type'), ('incidents', '0022_views_for_other_rooms'), ('incidents', '0023_tasks_of_incidents'), ('incidents', '0024_names_device'), ('incidents', '0025_rows_without_device'), ('incidents', '0026_survivors_to_find'), ('incidents', '0027_what_boxes_an_alert'), ('incidents', '0028_incidents_stay_themselves'), ('incidents', '0029_who_closed_incidents'), ('incidents', '0030_work_that_came_after_the_alert'), ('incidents', '0031_rows_list_their_states'), ('incidents', '0032_storms_fold'), ('incidents', '0033_decisions_of_people'), ('incidents', '0034_saved_views'), ('incidents', '0035_words_that_people_wrote'), ('incidents', '0036_columns_of_saved_views'), ('incidents', '0037_acts_on_a_hundred_thousand'), ('incidents', '0038_keep_the_words_of_texts'), ('incidents', '0039_incidents_put_aside'), ('incidents', '0040_count_rows_put_aside')]

    initial = True

    dependencies = [
        ('accounts', '0001_people_and_grants'),
        ('audit', '0004_guarded_record'),
        ('sentinel', '0011_portal_residence'),
        ('sites', '0001_where_things_stand'),
    ]

    operations = [
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120)),
                ('system_alert_id', models.CharField(blank=True, max_length=120)),
                ('sensor', models.CharField(blank=True, max_length=120)),
                ('alert_type', models.TextField()),
                ('user_defined_title', models.TextField(blank=True)),
                ('engine', models.CharField(blank=True, max_length=40)),
                ('category', models.CharField(blank=True, max_length=80)),
                ('severity', models.SmallIntegerField(choices=[(0, 'Unknown'), (1, 'Informational'), (2, 'Low'), (3, 'Medium'), (4, 'High')])),
                ('protocol', models.CharField(blank=True, max_length=80)),
                ('port', models.IntegerField(null=True)),
                ('function', models.CharField(blank=True, max_length=120)),
                ('techniques', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, default=list)),
                ('tactics', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, default=list)),
                ('product_name', models.CharField(blank=True, max_length=120)),
                ('source_device', models.CharField(blank=True, max_length=120)),
                ('source_address', models.CharField(blank=True, max_length=64)),
                ('destination_device', models.CharField(blank=True, max_length=120)),
                ('destination_address', models.CharField(blank=True, max_length=64)),
                ('any_device', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, default=list)),
                ('any_address', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, default=list)),
                ('at', models.DateTimeField()),
                ('latest_at', models.DateTimeField(null=True)),
                ('plant_weekday', models.SmallIntegerField(null=True)),
                ('plant_minute', models.SmallIntegerField(null=True)),
                ('flags', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, default=list)),
                ('destination_kind', models.CharField(blank=True, db_default='', default='', max_length=80)),
                ('destination_subnet', models.CharField(blank=True, db_default='', default='', max_length=64)),
                ('destination_zone', models.CharField(blank=True, db_default='', default='', max_length=120)),
                ('source_kind', models.CharField(blank=True, db_default='', default='', max_length=80)),
                ('source_subnet', models.CharField(blank=True, db_default='', default='', max_length=64)),
                ('source_zone', models.CharField(blank=True, db_default='', default='', max_length=120)),
                ('site', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sites.site')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sentinel.workspace')),
                ('zone', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sites.zone')),
            ],
            options={
                'indexes': [models.Index(fields=['alert_type', 'site', '-at'], name='alerts_by_type_and_site'), models.Index(fields=['-at'], name='alerts_newest'), django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['any_device'], name='alerts_by_device'), django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['any_address'], name='alerts_by_address')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'key'), name='a_workspace_names_its_alerts_apart')],
            },
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('number', models.IntegerField(null=True)),
                ('etag', models.CharField(blank=True, max_length=120)),
                ('title', models.TextField()),
                ('severity', models.SmallIntegerField(choices=[(0, 'Unknown'), (1, 'Informational'), (2, 'Low'), (3, 'Medium'), (4, 'High')])),
                ('status', models.SmallIntegerField(choices=[(0, 'Unknown'), (1, 'New'), (2, 'Active'), (3, 'Closed')])),
                ('classification', models.CharField(blank=True, max_length=40)),
                ('classification_reason', models.CharField(blank=True, max_length=40)),
                ('owner_id', models.CharField(blank=True, max_length=64)),
                ('owner_name', models.CharField(blank=True, max_length=120)),
                ('owner_email', models.CharField(blank=True, max_length=254)),
                ('labels', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, default=list)),
                ('created_at', models.DateTimeField()),
                ('modified_at', models.DateTimeField()),
                ('latest_activity_at', models.DateTimeField(null=True)),
                ('alerts_count', models.IntegerField(default=0)),
                ('comments_count', models.IntegerField(default=0)),
                ('product_names', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, default=list)),
                ('tactics', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, default=list)),
                ('techniques', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, default=list)),
                ('flags', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, default=list)),
                ('alert_type', models.TextField()),
                ('protocol', models.CharField(blank=True, max_length=80)),
                ('source', models.CharField(blank=True, max_length=120)),
                ('destination', models.CharField(blank=True, max_length=120)),
                ('site_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list)),
                ('place', models.CharField(blank=True, max_length=200)),
                ('details_state', models.CharField(choices=[('pending', 'Details pending'), ('fetched', 'Complete'), ('failed', 'Details could not be read')], default='pending', max_length=8)),
                ('details_due_at', models.DateTimeField(null=True)),
                ('details_attempts', models.PositiveSmallIntegerField(default=0)),
                ('entities_count', models.IntegerField(default=0)),
                ('pattern', models.UUIDField(null=True)),
                ('group_key', models.UUIDField(null=True)),
                ('priority', models.SmallIntegerField(default=0)),
                ('priority_parts', models.JSONField(default=list)),
                ('ot_state', models.CharField(blank=True, choices=[('', 'Not asked'), ('waiting', 'Waiting for OT'), ('routine', 'Routine'), ('maintenance', 'Maintenance'), ('suspicious', 'Suspicious'), ('not-sure', 'Not sure')], default='', max_length=12)),
                ('ot_due_at', models.DateTimeField(null=True)),
                ('closed_by', models.CharField(blank=True, max_length=40)),
                ('owed', models.SmallIntegerField(default=0)),
                ('merged_into', models.IntegerField(null=True)),
                ('gone_at', models.DateTimeField(null=True)),
                ('stored_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('first_activity_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('names_device', models.BooleanField(db_default=True, default=True)),
                ('functions', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('storm', models.UUIDField(null=True)),
                ('aside_until', models.DateTimeField(null=True)),
                ('aside_by', models.CharField(blank=True, db_default='', default='', max_length=120)),
                ('aside_facts', models.TextField(blank=True, db_default='', default='')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='incidents', to='sentinel.workspace')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('group_key__isnull', False)), fields=['group_key', '-priority'], name='incidents_in_groups'), models.Index(condition=models.Q(('pattern__isnull', False)), fields=['pattern', '-created_at'], name='incidents_of_a_pattern'), models.Index(fields=['-modified_at', '-id'], name='incidents_newest_change'), models.Index(fields=['workspace', '-modified_at'], name='incidents_by_workspace'), models.Index(fields=['workspace', 'number'], name='incidents_by_number'), models.Index(condition=models.Q(('details_due_at__isnull', False)), fields=['workspace', 'status', '-created_at'], name='incidents_details_due'), django.contrib.postgres.indexes.GinIndex(condition=models.Q(('site_ids', []), _negated=True), fastupdate=False, fields=['site_ids'], name='incidents_by_site'), models.Index(condition=models.Q(('status', 3)), fields=['workspace'], name='incidents_closed'), models.Index(condition=models.Q(('details_state', 'fetched'), ('gone_at', None), ('merged_into', None), ('status', 1)), fields=['workspace', 'changed_at', 'id'], name='incidents_to_decide'), models.Index(condition=models.Q(('closed_by', ''), _negated=True), fields=['changed_at', 'id'], name='incidents_closed_by_rules'), models.Index(condition=models.Q(('classification', 'TruePositive')), fields=['-modified_at'], name='incidents_true_positive'), models.Index(condition=models.Q(('ot_state', 'suspicious'), ('status__lt', 3)), fields=['workspace'], name='incidents_open_suspicious'), models.Index(condition=models.Q(models.Q(('labels', []), _negated=True), ('group_key__isnull', False)), fields=['group_key'], name='incidents_open_labelled'), models.Index(django.db.models.functions.comparison.Coalesce('closed_at', 'modified_at'), condition=models.Q(('status', 3)), name='incidents_by_closing'), models.Index(condition=models.Q(('gone_at', None), ('merged_into', None)), fields=['alert_type', 'created_at'], include=('workspace',), name='incidents_by_alert_type'), models.Index(condition=models.Q(('gone_at', None), ('merged_into', 0)), fields=['workspace'], name='incidents_survivor_unknown'), models.Index(condition=models.Q(('storm__isnull', False)), fields=['storm', 'created_at'], name='incidents_in_storms'), models.Index(condition=models.Q(('aside_until__isnull', False)), fields=['group_key'], name='incidents_put_aside')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'name'), name='a_workspace_names_its_incidents_apart')],
            },
        ),
        migrations.CreateModel(
            name='PatternMemory',
            fields=[
                ('pattern', models.UUIDField(primary_key=True, serialize=False)),
                ('first_seen_at', models.DateTimeField()),
                ('latest_seen_at', models.DateTimeField()),
                ('seen', models.IntegerField(default=0)),
                ('routine', models.IntegerField(default=0)),
                ('maintenance', models.IntegerField(default=0)),
                ('suspicious', models.IntegerField(default=0)),
                ('not_sure', models.IntegerField(default=0)),
                ('latest_verdict_at', models.DateTimeField(null=True)),
                ('latest_verdict_by', models.CharField(blank=True, max_length=120)),
                ('latest_verdict', models.CharField(blank=True, max_length=12)),
                ('latest_note', models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='AlertRaw',
            fields=[
                ('alert', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='raw', serialize=False, to='incidents.alert')),
                ('body', models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name='BulkAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('dead', 'Given up')], default='waiting', max_length=8)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('latest_error', models.TextField(blank=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('act', models.UUIDField(unique=True)),
                ('verb', models.CharField(max_length=12)),
                ('said', models.JSONField(default=dict)),
                ('title', models.CharField(max_length=300)),
                ('incident_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField())),
                ('total', models.GeneratedField(db_persist=True, expression=models.Func(models.F('incident_ids'), function='cardinality'), output_field=models.PositiveIntegerField())),
                ('standings', django.contrib.postgres.fields.ArrayField(base_field=models.TextField())),
                ('worked', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('made_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('stopped_at', models.DateTimeField(null=True)),
                ('undone_at', models.DateTimeField(null=True)),
                ('undone', models.PositiveIntegerField(default=0)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['due_at'], name='bulk_acts_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(('done__lte', models.F('worked'))), name='a_bulk_act_does_what_it_worked_on')],
            },
        ),
        migrations.CreateModel(
            name='IncidentRaw',
            fields=[
                ('incident', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='raw', serialize=False, to='incidents.incident')),
                ('body', models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name='TaskReading',
            fields=[
                ('incident', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='task_reading', serialize=False, to='incidents.incident')),
                ('asked_at', models.DateTimeField()),
                ('read_at', models.DateTimeField(null=True)),
                ('error', models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name='Group',
            fields=[
                ('key', models.UUIDField(primary_key=True, serialize=False)),
                ('site_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list)),
                ('place', models.CharField(blank=True, max_length=200)),
                ('alert_type', models.TextField()),
                ('title', models.TextField()),
                ('protocol', models.CharField(blank=True, max_length=80)),
                ('source', models.CharField(blank=True, max_length=120)),
                ('destination', models.CharField(blank=True, max_length=120)),
                ('pattern', models.UUIDField(null=True)),
                ('severity', models.SmallIntegerField(choices=[(0, 'Unknown'), (1, 'Informational'), (2, 'Low'), (3, 'Medium'), (4, 'High')])),
                ('n', models.IntegerField()),
                ('priority', models.SmallIntegerField()),
                ('first_at', models.DateTimeField()),
                ('latest_at', models.DateTimeField()),
                ('ot_due_at', models.DateTimeField(null=True)),
                ('changed_at', models.DateTimeField()),
                ('number', models.IntegerField(null=True)),
                ('n_unasked', models.IntegerField(db_default=0)),
                ('n_waiting', models.IntegerField(db_default=0)),
                ('statuses', django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(choices=[(0, 'Unknown'), (1, 'New'), (2, 'Active'), (3, 'Closed')]), db_default=[])),
                ('ot_states', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('', 'Not asked'), ('waiting', 'Waiting for OT'), ('routine', 'Routine'), ('maintenance', 'Maintenance'), ('suspicious', 'Suspicious'), ('not-sure', 'Not sure')], max_length=12), db_default=[])),
                ('owner_ids', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), db_default=[])),
                ('owner_names', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), db_default=[])),
                ('storm_since', models.DateTimeField(null=True)),
                ('storm_before', models.IntegerField(null=True)),
                ('storm_hours', models.SmallIntegerField(null=True)),
                ('storm_peers', models.IntegerField(null=True)),
                ('aside_until', models.DateTimeField(null=True)),
                ('aside_by', models.CharField(blank=True, db_default='', default='', max_length=120)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sentinel.workspace')),
                ('latest', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='incidents.incident')),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='incidents.incident')),
            ],
            options={
                'indexes': [models.Index(fields=['-priority', '-latest_at', 'key'], name='queue_order'), models.Index(fields=['workspace', '-priority'], name='queue_of_a_workspace'), django.contrib.postgres.indexes.GinIndex(condition=models.Q(('site_ids', []), _negated=True), fastupdate=False, fields=['site_ids'], name='queue_of_a_site'), django.contrib.postgres.indexes.GinIndex(condition=models.Q(('ot_states', ['']), _negated=True), fastupdate=False, fields=['ot_states'], name='queue_of_ot'), django.contrib.postgres.indexes.GinIndex(condition=models.Q(('owner_ids', ['']), _negated=True), fastupdate=False, fields=['owner_ids'], name='queue_of_owners'), models.Index(condition=models.Q(('source', ''), _negated=True), fields=['source', 'alert_type'], name='queue_by_source'), models.Index(condition=models.Q(('aside_until__isnull', False)), fields=['aside_until'], name='queue_put_aside')],
            },
        ),
        migrations.CreateModel(
            name='Entity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('kind', models.CharField(max_length=60)),
                ('label', models.TextField(blank=True)),
                ('body', models.JSONField()),
                ('device', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='sites.device')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entities', to='incidents.incident')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('incident', 'name'), name='an_incident_names_its_entities_apart')],
            },
        ),
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('author', models.CharField(blank=True, max_length=200)),
                ('message', models.TextField()),
                ('created_at', models.DateTimeField()),
                ('ours', models.BooleanField(default=False)),
                ('words', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector('message', config='simple'), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='incidents.incident')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['words'], name='words_of_comments')],
                'constraints': [models.UniqueConstraint(fields=('incident', 'name'), name='an_incident_has_a_comment_once')],
            },
        ),
        migrations.CreateModel(
            name='IncidentAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('alert', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='incidents.alert')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='incidents.incident')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('incident', 'alert'), name='an_alert_is_in_an_incident_once')],
            },
        ),
        migrations.AddField(
            model_name='alert',
            name='incidents',
            field=models.ManyToManyField(related_name='alerts', through='incidents.IncidentAlert', to='incidents.incident'),
        ),
        migrations.CreateModel(
            name='IncidentTask',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('title', models.TextField()),
                ('description', models.TextField(blank=True)),
                ('status', models.CharField(max_length=40)),
                ('author', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField()),
                ('modified_at', models.DateTimeField(null=True)),
                ('is_owed', models.BooleanField(default=False)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tasks', to='incidents.incident')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('incident', 'name'), name='an_incident_has_a_task_once')],
            },
        ),
        migrations.CreateModel(
            name='PairMemory',
            fields=[
                ('pair', models.UUIDField(primary_key=True, serialize=False)),
                ('first_seen_at', models.DateTimeField()),
                ('first_incident', models.BigIntegerField()),
                ('seen_again_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['first_incident'], name='pairs_first_seen_in')],
            },
        ),
        migrations.CreateModel(
            name='PlannedAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('occurrence', models.UUIDField()),
                ('work', models.UUIDField()),
                ('fit', models.CharField(choices=[('inside', 'Inside'), ('late', 'After its end'), ('not-named', 'With a device that it does not name')], max_length=9)),
                ('kind', models.CharField(max_length=20)),
                ('names_devices', models.BooleanField()),
                ('title', models.CharField(max_length=200)),
                ('work_order', models.CharField(blank=True, max_length=60)),
                ('ends_at', models.DateTimeField()),
                ('inside_until', models.DateTimeField()),
                ('known_from', models.DateTimeField()),
                ('known_until', models.DateTimeField(null=True)),
                ('boxes', models.BooleanField(db_default=False, default=False)),
                ('is_after_fact', models.BooleanField(db_default=False, default=False)),
                ('alert', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='planned', to='incidents.alert')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('known_until', None)), fields=['occurrence'], name='alerts_of_an_occurrence')],
                'constraints': [models.UniqueConstraint(fields=('alert', 'occurrence'), name='an_alert_stands_beside_an_occurrence_once')],
            },
        ),
        migrations.CreateModel(
            name='Skipped',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField()),
                ('bulk_act', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='skipped', to='incidents.bulkact')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='incidents.incident')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('bulk_act', 'incident'), name='a_bulk_act_skips_an_incident_once')],
            },
        ),
        migrations.CreateModel(
            name='TimelineItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('side', models.CharField(choices=[('soc', 'SOC'), ('ot', 'OT'), ('portal', 'Portal'), ('sentinel', 'Sentinel')], max_length=8)),
                ('by_label', models.CharField(blank=True, max_length=200)),
                ('code', models.CharField(max_length=40)),
                ('details', models.JSONField(default=dict)),
                ('act', models.UUIDField(null=True)),
                ('words', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector(django.db.models.fields.json.KeyTextTransform('note', 'details'), django.db.models.fields.json.KeyTextTransform('comment', 'details'), django.db.models.fields.json.KeyTextTransform('message', 'details'), django.db.models.fields.json.KeyTextTransform('question', 'details'), django.db.models.fields.json.KeyTextTransform('own', 'details'), django.db.models.fields.json.KeyTextTransform('reason', 'details'), django.db.models.fields.json.KeyTextTransform('work_order', 'details'), django.db.models.fields.json.KeyTextTransform('done_by', 'details'), config='simple'), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='timeline', to='incidents.incident')),
            ],
            options={
                'indexes': [models.Index(fields=['incident', '-at'], name='timeline_of_an_incident'), models.Index(condition=models.Q(('act__isnull', False), ('by__isnull', False), ('code__in', ('closed', 'asked', 'answered', 'escalated', 'undone')), models.Q(('details__has_key', 'by_token'), _negated=True), models.Q(('details__has_key', 'imported'), _negated=True)), fields=['at'], include=('incident', 'act', 'code'), name='timeline_decisions'), django.contrib.postgres.indexes.GinIndex(condition=models.Q(('code__in', ('commented', 'closed', 'asked', 'answered', 'handed-over', 'escalated', 'withdrawn'))), fields=['words'], name='words_of_timelines')],
            },
        ),
        migrations.CreateModel(
            name='IncidentCloser',
            fields=[
                ('incident', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='closer', serialize=False, to='incidents.incident')),
                ('name', models.CharField(max_length=200)),
                ('closed_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['name', 'closed_at'], name='closings_of_a_closer')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40)),
                ('view', models.CharField(max_length=12)),
                ('query', models.CharField(blank=True, max_length=1000)),
                ('is_shared', models.BooleanField(default=False)),
                ('made_at', models.DateTimeField()),
                ('columns', models.CharField(blank=True, db_default='', max_length=100)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('is_shared', True)), fields=['name'], name='saved_views_shared')],
                'constraints': [models.UniqueConstraint(models.F('owner'), django.db.models.functions.text.Lower('name'), name='a_person_names_a_view_once')],
            },
        ),
        migrations.CreateModel(
            name='FirstView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('saved', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='incidents.savedview')),
            ],
        ),
        migrations.RunSQL(COMPRESSION, migrations.RunSQL.noop),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
        migrations.RunSQL(OLD_COLUMNS, migrations.RunSQL.noop),
        migrations.RunSQL(STAYS, migrations.RunSQL.noop),
        migrations.RunSQL(VIEWS, NO_VIEWS),
    ]
