"""A consent stays what was asked for, and once it is decided, what was decided."""

from typing import ClassVar

from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
CREATE TRIGGER what_was_asked_for_stays BEFORE UPDATE ON automation_plantconsent
    FOR EACH ROW WHEN (OLD.state = 'asked') EXECUTE FUNCTION refuse_changes_but('state', 'kind',
        'decided_by_id', 'decision_reason', 'decided_at');
CREATE TRIGGER what_was_decided_stays BEFORE UPDATE ON automation_plantconsent
    FOR EACH ROW WHEN (OLD.state <> 'asked') EXECUTE FUNCTION refuse_changes_but();
"""
BACK = """
DROP TRIGGER what_was_decided_stays ON automation_plantconsent;
DROP TRIGGER what_was_asked_for_stays ON automation_plantconsent;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("automation", "0012_checks_of_before"),
        ("audit", "0004_guarded_record"),
    ]

    operations: ClassVar = [migrations.RunSQL(FORWARD, BACK)]
