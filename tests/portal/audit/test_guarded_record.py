"""What the application's own role can do to the record: add to it, truthfully, and read it."""

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from portal import clock
from portal.accounts.services.people import add_organisation
from portal.audit.models import Entry
from portal.audit.queries import head_of_record, verify_chain
from portal.audit.services import record
from portal.backup.services.rights import restrictions_of
from portal.checks import (
    name_a_role_that_owns_the_record,
    name_rights_that_migrations_took_away,
)
from tests import cast

pytestmark = pytest.mark.django_db
ROLE = "tagout_tests_app"


def become(role):
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL SESSION AUTHORIZATION {role}")


@pytest.fixture
def as_app(db):
    """The connection is that of a role which was given everything on all tables, as an operator
    might, before the tables were guarded. All of it ends with the test.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"CREATE ROLE {ROLE}")
        cursor.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {ROLE}")
        cursor.execute("SELECT others_may('audit_entry', 'SELECT, INSERT')")
        cursor.execute("SELECT others_may('audit_head', '')")
        cursor.execute("SELECT others_may('jobs_clockoffset', 'SELECT')")
        become(ROLE)
        yield cursor
        connection.needs_rollback or cursor.execute("RESET SESSION AUTHORIZATION")


def forbidden(cursor, sql, match="permission denied"):
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        cursor.execute(sql)


def test_it_writes_entries_that_form_the_chain_and_reads_them(as_app):
    for name in ("Alpha", "Beta"):
        add_organisation(name=name, by="tests", now=clock.now())
    entries = list(Entry.objects.order_by("seq"))
    assert [entry.seq for entry in entries] == [1, 2]
    assert {entry.written_by for entry in entries} == {ROLE}
    assert verify_chain().whole
    assert head_of_record() == (2, entries[1].hash)


@pytest.mark.abuse("A42")
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_entry SET action = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "SELECT * FROM audit_head",
        "UPDATE audit_head SET seq = 0",
        "INSERT INTO audit_head VALUES (1, 0, '')",
        "DELETE FROM audit_head",
    ],
)
def test_it_changes_nothing_and_cannot_reach_the_head(as_app, sql):
    forbidden(as_app, sql)


@pytest.mark.abuse("A42")
def test_a_schema_of_its_own_does_not_lead_the_trigger_astray(as_app):
    as_app.execute("CREATE TEMPORARY TABLE audit_head (id int, seq bigint, hash text)")
    as_app.execute("INSERT INTO audit_head VALUES (1, 41, repeat('0', 64))")
    add_organisation(name="Alpha", by="tests", now=clock.now())
    assert Entry.objects.get().seq == 1
    as_app.execute("DROP TABLE pg_temp.audit_head")


@pytest.fixture
def own_table(as_app):
    """A table of the role's own that looks like the record, and a cast of its rows to entries."""
    as_app.execute("CREATE TEMPORARY TABLE mine (LIKE audit_entry)")
    as_app.execute(
        """CREATE FUNCTION pg_temp.as_entry(mine) RETURNS audit_entry LANGUAGE plpgsql AS $$
           DECLARE entry audit_entry%ROWTYPE;
           BEGIN
               RAISE EXCEPTION 'This ran as %.', current_user;
           END $$"""
    )
    as_app.execute(
        "CREATE CAST (mine AS audit_entry) WITH FUNCTION pg_temp.as_entry(mine) AS IMPLICIT"
    )
    yield as_app
    as_app.execute("DROP TABLE mine CASCADE")


HANG_IT = (
    "CREATE TRIGGER mine BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION public.audit_chain()"
)
INTO_IT = "INSERT INTO mine (at, details) VALUES (clock_timestamp(), '{}')"


@pytest.mark.abuse("A42")
def test_the_trigger_with_the_rights_of_the_owner_hangs_on_no_other_table(own_table):
    forbidden(own_table, HANG_IT, match="permission denied for function public.audit_chain")


@pytest.mark.abuse("A42")
def test_even_where_it_hangs_on_another_table_nothing_of_that_table_runs(own_table):
    own_table.execute("RESET SESSION AUTHORIZATION")
    own_table.execute(f"GRANT EXECUTE ON FUNCTION audit_chain() TO {ROLE}")
    become(ROLE)
    own_table.execute(HANG_IT)
    forbidden(own_table, INTO_IT, match="continues the audit record, not mine")


