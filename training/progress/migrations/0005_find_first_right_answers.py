from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
SET LOCAL statement_timeout = 0;
ALTER TABLE progress_attempt DISABLE TRIGGER progress_no_change;
UPDATE progress_attempt SET is_first_right = true WHERE id IN (
    SELECT DISTINCT ON (a.learner_id, v.question_id) a.id
      FROM progress_attempt a JOIN catalog_questionversion v ON v.id = a.version_id
     WHERE a.is_correct
     ORDER BY a.learner_id, v.question_id, a.answered_at, a.id);
ALTER TABLE progress_attempt ENABLE TRIGGER progress_no_change;
"""


class Migration(migrations.Migration):
    """What was answered before gets the mark, too; it changes no answer."""

    dependencies = [
        ("catalog", "0001_modules_and_lessons"),
        ("progress", "0004_first_right_answers"),
    ]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
