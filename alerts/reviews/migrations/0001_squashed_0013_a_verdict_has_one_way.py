"""The tables of this room as of 0.2.0, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from portal.squashed import SquashedMigration

STAYS = """
CREATE TRIGGER verdict_is_written_once BEFORE UPDATE ON reviews_annotation
    FOR EACH ROW EXECUTE FUNCTION refuse_changes_but(
        'review_id', 'superseded_by_id', 'withdrawn_at');
SELECT others_may('reviews_annotation', 'SELECT, INSERT, UPDATE');
SELECT others_may('reviews_annotation_incidents', 'SELECT, INSERT');
"""
VIEWS = """
CREATE VIEW reviews_verdict_alerts WITH (security_invoker = true) AS SELECT
    id, annotation_id, alert_id
FROM reviews_annotation_alerts;
CREATE VIEW reviews_verdict_incidents WITH (security_invoker = true) AS SELECT
    id, annotation_id, incident_id
FROM reviews_annotation_incidents;
CREATE VIEW reviews_verdicts WITH (security_invoker = true) AS SELECT
    id, uuid, review_id, verdict, cause, by_id, given_at, key, act, superseded_by_id,
    withdrawn_at, came_by
FROM reviews_annotation;
CREATE VIEW reviews_question_incidents WITH (security_invoker = true) AS SELECT
    id, review_id, incident_id
FROM reviews_review_incidents;
CREATE VIEW reviews_questions WITH (security_invoker = true) AS SELECT
    id, site_id, state, settled_at
FROM reviews_review;
"""
NO_VIEWS = """
DROP VIEW reviews_verdict_alerts, reviews_verdict_incidents, reviews_verdicts,
    reviews_question_incidents, reviews_questions;
