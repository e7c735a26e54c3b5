from django.db import migrations

STAYS = """
SET LOCAL lock_timeout = '3s';
CREATE TRIGGER confirmation_is_written_once BEFORE UPDATE ON planned_work_workconfirmation
    FOR EACH ROW EXECUTE FUNCTION refuse_changes_but();
CREATE TRIGGER revision_is_written_once BEFORE UPDATE ON planned_work_revision
    FOR EACH ROW EXECUTE FUNCTION refuse_changes_but('is_latest', 'worked_out_until');
CREATE TRIGGER occurrence_is_written_once BEFORE UPDATE ON planned_work_occurrence
    FOR EACH ROW EXECUTE FUNCTION refuse_changes_but('known_until', 'done_at', 'asked_at');
SELECT others_may('planned_work_workconfirmation', 'SELECT, INSERT');
"""
BACK = """
DROP TRIGGER occurrence_is_written_once ON planned_work_occurrence;
DROP TRIGGER revision_is_written_once ON planned_work_revision;
DROP TRIGGER confirmation_is_written_once ON planned_work_workconfirmation;
SELECT others_may('planned_work_workconfirmation', 'SELECT, INSERT, UPDATE, DELETE');
"""


class Migration(migrations.Migration):
    """What planned work said, when it takes place and who confirmed it: the database itself keeps
    what was written once. Back-tests and the size of work rest on it.
    """

    dependencies = [
        ("planned_work", "0004_work_that_came_by_a_token"),
        ("audit", "0004_guarded_record"),
    ]
    operations = [migrations.RunSQL(STAYS, BACK)]
