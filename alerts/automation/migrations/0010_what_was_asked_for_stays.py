from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
ALTER TABLE outbox_change ADD CONSTRAINT the_run_of_a_change_was_asked_for FOREIGN KEY (run_uuid)
    REFERENCES automation_playbookrun (uuid) DEFERRABLE INITIALLY DEFERRED;
CREATE TRIGGER what_was_asked_for_stays BEFORE UPDATE OF uuid, playbook_id, change_id, consent_id, by_id,
    reason, definition_digest, asked_at
    ON automation_playbookrun FOR EACH ROW EXECUTE FUNCTION refuse_changes_but('incident_id', 'name',
        'status', 'started_at', 'ended_at', 'error_code', 'error');
CREATE TRIGGER what_was_asked_for_stays BEFORE UPDATE OF act, verb, said, title, by_id, incident_ids,
    standings
    ON incidents_bulkact FOR EACH ROW EXECUTE FUNCTION refuse_changes_but('state', 'due_at', 'attempts',
        'fence', 'lease_until', 'latest_error', 'settled_at', 'made_at', 'worked', 'done', 'ended_at',
        'stopped_at', 'undone_at', 'undone');
"""
BACK = """
DROP TRIGGER what_was_asked_for_stays ON incidents_bulkact;
DROP TRIGGER what_was_asked_for_stays ON automation_playbookrun;
ALTER TABLE outbox_change DROP CONSTRAINT the_run_of_a_change_was_asked_for;
"""


class Migration(migrations.Migration):
    """What workers carry out for people stays what was asked for: a change of the outbox starts a run
    that is there, and neither runs nor bulk acts change hands.
    """

    dependencies = [
        ('automation', '0009_changes_name_their_runs'),
        ('outbox', '0009_what_rules_owe'),
        ('incidents', '0023_tasks_of_incidents'),
        ('audit', '0004_guarded_record'),
    ]

    operations = [migrations.RunSQL(FORWARD, BACK)]
