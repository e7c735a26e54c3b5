"""Who opened a capture, what they did and when stays as it was noted."""

from typing import ClassVar

from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
CREATE TRIGGER accesses_are_written_once BEFORE UPDATE ON captures_captureaccess
    FOR EACH ROW EXECUTE FUNCTION refuse_changes_but();
"""
BACK = "DROP TRIGGER accesses_are_written_once ON captures_captureaccess;"


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("captures", "0001_captures_of_incidents"),
        ("audit", "0004_guarded_record"),
    ]

    operations: ClassVar = [migrations.RunSQL(FORWARD, BACK)]
