from django.db import migrations

# As in 0004, but for the first lines.
FORWARD = """
SET LOCAL lock_timeout = '3s';
CREATE OR REPLACE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    head audit_head%ROWTYPE;
    person text;
    business timestamptz;
BEGIN
    -- On a table of somebody else's NEW is of their type, and casts of theirs run as we do.
    IF TG_RELID <> 'audit_entry'::regclass THEN
        RAISE EXCEPTION 'This function continues the audit record, not %.', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT * INTO head FROM audit_head WHERE id = 1 FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '') ON CONFLICT (id) DO NOTHING;
        SELECT * INTO head FROM audit_head WHERE id = 1 FOR UPDATE;
    END IF;
    -- Nobody is named otherwise than their account is.
    SELECT name INTO person FROM accounts_user WHERE id = NEW.actor_id;
    IF FOUND THEN
        NEW.actor_label := left(
            person || coalesce(substring(NEW.actor_label FROM ', with the token .*$'), ''), 200);
    END IF;
    -- Who does not own the table dates nothing back or ahead; tests and the demo own it.
    IF session_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        SELECT clock_timestamp() + make_interval(secs => coalesce(max(seconds), 0)) INTO business
            FROM jobs_clockoffset;
        IF NEW.at NOT BETWEEN business - interval '1 hour' AND business + interval '5 minutes' THEN
            RAISE EXCEPTION 'An audit entry is dated when it is written, not %.', NEW.at
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    END IF;
    NEW.recorded_at := clock_timestamp();
    NEW.written_by := session_user;
    NEW.seq := head.seq + 1;
    NEW.prev_hash := head.hash;
    NEW.hash := audit_hash_of(NEW);
    UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash WHERE id = 1;
    RETURN NEW;
END $$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION audit_chain() SET search_path = %I, pg_temp', current_schema());
END $$;
REVOKE EXECUTE ON FUNCTION audit_chain() FROM PUBLIC;
SELECT others_may('jobs_clockoffset', 'SELECT');
"""
BACK = """
GRANT EXECUTE ON FUNCTION audit_chain() TO PUBLIC;
SELECT others_may('jobs_clockoffset', 'SELECT, INSERT, UPDATE, DELETE');
"""


class Migration(migrations.Migration):
    """The trigger runs with the owner's rights, so nobody else hangs it on a table of theirs; and
    nobody else moves the clock by which entries are dated.
    """

    dependencies = [("audit", "0004_guarded_record")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
