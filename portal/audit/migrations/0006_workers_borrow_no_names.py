from django.db import migrations

# As in 0005, but for whom a worker names.
FORWARD = """
SET LOCAL lock_timeout = '3s';
CREATE OR REPLACE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    head audit_head%ROWTYPE;
    person text;
    business timestamptz;
    who text := btrim(split_part(NEW.actor_label, ', with the token ', 1));
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
    -- Web adds accounts; who cannot is a worker, and names people by their account or not at all.
    IF NEW.actor_id IS NULL AND NOT has_table_privilege(session_user, 'accounts_user', 'INSERT')
        AND NEW.actor_label !~
            '^(R-[0-9]+|(Tagout|automation|captures|exports|intake|outbox|probe|readiness|retention|suppression)$)'
        AND EXISTS (
            SELECT FROM accounts_user u WHERE lower(u.name) = lower(who) OR lower(u.email) = lower(who)
        )
    THEN
        RAISE EXCEPTION 'An audit entry names a person by their account, not as %.', who
            USING ERRCODE = 'insufficient_privilege';
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
"""
BACK = """
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
"""


class Migration(migrations.Migration):
    """A worker writes no entry under the name of a person that it does not name by the account."""

    dependencies = [("audit", "0005_trigger_of_the_record_alone")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
