from django.db import migrations

STAYS = """
SET LOCAL lock_timeout = '3s';
CREATE TRIGGER an_incident_stays_itself BEFORE UPDATE OF name, workspace_id ON incidents_incident
    FOR EACH ROW
    WHEN (ROW(OLD.name, OLD.workspace_id) IS DISTINCT FROM ROW(NEW.name, NEW.workspace_id))
    EXECUTE FUNCTION refuse_changes_but();
"""


class Migration(migrations.Migration):
    """What people do to an incident goes to Sentinel under its name: no row takes another's."""

    dependencies = [
        ("incidents", "0027_what_boxes_an_alert"),
        ("audit", "0004_guarded_record"),
    ]
    operations = [
        migrations.RunSQL(STAYS, "DROP TRIGGER an_incident_stays_itself ON incidents_incident")
    ]
