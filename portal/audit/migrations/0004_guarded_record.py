from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION audit_hash_of(e audit_entry) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to((CASE WHEN e.recorded_at IS NULL
        THEN jsonb_build_array(
            e.prev_hash, e.seq, extract(epoch FROM e.at), e.actor_id, e.actor_label, e.action,
            e.object_type, e.object_id, e.object_label, e.details, e.request_id)
        ELSE jsonb_build_array(
            e.prev_hash, e.seq, extract(epoch FROM e.at), e.actor_id, e.actor_label, e.action,
            e.object_type, e.object_id, e.object_label, e.details, e.request_id,
            extract(epoch FROM e.recorded_at), e.written_by)
        END)::text, 'UTF8')), 'hex')
$$;
CREATE OR REPLACE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head audit_head%ROWTYPE;
    person text;
    business timestamptz;
BEGIN
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
CREATE FUNCTION audit_head_now(OUT seq bigint, OUT hash text) LANGUAGE sql STABLE AS $$
    SELECT coalesce(max(h.seq), 0), coalesce(max(h.hash), '') FROM audit_head h
$$;
CREATE FUNCTION others_may(tab regclass, rights text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE given record;
BEGIN
    FOR given IN
        SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS who
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
        WHERE c.oid = tab AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %s', tab, given.who);
        IF rights <> '' THEN
            EXECUTE format('GRANT %s ON %s TO %s', rights, tab, given.who);
        END IF;
    END LOOP;
END $$;
CREATE FUNCTION refuse_changes_but() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE live text[] := coalesce(TG_ARGV, '{}');  -- without arguments it is null
BEGIN
    IF to_jsonb(NEW) - live IS DISTINCT FROM to_jsonb(OLD) - live THEN
        RAISE EXCEPTION 'In % only these columns change: %.', TG_TABLE_NAME,
            array_to_string(live, ', ') USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION audit_chain() SECURITY DEFINER SET search_path = %I, pg_temp',
        current_schema());
    EXECUTE format('ALTER FUNCTION audit_head_now() SECURITY DEFINER SET search_path = %I, pg_temp',
        current_schema());
END $$;
SELECT others_may('audit_entry', 'SELECT, INSERT');
SELECT others_may('audit_head', '');
"""
BACK = """
DROP FUNCTION refuse_changes_but();
DROP FUNCTION others_may(regclass, text);
DROP FUNCTION audit_head_now();
ALTER FUNCTION audit_chain() SECURITY INVOKER RESET search_path;
CREATE OR REPLACE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE head audit_head%ROWTYPE;
BEGIN
    INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '') ON CONFLICT (id) DO NOTHING;
    SELECT * INTO head FROM audit_head WHERE id = 1 FOR UPDATE;
    NEW.seq := head.seq + 1;
    NEW.prev_hash := head.hash;
    NEW.hash := audit_hash_of(NEW);
    UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash WHERE id = 1;
    RETURN NEW;
END $$;
DO $$
DECLARE who text;
BEGIN
    FOR who IN SELECT DISTINCT a.grantee::regrole::text FROM pg_class c
        CROSS JOIN LATERAL aclexplode(c.relacl) a
        WHERE c.oid = 'audit_entry'::regclass AND a.grantee NOT IN (0, c.relowner)
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON audit_head TO %s', who);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    """The record is written through its trigger alone, which says itself when and by whose
    connection. Going back leaves hashes of newer entries as they are.
    """

    dependencies = [
        ("audit", "0003_recorded_at_and_written_by"),
        ("accounts", "0001_people_and_grants"),
        ("jobs", "0001_work_as_rows"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACK)]
