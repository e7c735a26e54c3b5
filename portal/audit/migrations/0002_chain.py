from django.db import migrations

FORWARD = """
CREATE FUNCTION audit_hash_of(e audit_entry) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(jsonb_build_array(
        e.prev_hash, e.seq, extract(epoch FROM e.at), e.actor_id, e.actor_label, e.action,
        e.object_type, e.object_id, e.object_label, e.details, e.request_id)::text, 'UTF8')), 'hex')
$$;
CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER audit_chain BEFORE INSERT ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_chain();
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit record is append-only.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
"""
BACK = """
DROP TRIGGER audit_no_truncate ON audit_entry;
DROP TRIGGER audit_no_change ON audit_entry;
DROP TRIGGER audit_chain ON audit_entry;
DROP FUNCTION audit_refuse();
DROP FUNCTION audit_chain();
DROP FUNCTION audit_hash_of(audit_entry);
"""


class Migration(migrations.Migration):
    """The chain is computed by the database, so no code path can write beside it."""

    dependencies = [("audit", "0001_entries_and_head")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
