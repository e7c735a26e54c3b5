from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
DROP TRIGGER ledger_is_written_once ON suppression_ledgerentry;
DROP TRIGGER ledger_stays_with_its_rule ON suppression_ledgerentry;
CREATE TRIGGER ledger_is_written_once BEFORE UPDATE ON suppression_ledgerentry
    FOR EACH ROW
    WHEN (OLD.ending <> 'not-sent' OR (OLD.act = 'closed' AND OLD.landed_at IS NOT NULL))
    EXECUTE FUNCTION refuse_changes_but('alerts', 'change_key', 'landed_at', 'ending', 'ended_at',
        'ending_note', 'review_again_at', 'reviewed_at', 'kept_open');
-- A close that Sentinel has stays one: who calls it not sent cannot write another over it.
CREATE TRIGGER ledger_stays_landed BEFORE UPDATE ON suppression_ledgerentry
    FOR EACH ROW
    WHEN (OLD.act = 'closed' AND OLD.landed_at IS NOT NULL AND NEW.landed_at IS NULL)
    EXECUTE FUNCTION refuse_changes_but();
CREATE TRIGGER ledger_stays_with_its_rule BEFORE UPDATE ON suppression_ledgerentry
    FOR EACH ROW
    WHEN (OLD.ending = 'not-sent' AND NOT (OLD.act = 'closed' AND OLD.landed_at IS NOT NULL))
    EXECUTE FUNCTION refuse_changes_but('rule_hash', 'where', 'at', 'reason', 'signed_ot',
        'signed_soc', 'text', 'alerts', 'change_key', 'landed_at', 'ending', 'ended_at',
        'ending_note', 'review_again_at', 'reviewed_at', 'kept_open');
SELECT others_may('suppression_backtestrun', 'SELECT, INSERT, UPDATE');
"""
BACK = """
DROP TRIGGER ledger_stays_landed ON suppression_ledgerentry;
DROP TRIGGER ledger_is_written_once ON suppression_ledgerentry;
DROP TRIGGER ledger_stays_with_its_rule ON suppression_ledgerentry;
CREATE TRIGGER ledger_is_written_once BEFORE UPDATE ON suppression_ledgerentry
    FOR EACH ROW WHEN (OLD.ending <> 'not-sent')
    EXECUTE FUNCTION refuse_changes_but('alerts', 'change_key', 'landed_at', 'ending', 'ended_at',
        'ending_note', 'review_again_at', 'reviewed_at', 'kept_open');
CREATE TRIGGER ledger_stays_with_its_rule BEFORE UPDATE ON suppression_ledgerentry
    FOR EACH ROW WHEN (OLD.ending = 'not-sent')
    EXECUTE FUNCTION refuse_changes_but('rule_hash', 'where', 'at', 'reason', 'signed_ot',
        'signed_soc', 'text', 'alerts', 'change_key', 'landed_at', 'ending', 'ended_at',
        'ending_note', 'review_again_at', 'reviewed_at', 'kept_open');
SELECT others_may('suppression_backtestrun', 'SELECT, INSERT, UPDATE, DELETE');
"""


class Migration(migrations.Migration):
    """A line may begin anew where nothing was carried out, and only there; and back-tests stay."""

    dependencies = [("suppression", "0010_what_is_written_once")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
