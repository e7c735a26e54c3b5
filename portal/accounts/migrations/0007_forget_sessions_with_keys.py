from django.db import migrations

FORWARD = """
DO $$ BEGIN
    IF to_regclass('django_session') IS NOT NULL THEN DELETE FROM django_session; END IF;
END $$
"""


class Migration(migrations.Migration):
    """The table of before held keys that were usable. It stays, empty, for the code of before."""

    dependencies = [("accounts", "0006_sessions_by_digest")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
