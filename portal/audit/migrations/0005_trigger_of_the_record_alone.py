from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
REVOKE EXECUTE ON FUNCTION audit_chain() FROM PUBLIC;
SELECT others_may('jobs_clockoffset', 'SELECT');
"""
BACK = """
GRANT EXECUTE ON FUNCTION audit_chain() TO PUBLIC;
SELECT others_may('jobs_clockoffset', 'SELECT, INSERT, UPDATE, DELETE');
"""


class Migration(migrations.Migration):
    """The trigger runs with the owner's rights, so nobody else hangs it on a table of theirs; and
    nobody else moves the clock by which entries are dated.
    """

    dependencies = [("audit", "0004_guarded_record")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
