"""The tables of this room as 0009 leaves them, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.squashed import SquashedMigration

FORWARD = """
CREATE FUNCTION catalog_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Reviews of alert types are append-only.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER catalog_no_change BEFORE UPDATE OR DELETE ON catalog_alerttypereview
    FOR EACH ROW EXECUTE FUNCTION catalog_refuse();
"""
BACK = """
DROP TRIGGER catalog_no_change ON catalog_alerttypereview;
DROP FUNCTION catalog_refuse();
"""


class Migration(SquashedMigration):

    replaces = [('catalog', '0001_modules_and_lessons'), ('catalog', '0002_learning_paths'), ('catalog', '0003_files_of_modules'), ('catalog', '0004_reviews_of_alert_types'), ('catalog', '0005_reviews_are_append_only'), ('catalog', '0006_drafts'), ('catalog', '0007_edited_learning_paths'), ('catalog', '0008_name_of_lesson_captures'), ('catalog', '0009_name_of_lesson_questions')]

    initial = True

    dependencies = [
        ('accounts', '0001_people_and_grants'),
    ]

    operations = [
        migrations.CreateModel(
            name='CurriculumImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('imported_at', models.DateTimeField()),
                ('by_label', models.CharField(max_length=200)),
                ('changes', models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name='LearningPath',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(unique=True)),
                ('title', models.CharField(max_length=200)),
                ('summary', models.CharField(max_length=300)),
                ('nice', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list)),
                ('days', models.JSONField()),
                ('source', models.BinaryField(null=True)),
                ('imported_sha256', models.CharField(blank=True, db_default='', default='', max_length=64)),
                ('is_retired', models.BooleanField(db_default=False, default=False)),
            ],
            options={
                'ordering': ['slug'],
            },
        ),
        migrations.CreateModel(
            name='Module',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(unique=True)),
                ('title', models.CharField(max_length=200)),
                ('summary', models.CharField(blank=True, max_length=300)),
                ('order', models.PositiveSmallIntegerField()),
                ('minutes', models.PositiveSmallIntegerField()),
                ('nice', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list)),
                ('attack_version', models.CharField(max_length=10)),
                ('prerequisites', django.contrib.postgres.fields.ArrayField(base_field=models.SlugField(), default=list)),
                ('pass_mark', models.FloatField()),
                ('review_by', models.DateField()),
                ('licence', models.CharField(max_length=60)),
                ('folder', models.CharField(blank=True, db_default='', default='', max_length=100)),
            ],
            options={
                'ordering': ['order', 'slug'],
                'constraints': [models.CheckConstraint(condition=models.Q(('pass_mark__gte', 0), ('pass_mark__lte', 1)), name='a_pass_mark_is_a_share')],
            },
        ),
        migrations.CreateModel(
            name='Lesson',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField()),
                ('title', models.CharField(max_length=200)),
                ('summary', models.CharField(blank=True, max_length=300)),
                ('number', models.PositiveSmallIntegerField()),
                ('minutes', models.PositiveSmallIntegerField()),
                ('techniques', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), default=list)),
                ('alert_types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), default=list)),
                ('review_by', models.DateField()),
                ('body', models.JSONField()),
                ('outline', models.JSONField()),
                ('sources', models.JSONField()),
                ('is_retired', models.BooleanField(default=False)),
                ('module', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lessons', to='catalog.module')),
            ],
            options={
                'ordering': ['module__order', 'module__slug', 'number'],
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['alert_types'], name='lessons_by_alert_type')],
                'constraints': [models.UniqueConstraint(fields=('module', 'slug'), name='a_lesson_is_named_once')],
            },
        ),
        migrations.CreateModel(
            name='Card',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField()),
                ('position', models.PositiveSmallIntegerField()),
                ('technique', models.CharField(blank=True, max_length=12)),
                ('front', models.TextField()),
                ('front_html', models.TextField()),
                ('back_html', models.TextField()),
                ('sources', models.JSONField()),
                ('is_retired', models.BooleanField(default=False)),
                ('module', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cards', to='catalog.module')),
            ],
            options={
                'ordering': ['module__order', 'position'],
                'constraints': [models.UniqueConstraint(fields=('module', 'slug'), name='a_card_is_named_once')],
            },
        ),
        migrations.CreateModel(
            name='LessonQuestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField()),
                ('position', models.PositiveSmallIntegerField()),
                ('is_retired', models.BooleanField(default=False)),
                ('lesson', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='questions', to='catalog.lesson')),
            ],
            options={
                'db_table': 'catalog_question',
                'ordering': ['lesson', 'position'],
                'constraints': [models.UniqueConstraint(fields=('lesson', 'slug'), name='a_question_of_a_lesson_is_named_once')],
            },
        ),
        migrations.CreateModel(
            name='QuestionVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('content_hash', models.CharField(max_length=64)),
                ('type', models.CharField(choices=[('single', 'single'), ('multiple', 'multiple'), ('numeric', 'numeric'), ('short', 'short'), ('match', 'match'), ('order', 'order'), ('packet', 'packet'), ('triage', 'triage')], max_length=10)),
                ('techniques', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), default=list)),
                ('stored', models.JSONField()),
                ('is_current', models.BooleanField(default=True)),
                ('question', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='catalog.lessonquestion')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('question',), name='one_version_of_a_question_is_current'), models.UniqueConstraint(fields=('question', 'number'), name='versions_of_a_question_are_numbered')],
            },
        ),
        migrations.CreateModel(
            name='SourceFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(max_length=100)),
                ('data', models.BinaryField(null=True)),
                ('imported_sha256', models.CharField(blank=True, max_length=64)),
                ('has_offer', models.BooleanField(default=False)),
                ('offered', models.BinaryField(null=True)),
                ('published_at', models.DateTimeField()),
                ('module', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='catalog.module')),
            ],
            options={
                'ordering': ['module__order', 'path'],
                'constraints': [models.UniqueConstraint(fields=('module', 'path'), name='a_file_of_a_module_is_named_once')],
            },
        ),
        migrations.CreateModel(
            name='AlertTypeReview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('alert_type', models.CharField(max_length=200)),
                ('techniques', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, default=list)),
                ('note', models.TextField()),
                ('attack_version', models.CharField(max_length=10)),
                ('reviewer_name', models.CharField(max_length=200)),
                ('reviewed_at', models.DateTimeField()),
                ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['alert_type', '-reviewed_at'], name='reviews_of_an_alert_type')],
                'constraints': [models.CheckConstraint(condition=models.Q(('note', ''), _negated=True), name='a_review_of_an_alert_type_says_why')],
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('module_slug', models.SlugField()),
                ('folder', models.CharField(max_length=100)),
                ('path', models.CharField(max_length=100)),
                ('data', models.BinaryField(null=True)),
                ('base_sha256', models.CharField(blank=True, max_length=64)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('edited_at', models.DateTimeField()),
                ('edited_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['module_slug', 'path'],
                'constraints': [models.UniqueConstraint(fields=('module_slug', 'path'), name='a_file_of_a_module_has_one_draft')],
            },
        ),
        migrations.CreateModel(
            name='LessonCapture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('sha256', models.CharField(max_length=64)),
                ('data', models.BinaryField()),
                ('module', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='captures', to='catalog.module')),
            ],
            options={
                'ordering': ['module__order', 'name'],
                'db_table': 'catalog_capture',
                'constraints': [models.UniqueConstraint(fields=('module', 'name'), name='a_capture_is_named_once')],
            },
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
