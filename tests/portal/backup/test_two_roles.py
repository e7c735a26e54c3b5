"""Where one role owns the tables and another is the application, a restore keeps them apart."""

import os
from contextlib import closing
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql

from tests.portal.backup.conftest import restore
from tests.servers import execute_outside

OWNER, APP = f"tagout_owner_{os.getpid()}", f"tagout_app_{os.getpid()}"
GUARDED = {
    "audit_entry": "INSERT SELECT",
    "backup_restore": "INSERT SELECT UPDATE",
    "jobs_clockoffset": "SELECT",
    "planned_work_workconfirmation": "INSERT SELECT",
    "reviews_annotation": "INSERT SELECT UPDATE",
    "reviews_annotation_incidents": "INSERT SELECT",
    "suppression_backtestrun": "INSERT SELECT UPDATE",
    "suppression_ledgerentry": "INSERT SELECT UPDATE",
    "suppression_signature": "INSERT SELECT UPDATE",
}
RIGHTS = """
SELECT c.relname, string_agg(a.privilege_type, ' ' ORDER BY a.privilege_type)
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
WHERE c.relkind = 'r' AND a.grantee = %s::regrole GROUP BY 1
"""


@pytest.fixture
def two_roles(databases):
    """A database as docker/database-roles.sh makes it; returns its name."""
    for role in (OWNER, APP):
        execute_outside(sql.SQL("CREATE ROLE {} LOGIN"), role)
    name = databases.new(owner=OWNER)
    with databases.at(name), connection.cursor() as cursor:
        cursor.execute(f"""
            REVOKE ALL ON DATABASE {name} FROM PUBLIC;
            GRANT CONNECT, TEMPORARY ON DATABASE {name} TO {APP};
            GRANT USAGE ON SCHEMA public TO {APP};
            ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public
                GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP};
            ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public
                GRANT USAGE, SELECT ON SEQUENCES TO {APP};
        """)
    yield name
    databases.drop()
    for role in (APP, OWNER):
        execute_outside(sql.SQL("DROP ROLE {}"), role)


def rights_of_app():
    with connection.cursor() as cursor:
        cursor.execute(RIGHTS, [APP])
        return dict(cursor.fetchall())


@pytest.mark.usefixtures("copied_schema")
def test_the_application_may_do_afterwards_what_migrations_and_hands_left_it(
    two_roles, databases, archive, tmp_path
):
    with databases.at(two_roles, OWNER):
        restore(archive)
        assert_only_guarded_tables_differ(rights_of_app())
        assert not may_call("audit_chain()")
        assert may_call("audit_head_now()")
    with databases.at(two_roles, APP):
        with pytest.raises(CommandError, match=rf"{APP} may not read audit_head: back up as the"):
            call_command("backup", str(tmp_path / "b"))
        with pytest.raises(CommandError, match=rf"{APP} does not own the tables"):
            restore(archive, "--replace", two_roles)
    with databases.at(two_roles, OWNER):
        call_command("backup", str(tmp_path / "b"), stdout=StringIO())
        with connection.cursor() as cursor:
            cursor.execute(f"GRANT TRUNCATE ON sites_zone TO {APP}")
            cursor.execute(f"GRANT ALL ON audit_entry, audit_head TO {APP}")
        restore(tmp_path / "b", "--replace", two_roles)
        rights = rights_of_app()
        assert rights.pop("sites_zone") == "DELETE INSERT SELECT TRUNCATE UPDATE"
        assert_only_guarded_tables_differ(rights)
        parameters = connection.get_connection_params() | {
            "user": APP,
            "application_name": "tagout-web",
        }
        words = r"connected to the database .*: tagout-web \(1\)"
        with closing(psycopg.connect(**parameters)), pytest.raises(CommandError, match=words):
            restore(archive, "--replace", two_roles)


def may_call(function):
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_function_privilege(%s, %s, 'EXECUTE')", [APP, function])
        return cursor.fetchone()[0]


def assert_only_guarded_tables_differ(rights):
    assert "audit_head" not in rights
    guarded = {name: rights.pop(name) for name in GUARDED}
    assert guarded == GUARDED
    others = {name: held for name, held in rights.items() if held != "DELETE INSERT SELECT UPDATE"}
    assert others == {}
    assert len(rights) > 80
