"""Keep raw JSON compressed by lz4, where the server was built with it."""

from django.db import migrations

TABLES = ("incidents_incidentraw", "incidents_alertraw", "incidents_entity")


def _compress(method):
    return "SET lock_timeout = '3s';" + "".join(
        f"""
        DO $$ BEGIN
            ALTER TABLE {table} ALTER COLUMN body SET COMPRESSION {method};
        EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN NULL;
        END $$;"""
        for table in TABLES
    )


class Migration(migrations.Migration):
    dependencies = [("incidents", "0002_since_when_a_pair_was_seen")]
    operations = [migrations.RunSQL(_compress("lz4"), _compress("pglz"))]
