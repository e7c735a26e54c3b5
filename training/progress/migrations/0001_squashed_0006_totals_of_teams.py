"""The tables of this room as of 0.2.0, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.squashed import SquashedMigration

FORWARD = """
CREATE FUNCTION progress_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Attempts are append-only.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER progress_no_change BEFORE UPDATE OR DELETE ON progress_attempt
    FOR EACH ROW EXECUTE FUNCTION progress_refuse();
"""
BACK = """
DROP TRIGGER progress_no_change ON progress_attempt;
DROP FUNCTION progress_refuse();
"""


class Migration(SquashedMigration):

    replaces = [('progress', '0001_attempts'), ('progress', '0002_attempts_are_append_only'), ('progress', '0003_notes_on_lessons'), ('progress', '0004_first_right_answers'), ('progress', '0005_find_first_right_answers'), ('progress', '0006_totals_of_teams')]

    initial = True

    dependencies = [
        ('accounts', '0001_people_and_grants'),
        ('catalog', '0002_learning_paths'),
    ]

    operations = [
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('answer', models.JSONField()),
                ('is_correct', models.BooleanField()),
                ('answered_at', models.DateTimeField()),
                ('is_first_right', models.BooleanField(db_default=False, default=False)),
                ('learner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='catalog.questionversion')),
            ],
            options={
                'indexes': [models.Index(fields=['learner', '-answered_at'], name='attempts_of_a_learner'), models.Index(condition=models.Q(('number', 1)), fields=['version', 'learner'], include=('is_correct',), name='first_tries')],
                'constraints': [models.UniqueConstraint(fields=('learner', 'version', 'number'), name='attempts_are_numbered'), models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='attempts_count_from_one'), models.UniqueConstraint(condition=models.Q(('is_first_right', True)), fields=('version', 'learner'), name='a_first_right_answer_is_given_once')],
            },
        ),
        migrations.CreateModel(
            name='LessonNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_clear', models.BooleanField()),
                ('text', models.TextField(blank=True)),
                ('sent_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('done_by_label', models.CharField(blank=True, max_length=200)),
                ('lesson', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='catalog.lesson')),
                ('reader', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('done_at', None), models.Q(('text', ''), _negated=True)), fields=['sent_at'], name='notes_to_read')],
                'constraints': [models.UniqueConstraint(fields=('lesson', 'reader'), name='a_reader_has_one_note_on_a_lesson'), models.CheckConstraint(condition=models.Q(('is_clear', True), models.Q(('text', ''), _negated=True), _connector='OR'), name='who_finds_a_lesson_unclear_says_what')],
            },
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
