from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
CREATE FUNCTION progress_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Attempts are append-only.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER progress_no_change BEFORE UPDATE OR DELETE ON progress_attempt
    FOR EACH ROW EXECUTE FUNCTION progress_refuse();
"""
BACK = """
SET LOCAL lock_timeout = '3s';
DROP TRIGGER progress_no_change ON progress_attempt;
DROP FUNCTION progress_refuse();
"""


class Migration(migrations.Migration):
    """What somebody answered stays as it was answered; the database sees to it."""

    dependencies = [("progress", "0001_attempts")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
