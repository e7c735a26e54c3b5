from importlib import import_module

from django.db import migrations

now = import_module("portal.audit.migrations.0001_squashed_0006_workers_borrow_no_names")
RIGHTS = """
SELECT others_may('audit_entry', 'SELECT, INSERT');
SELECT others_may('audit_head', '');
"""
FORWARD = now.HASH + now.CHAIN + now.GUARDS + RIGHTS
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
