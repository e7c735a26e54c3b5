from django.db import migrations

# Verdicts are written once; the owner of the table may fill in a new column of theirs.
FORWARD = """
SET LOCAL lock_timeout = '3s';
ALTER TABLE reviews_annotation DISABLE TRIGGER verdict_is_written_once;
UPDATE reviews_annotation SET came_by = 'file' WHERE imported_at IS NOT NULL;
ALTER TABLE reviews_annotation ENABLE TRIGGER verdict_is_written_once;
"""


class Migration(migrations.Migration):
    """What was read from files came by a file. Of the others nobody knows whether a token was used:
    they count as they did.
    """

    dependencies = [("reviews", "0011_how_a_verdict_came")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
