from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
CREATE TRIGGER verdict_is_written_once BEFORE UPDATE ON reviews_annotation
    FOR EACH ROW EXECUTE FUNCTION refuse_changes_but(
        'review_id', 'superseded_by_id', 'withdrawn_at');
"""
BACK = "DROP TRIGGER verdict_is_written_once ON reviews_annotation;"


class Migration(migrations.Migration):
    """A verdict is evidence: a later one supersedes it, nobody changes it."""

    dependencies = [
        ("reviews", "0007_second_opinions"),
        ("audit", "0004_guarded_record"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACK)]
