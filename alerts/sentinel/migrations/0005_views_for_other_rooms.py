from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
CREATE VIEW sentinel_workspaces WITH (security_invoker = true) AS SELECT
    id, name
FROM sentinel_workspace;
"""
BACK = """
DROP VIEW sentinel_workspaces;
"""


class Migration(migrations.Migration):
    """What other rooms may name in SQL: views of this room's tables with the columns it offers."""

    dependencies = [("sentinel", "0004_when_certificates_end")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
