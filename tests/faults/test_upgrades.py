"""A database of an earlier release becomes the one that a new installation has, and keeps its rows.

`tests/faults/installed-….sql.xz` is what that release's own `migrate` made, with what its own
code then wrote into it, as pg_dump wrote it; `tagout` is the application's role, beside the owner.
"""

import json
import lzma
import os

import pytest
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from portal.audit.queries import verify_chain
from portal.backup.services.schema import drop_everything, make_schema
from tests.architecture.tree import HOME
from tests.catalogue import catalogue
from tests.portal.backup.conftest import databases
from tests.servers import execute_outside

__all__ = ["databases"]
RELEASES = ("0.1.0", "0.2.0")
APP = f"tagout_app_{os.getpid()}"
# What an upgrade from 0.1.0 changes in rows that are there: table, column, before, after.
CHANGED = {
    ("incidents_alert", "source_kind", "Unknown", ""),
    ("outbox_change", "kind", "update", "close"),
    ("sites_device", "kind", "Unclassified", ""),
}
REMOVED = {("django_session", "k"), ("patterns_candidate", "1")}  # keys that worked; mined anew
OF_DJANGO = {"auth_permission", "django_content_type", "django_migrations"}


@pytest.fixture
def new_database(databases):
    """Return a function that makes empty databases, beside which there is a role of the
    application.
    """
    execute_outside(sql.SQL("CREATE ROLE {}"), APP)
    yield databases.new
    databases.drop()
    execute_outside(sql.SQL("DROP ROLE {}"), APP)


def install(release=None):
    """Make what an installation of that release has, in the database of the connection; None: what
    docker/database-roles.sh leaves to `migrate`.
    """
    with connection.cursor() as cursor:
        if release:
            path = HOME / f"tests/faults/installed-{release}.sql.xz"
            text = lzma.decompress(path.read_bytes()).decode()
            cursor.execute(text.replace(" TO tagout;", f" TO {APP};"))
        for what in ("SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE, SELECT ON SEQUENCES"):
            cursor.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {what} TO {APP}")
    connection.close()  # the dump has set its own search path


def rows_of_all_tables():
    """Return every row as a mapping of columns, by table and key."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(set(connection.introspection.table_names()) - OF_DJANGO):
            key = connection.introspection.get_primary_key_column(cursor, table)
            cursor.execute(f"SELECT {key}::text, to_jsonb(t)::text FROM {table} t")
            found |= {(table, name): json.loads(row) for name, row in cursor.fetchall()}
    return found


def test_an_older_release_becomes_what_a_new_one_is_and_is_made_again_as_it_was(
    new_database, databases
):
    with databases.at(new_database()):
        install()
        call_command("migrate", interactive=False, verbosity=0)
        new = catalogue()
    for release in RELEASES:
        with databases.at(new_database()):
            install(release)
            before, was = rows_of_all_tables(), catalogue()
            labels = labels_of_this_database()
            call_command("migrate", interactive=False, verbosity=0)
            upgraded = {line for line in catalogue() if "django_session" not in line}
            assert sorted(upgraded - new) == sorted(new - upgraded) == [], release
            removed, changed = differences(before, rows_of_all_tables())
            is_first = release == "0.1.0"
            assert removed == (REMOVED if is_first else set())
            assert changed == (CHANGED if is_first else set())
            report = verify_chain()
            assert (report.entries, report.broken_at) == (2, None)
            drop_everything()
            make_schema(labels)  # as a restore of a backup of that release does
            made = catalogue()
            lost = {line for line in was - made if "django_session" not in line}
            assert sorted(lost) == sorted(made - was) == [], release


def labels_of_this_database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT app || '.' || name FROM django_migrations WHERE app <> 'sessions'")
        return [label for (label,) in cursor.fetchall()]


def differences(before, after):
    """Return the keys of rows that are gone, and which columns that were there hold what now."""
    removed = {name for name in before if name not in after}
    changed = {
        (table, column, old, after[table, key][column])
        for (table, key), row in before.items()
        for column, old in row.items()
        if (table, key) in after
        and column in after[table, key]
        and after[table, key][column] != old
    }
    return removed, changed
