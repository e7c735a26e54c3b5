from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
CREATE VIEW sites_sites WITH (security_invoker = true) AS SELECT
    id, uuid, name, time_zone
FROM sites_site;
CREATE VIEW sites_zones WITH (security_invoker = true) AS SELECT
    id, site_id, name, purdue_level
FROM sites_zone;
CREATE VIEW sites_devices WITH (security_invoker = true) AS SELECT
    id, zone_id, address, name, kind, vendor, model, firmware, purdue_level,
    criticality, is_programming, is_scanner, is_authorized
FROM sites_device;
"""
BACK = """
DROP VIEW sites_sites, sites_zones, sites_devices;
"""


class Migration(migrations.Migration):
    """What other rooms may name in SQL: views of this room's tables with the columns it offers."""

    dependencies = [("sites", "0004_unclassified_is_no_kind")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