def test_every_function_with_the_rights_of_the_owner_has_a_path_and_is_no_trigger_for_all(as_app):
    as_app.execute(
        """SELECT proname, proconfig::text LIKE '%%search_path=%%, pg_temp%%',
               prorettype = 'trigger'::regtype AND has_function_privilege(oid, 'EXECUTE')
           FROM pg_proc WHERE prosecdef ORDER BY proname"""
    )
    assert as_app.fetchall() == [("audit_chain", True, False), ("audit_head_now", True, False)]


@pytest.mark.abuse("A42")
@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO jobs_clockoffset VALUES (1, 86400)",
        "UPDATE jobs_clockoffset SET seconds = 86400",
        "DELETE FROM jobs_clockoffset",
    ],
)
def test_it_does_not_move_the_clock_by_which_entries_are_dated(as_app, sql):
    forbidden(as_app, sql)


@pytest.mark.abuse("A42")
@pytest.mark.parametrize("by", [timedelta(hours=-2), timedelta(minutes=6)])
def test_an_entry_is_dated_neither_back_nor_ahead(as_app, by):
    with pytest.raises(DatabaseError, match="dated when it is written"), transaction.atomic():
        add_organisation(name="Alpha", by="tests", now=clock.now() + by)
    assert not Entry.objects.exists()


@pytest.mark.abuse("A42")
def test_the_moment_the_role_and_the_name_are_the_databases_own_word(make_person, as_app):
    as_app.execute("RESET SESSION AUTHORIZATION")
    ada = make_person(cast.ADA)
    become(ROLE)
    began = clock.unshifted()
    as_app.execute(
        """INSERT INTO audit_entry (seq, at, actor_id, actor_label, action, object_type, object_id,
               object_label, details, request_id, prev_hash, hash, recorded_at, written_by)
           VALUES (7, clock_timestamp(), %s, 'Somebody Else', 'a.b.c', 'x', '1', 'x', '{}', '', '',
               '', '2020-01-01', 'postgres')""",
        [ada.pk],
    )
    entry = Entry.objects.latest("seq")
    assert (entry.actor_label, entry.written_by) == (ada.name, ROLE)
    assert entry.recorded_at >= began
    assert verify_chain().whole


def test_a_program_is_named_beside_its_owner(make_person, noon):
    ada = make_person(cast.ADA)
    ada.via_token = type("Token", (), {"prefix": "abc", "__str__": lambda _: "export (abc)"})()
    with transaction.atomic():
        record("accounts.person.enabled", on=ada, by=ada, at=noon)
    entry = Entry.objects.latest("seq")
    assert entry.actor_label == f"{ada.name}, with the token export (abc)"


def test_entries_of_before_keep_their_hash(db, noon):
    add_organisation(name="Alpha", by="tests", now=noon)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE audit_entry SET recorded_at = NULL, written_by = ''")
        cursor.execute("UPDATE audit_entry e SET hash = audit_hash_of(e)")
        cursor.execute("UPDATE audit_head SET hash = (SELECT hash FROM audit_entry)")
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute(
            """SELECT encode(sha256(convert_to(jsonb_build_array(
                prev_hash, seq, extract(epoch FROM at), actor_id, actor_label, action, object_type,
                object_id, object_label, details, request_id)::text, 'UTF8')), 'hex')
               FROM audit_entry"""
        )
        (as_then,) = cursor.fetchone()
    assert Entry.objects.get().hash == as_then
    assert verify_chain().whole
    assert json.dumps(Entry.objects.get().details)


def check_ids(settings):
    settings.EMBEDDED = False
    return [check.id for check in name_a_role_that_owns_the_record(None)]


def test_check_deploy_tells_where_one_role_does_everything(settings, as_app):
    assert check_ids(settings) == []
    as_app.execute("RESET SESSION AUTHORIZATION")
    assert check_ids(settings) == ["tagout.DATABASE_ROLE"]
    as_app.execute(f"GRANT UPDATE ON audit_entry TO {ROLE}")
    become(ROLE)
    assert check_ids(settings) == ["tagout.DATABASE_ROLE"]


def test_check_deploy_tells_of_rights_that_were_granted_once_more(settings, as_app):
    settings.EMBEDDED = False
    as_app.execute("RESET SESSION AUTHORIZATION")
    for statement in restrictions_of():
        as_app.execute(statement)
    become(ROLE)
    assert name_rights_that_migrations_took_away(None) == []
    as_app.execute("RESET SESSION AUTHORIZATION")
    as_app.execute(f"GRANT DELETE ON suppression_ledgerentry TO {ROLE}")
    as_app.execute(f"GRANT SELECT ON audit_head TO {ROLE}")
    become(ROLE)
    (warning,) = name_rights_that_migrations_took_away(None)
    assert "SELECT in audit_head, DELETE in suppression_ledgerentry." in warning.msg
