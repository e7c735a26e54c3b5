"""Drafts that were given up stood as rejected, which is what a signer does to a proposal."""

from django.db import migrations

FORWARDS = """
SET lock_timeout = '3s';
UPDATE suppression_ruleversion v SET state = 'discarded'
 WHERE v.state = 'rejected' AND EXISTS (
       SELECT FROM suppression_step s
        WHERE s.version_id = v.id AND s.from_state = 'draft' AND s.to_state = 'rejected');
UPDATE suppression_step SET to_state = 'discarded'
 WHERE from_state = 'draft' AND to_state = 'rejected';
"""
BACKWARDS = """
SET lock_timeout = '3s';
UPDATE suppression_ruleversion SET state = 'rejected' WHERE state = 'discarded';
UPDATE suppression_step SET to_state = 'rejected' WHERE to_state = 'discarded';
"""


class Migration(migrations.Migration):
    dependencies = [("suppression", "0003_discarded_drafts_are_called_so")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
