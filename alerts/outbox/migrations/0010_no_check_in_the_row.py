import django.contrib.postgres.operations
from django.db import migrations, models
from django.db.models import Q

# What the workers change of a change; all else stays as it was owed.
FIXED = """
SET LOCAL lock_timeout = '3s';
CREATE TRIGGER what_is_owed_stays BEFORE UPDATE OF key, act, workspace_id, incident_name, kind, patch,
    message, playbook, run_uuid, task, urgency, check_args, by_id, by_label, made_at
    ON outbox_change FOR EACH ROW EXECUTE FUNCTION refuse_changes_but('state', 'due_at', 'attempts',
        'fence', 'lease_until', 'latest_error', 'settled_at', 'base', 'outcome', 'note', 'etag_after',
        'sent_at');
"""


class Migration(migrations.Migration):
    """Rows of the version before are left as they are; new ones are held to the constraints."""

    dependencies = [
        ('outbox', '0009_what_rules_owe'),
        ('automation', '0009_changes_name_their_runs'),
        ('audit', '0004_guarded_record'),
    ]

    operations = [
        migrations.RemoveField(model_name='change', name='check_name'),
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='change',
            constraint=models.CheckConstraint(
                condition=(Q(kind='playbook', run_uuid__isnull=False) & ~Q(playbook=''))
                | (~Q(kind='playbook') & Q(run_uuid=None, playbook='')),
                name='a_playbook_change_names_its_run',
            ),
        ),
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='change',
            constraint=models.CheckConstraint(
                condition=~Q(kind__in=('close', 'tag'))
                | Q(by=None, check_args__has_keys=['incident', 'versions', 'alerts']),
                name='a_change_of_rules_names_them_and_no_person',
            ),
        ),
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='change',
            constraint=models.CheckConstraint(
                condition=~Q(kind='update', by=None, patch__status='Closed'),
                name='nobody_closes_without_a_person_or_a_rule',
            ),
        ),
        migrations.RunSQL(FIXED, 'DROP TRIGGER what_is_owed_stays ON outbox_change'),
    ]