"""


class Migration(SquashedMigration):

    replaces = [('reviews', '0001_questions_and_answers'), ('reviews', '0002_newest_questions'), ('reviews', '0003_which_incidents_were_answered'), ('reviews', '0004_answers_of_old_questions'), ('reviews', '0005_suspicious_verdicts'), ('reviews', '0006_when_a_file_told_it'), ('reviews', '0007_second_opinions'), ('reviews', '0008_verdicts_are_written_once'), ('reviews', '0009_verdicts_stay'), ('reviews', '0010_views_for_other_rooms'), ('reviews', '0011_how_a_verdict_came'), ('reviews', '0012_how_verdicts_of_before_came'), ('reviews', '0013_a_verdict_has_one_way')]

    initial = True

    dependencies = [
        ('accounts', '0001_people_and_grants'),
        ('audit', '0004_guarded_record'),
        ('incidents', '0013_what_a_row_stands_for'),
        ('sites', '0002_devices_by_address'),
    ]

    operations = [
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('question', models.CharField(max_length=500)),
                ('asked_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting for OT'), ('answered', 'Answered'), ('withdrawn', 'Withdrawn')], default='waiting', max_length=10)),
                ('opened_at', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('act', models.UUIDField()),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lead', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='incidents.incident')),
                ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sites.site')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['site', 'due_at'], name='reviews_waiting'), models.Index(fields=['-asked_at', '-id'], name='reviews_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='a_review_that_is_over_says_since_when')],
            },
        ),
        migrations.CreateModel(
            name='Annotation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('verdict', models.CharField(choices=[('routine', 'Routine'), ('maintenance', 'Maintenance'), ('suspicious', 'Suspicious'), ('not-sure', 'Not sure')], max_length=12)),
                ('cause', models.CharField(max_length=60)),
                ('work_order', models.CharField(blank=True, max_length=60)),
                ('done_by', models.CharField(blank=True, max_length=40)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('given_at', models.DateTimeField()),
                ('key', models.UUIDField()),
                ('act', models.UUIDField()),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('imported_at', models.DateTimeField(null=True)),
                ('came_by', models.CharField(choices=[('page', 'A page'), ('token', 'A program with a token'), ('file', 'A file')], db_default='page', default='page', max_length=5)),
                ('alerts', models.ManyToManyField(related_name='annotations', to='incidents.alert')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incidents', models.ManyToManyField(related_name='annotations', to='incidents.incident')),
                ('superseded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='supersedes', to='reviews.annotation')),
                ('review', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='annotations', to='reviews.review')),
            ],
            options={
                'indexes': [models.Index(fields=['-given_at'], name='annotations_newest'), models.Index(condition=models.Q(('verdict', 'suspicious'), ('withdrawn_at', None)), fields=['given_at'], name='annotations_suspicious')],
                'constraints': [models.UniqueConstraint(fields=('by', 'key'), name='a_form_is_saved_once'), models.CheckConstraint(condition=models.Q(models.Q(('verdict', 'suspicious'), _negated=True), models.Q(('note', ''), _negated=True), _connector='OR'), name='suspicious_says_why'), models.CheckConstraint(condition=models.Q(('came_by__in', ('page', 'token', 'file'))), name='a_verdict_comes_by_page_token_or_file'), models.CheckConstraint(condition=models.Q(models.Q(('came_by', 'file'), ('imported_at__isnull', False)), models.Q(models.Q(('came_by', 'file'), _negated=True), ('imported_at', None)), _connector='OR'), name='a_verdict_of_a_file_has_its_time')],
            },
        ),
        migrations.CreateModel(
            name='AskedIncident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('answer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='reviews.annotation')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='incidents.incident')),
                ('review', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='asked_incidents', to='reviews.review')),
            ],
            options={
                'db_table': 'reviews_review_incidents',
                'unique_together': {('review', 'incident')},
            },
        ),
        migrations.AddField(
            model_name='review',
            name='incidents',
            field=models.ManyToManyField(related_name='reviews', through='reviews.AskedIncident', to='incidents.incident'),
        ),
        migrations.CreateModel(
            name='SecondOpinion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('opened_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('open', 'Undecided'), ('confirmed', 'Confirmed'), ('corrected', 'Corrected'), ('harmless-to-soc', 'Closed as harmless by the SOC'), ('overtaken', 'Overtaken by another answer'), ('not-sure', 'Nobody was sure')], default='open', max_length=16)),
                ('decided_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('leads_asked_at', models.DateTimeField(null=True)),
                ('leads_reminded_at', models.DateTimeField(null=True)),
                ('annotation', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='second_opinion', to='reviews.annotation')),
                ('correction', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reviews.annotation')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sites.site')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['opened_at'], name='second_opinions_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='a_decided_second_opinion_says_since_when'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'corrected'), _negated=True), ('correction__isnull', False), _connector='OR'), name='a_correction_says_which_answer_holds')],
            },
        ),
        migrations.CreateModel(
            name='Opinion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('asked_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('reminded_at', models.DateTimeField(null=True)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('answered', 'Answered'), ('passed', 'Passed to the lead'), ('withdrawn', 'Withdrawn')], default='waiting', max_length=10)),
                ('settled_at', models.DateTimeField(null=True)),
                ('verdict', models.CharField(blank=True, choices=[('routine', 'Routine'), ('maintenance', 'Maintenance'), ('suspicious', 'Suspicious'), ('not-sure', 'Not sure')], max_length=12)),
                ('cause', models.CharField(blank=True, max_length=60)),
                ('work_order', models.CharField(blank=True, max_length=60)),
                ('done_by', models.CharField(blank=True, max_length=40)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('act', models.UUIDField()),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('second_opinion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='opinions', to='reviews.secondopinion')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['person', 'due_at'], name='opinions_waiting')],
                'constraints': [models.UniqueConstraint(fields=('second_opinion', 'person'), name='a_person_is_asked_once_about_an_answer'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='an_opinion_that_is_over_says_since_when'), models.CheckConstraint(condition=models.Q(('state', 'answered'), ('verdict', ''), _connector='XOR'), name='an_opinion_is_answered_with_a_verdict')],
            },
        ),
        migrations.RunSQL(STAYS, migrations.RunSQL.noop),
        migrations.RunSQL(VIEWS, NO_VIEWS),
    ]
