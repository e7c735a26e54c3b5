from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
-- A line that was not carried out begins anew; all others keep what was said when the rule acted.
CREATE TRIGGER ledger_is_written_once BEFORE UPDATE ON suppression_ledgerentry
    FOR EACH ROW WHEN (OLD.ending <> 'not-sent')
    EXECUTE FUNCTION refuse_changes_but('alerts', 'change_key', 'landed_at', 'ending', 'ended_at',
        'ending_note', 'review_again_at', 'reviewed_at', 'kept_open');
CREATE TRIGGER ledger_stays_with_its_rule BEFORE UPDATE ON suppression_ledgerentry
    FOR EACH ROW WHEN (OLD.ending = 'not-sent')
    EXECUTE FUNCTION refuse_changes_but('rule_hash', 'where', 'at', 'reason', 'signed_ot',
        'signed_soc', 'text', 'alerts', 'change_key', 'landed_at', 'ending', 'ended_at',
        'ending_note', 'review_again_at', 'reviewed_at', 'kept_open');
CREATE TRIGGER signature_is_written_once BEFORE UPDATE ON suppression_signature
    FOR EACH ROW WHEN (OLD.void_at IS NULL) EXECUTE FUNCTION refuse_changes_but('void_at');
CREATE TRIGGER void_signature_stays_void BEFORE UPDATE ON suppression_signature
    FOR EACH ROW WHEN (OLD.void_at IS NOT NULL) EXECUTE FUNCTION refuse_changes_but();
CREATE TRIGGER backtest_is_written_once BEFORE UPDATE ON suppression_backtestrun
    FOR EACH ROW EXECUTE FUNCTION refuse_changes_but('rule_id');
SELECT others_may('suppression_ledgerentry', 'SELECT, INSERT, UPDATE');
SELECT others_may('suppression_signature', 'SELECT, INSERT, UPDATE');
"""
BACK = """
DROP TRIGGER backtest_is_written_once ON suppression_backtestrun;
DROP TRIGGER void_signature_stays_void ON suppression_signature;
DROP TRIGGER signature_is_written_once ON suppression_signature;
DROP TRIGGER ledger_stays_with_its_rule ON suppression_ledgerentry;
DROP TRIGGER ledger_is_written_once ON suppression_ledgerentry;
SELECT others_may('suppression_ledgerentry', 'SELECT, INSERT, UPDATE, DELETE');
SELECT others_may('suppression_signature', 'SELECT, INSERT, UPDATE, DELETE');
"""


class Migration(migrations.Migration):
    """Ledger, signatures and back-tests: the database itself keeps what was written once."""

    dependencies = [
        ("suppression", "0009_trials_that_are_kept"),
        ("audit", "0004_guarded_record"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACK)]
