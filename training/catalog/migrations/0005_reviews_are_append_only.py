from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
CREATE FUNCTION catalog_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Reviews of alert types are append-only.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER catalog_no_change BEFORE UPDATE OR DELETE ON catalog_alerttypereview
    FOR EACH ROW EXECUTE FUNCTION catalog_refuse();
"""
BACK = """
SET LOCAL lock_timeout = '3s';
DROP TRIGGER catalog_no_change ON catalog_alerttypereview;
DROP FUNCTION catalog_refuse();
"""


class Migration(migrations.Migration):
    """What somebody said of an alert type stays as it was said; the database sees to it."""

    dependencies = [("catalog", "0004_reviews_of_alert_types")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
