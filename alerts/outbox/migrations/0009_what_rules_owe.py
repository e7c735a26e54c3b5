from django.db import migrations

FORWARD = """
UPDATE outbox_change SET kind = 'close' WHERE check_name = 'suppression.still-covered';
UPDATE outbox_change SET kind = 'tag' WHERE check_name = 'suppression.still-acting';
"""
BACK = """
UPDATE outbox_change SET kind = 'update', check_name = 'suppression.still-covered'
    WHERE kind = 'close';
UPDATE outbox_change SET kind = 'update', check_name = 'suppression.still-acting'
    WHERE kind = 'tag';
UPDATE outbox_change SET check_name = 'automation.playbook' WHERE kind = 'playbook';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('outbox', '0008_checks_by_kind'),
    ]

    operations = [migrations.RunSQL(FORWARD, BACK)]
