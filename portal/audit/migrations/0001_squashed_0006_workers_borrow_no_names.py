"""The tables of this room as of 0.2.0, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.squashed import SquashedMigration

# The files that this one replaces take the functions from here.
HASH = """
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
"""
CHAIN = """
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
GUARDS = """
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
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION audit_head_now() SECURITY DEFINER SET search_path = %I, pg_temp',
        current_schema());
END $$;
"""
APPEND_ONLY = """
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
RIGHTS = """
REVOKE EXECUTE ON FUNCTION audit_chain() FROM PUBLIC;
SELECT others_may('audit_entry', 'SELECT, INSERT');
SELECT others_may('audit_head', '');
SELECT others_may('jobs_clockoffset', 'SELECT');
"""
BACK = """
DROP FUNCTION refuse_changes_but();
DROP FUNCTION others_may(regclass, text);
DROP FUNCTION audit_head_now();
DROP TRIGGER audit_no_truncate ON audit_entry;
DROP TRIGGER audit_no_change ON audit_entry;
DROP TRIGGER audit_chain ON audit_entry;
DROP FUNCTION audit_refuse();
DROP FUNCTION audit_chain();
DROP FUNCTION audit_hash_of(audit_entry);
"""


class Migration(SquashedMigration):

    replaces = [('audit', '0001_entries_and_head'), ('audit', '0002_chain'), ('audit', '0003_recorded_at_and_written_by'), ('audit', '0004_guarded_record'), ('audit', '0005_trigger_of_the_record_alone'), ('audit', '0006_workers_borrow_no_names')]

    initial = True

    dependencies = [
        ('accounts', '0001_people_and_grants'),
        ('jobs', '0001_work_as_rows'),
    ]

    operations = [
        migrations.CreateModel(
            name='Head',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('seq', models.BigIntegerField(default=0)),
                ('hash', models.CharField(default='', max_length=64)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='the_chain_has_one_head')],
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.BigIntegerField(default=0, editable=False, unique=True)),
                ('at', models.DateTimeField()),
                ('actor_label', models.CharField(max_length=200)),
                ('action', models.CharField(max_length=80)),
                ('object_type', models.CharField(max_length=60)),
                ('object_id', models.CharField(max_length=64)),
                ('object_label', models.CharField(max_length=300)),
                ('details', models.JSONField(default=dict)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('prev_hash', models.CharField(default='', editable=False, max_length=64)),
                ('hash', models.CharField(default='', editable=False, max_length=64)),
                ('recorded_at', models.DateTimeField(editable=False, null=True)),
                ('written_by', models.CharField(db_default='', default='', editable=False, max_length=63)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['object_type', 'object_id', '-at'], name='audit_by_object'), models.Index(fields=['action', '-at'], name='audit_by_action')],
            },
        ),
        migrations.RunSQL(HASH + CHAIN + APPEND_ONLY + GUARDS + RIGHTS, BACK),
    ]
