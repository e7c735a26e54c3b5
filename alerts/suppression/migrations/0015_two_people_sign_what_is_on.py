from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
-- Asked at the end of the transaction, so that a row and its signatures may be written in any order.
CREATE FUNCTION suppression_refuse_unsigned_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE version bigint;
BEGIN
    IF TG_TABLE_NAME = 'suppression_signature' THEN
        version := OLD.version_id;
    ELSE
        version := NEW.id;
    END IF;
    IF EXISTS (
        SELECT FROM suppression_ruleversion v
        WHERE v.id = version AND v.state IN ('canary', 'live') AND NOT EXISTS (
            SELECT FROM suppression_signature ot
            JOIN suppression_signature soc ON soc.version_id = ot.version_id
            WHERE ot.version_id = v.id AND ot.side = 'ot' AND soc.side = 'soc'
                AND ot.by_id <> soc.by_id AND ot.void_at IS NULL AND soc.void_at IS NULL
                AND ot.rule_hash = v.rule_hash AND soc.rule_hash = v.rule_hash)
    ) THEN
        RAISE EXCEPTION 'Two people of two sides have to sign a version of a rule that acts.'
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER two_people_sign_what_acts
    AFTER INSERT OR UPDATE OF state, rule_hash ON suppression_ruleversion
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state IN ('canary', 'live'))
    EXECUTE FUNCTION suppression_refuse_unsigned_version();
CREATE CONSTRAINT TRIGGER what_acts_stays_signed
    AFTER UPDATE OR DELETE ON suppression_signature
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION suppression_refuse_unsigned_version();

CREATE FUNCTION suppression_refuse_unsigned_watchlist() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE request bigint;
BEGIN
    IF TG_TABLE_NAME = 'suppression_watchlistsignature' THEN
        request := OLD.request_id;
    ELSE
        request := NEW.id;
    END IF;
    IF EXISTS (
        SELECT FROM suppression_watchlistrequest w
        WHERE w.id = request AND w.state = 'on' AND NOT EXISTS (
            SELECT FROM suppression_watchlistsignature ot
            JOIN suppression_watchlistsignature soc ON soc.request_id = ot.request_id
            WHERE ot.request_id = w.id AND ot.side = 'ot' AND soc.side = 'soc'
                AND ot.by_id <> soc.by_id
                AND ot.text_hash = w.text_hash AND soc.text_hash = w.text_hash)
    ) THEN
        RAISE EXCEPTION 'Two people of two sides have to sign a watchlist that is on.'
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER two_people_sign_a_watchlist
    AFTER INSERT OR UPDATE OF state, text_hash ON suppression_watchlistrequest
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'on')
    EXECUTE FUNCTION suppression_refuse_unsigned_watchlist();
CREATE CONSTRAINT TRIGGER a_watchlist_stays_signed
    AFTER UPDATE OR DELETE ON suppression_watchlistsignature
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION suppression_refuse_unsigned_watchlist();
-- A temporary table of the same name is none of ours.
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION suppression_refuse_unsigned_version() SET search_path = %I, pg_temp',
        current_schema());
    EXECUTE format('ALTER FUNCTION suppression_refuse_unsigned_watchlist() SET search_path = %I, pg_temp',
        current_schema());
END $$;
"""
BACK = """
DROP TRIGGER a_watchlist_stays_signed ON suppression_watchlistsignature;
DROP TRIGGER two_people_sign_a_watchlist ON suppression_watchlistrequest;
DROP TRIGGER what_acts_stays_signed ON suppression_signature;
DROP TRIGGER two_people_sign_what_acts ON suppression_ruleversion;
DROP FUNCTION suppression_refuse_unsigned_watchlist();
DROP FUNCTION suppression_refuse_unsigned_version();
"""


class Migration(migrations.Migration):
    """What acts has signatures of two people of two sides: the database itself asks for them."""

    dependencies = [("suppression", "0014_periods_of_watchlists")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
