"""What a change and a desired rule keep for good, as of 0.2.0. This comes after the tables of
automation, which come after those of this room.
"""

import django.contrib.postgres.operations
from django.db import migrations, models

OWED = """
SET LOCAL lock_timeout = '3s';
CREATE TRIGGER what_is_owed_stays BEFORE UPDATE OF key, act, workspace_id, incident_name, kind, patch,
    message, playbook, run_uuid, task, urgency, check_args, by_id, by_label, made_at
    ON outbox_change FOR EACH ROW EXECUTE FUNCTION refuse_changes_but('state', 'due_at', 'attempts',
        'fence', 'lease_until', 'latest_error', 'settled_at', 'base', 'outcome', 'note', 'etag_after',
        'sent_at');
"""
WHICH = """
SET LOCAL lock_timeout = '3s';
CREATE TRIGGER which_rule_it_is_stays BEFORE UPDATE OF workspace_id, name, kind, about, label
    ON outbox_wantedrule FOR EACH ROW
    WHEN (ROW(OLD.workspace_id, OLD.name, OLD.kind, OLD.about, OLD.label)
        IS DISTINCT FROM ROW(NEW.workspace_id, NEW.name, NEW.kind, NEW.about, NEW.label))
    EXECUTE FUNCTION refuse_changes_but();
"""


class Migration(migrations.Migration):

    replaces = [('outbox', '0010_no_check_in_the_row'), ('outbox', '0011_which_rule_it_is')]

    dependencies = [
        ('audit', '0004_guarded_record'),
        ('automation', '0009_changes_name_their_runs'),
        ('outbox', '0001_squashed_0009_what_rules_owe'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='change',
            name='check_name',
        ),
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='change',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'playbook'), ('run_uuid__isnull', False), models.Q(('playbook', ''), _negated=True)), models.Q(models.Q(('kind', 'playbook'), _negated=True), ('playbook', ''), ('run_uuid', None)), _connector='OR'), name='a_playbook_change_names_its_run'),
        ),
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='change',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ('close', 'tag')), _negated=True), models.Q(('by', None), ('check_args__has_keys', ['incident', 'versions', 'alerts'])), _connector='OR'), name='a_change_of_rules_names_them_and_no_person'),
        ),
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='change',
            constraint=models.CheckConstraint(condition=models.Q(('by', None), ('kind', 'update'), ('patch__status', 'Closed'), _negated=True), name='nobody_closes_without_a_person_or_a_rule'),
        ),
        migrations.RunSQL(OWED, 'DROP TRIGGER what_is_owed_stays ON outbox_change'),
        migrations.AddConstraint(
            model_name='wantedrule',
            constraint=models.UniqueConstraint(condition=models.Q(('kind__in', ('gate', 'list', 'listgate'))), fields=('workspace', 'kind'), name='a_workspace_has_one_gate_of_a_kind'),
        ),
        migrations.RunSQL(WHICH, 'DROP TRIGGER which_rule_it_is_stays ON outbox_wantedrule'),
    ]
