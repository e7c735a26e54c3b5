"""What other roles may do with the tables, over a restore."""

import re
from collections.abc import Iterable

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunSQL

TABLE_RIGHTS = """
SELECT c.relkind = 'S', c.oid::regclass::text, a.grantee::regrole::text,
    string_agg(a.privilege_type, ', ')
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
    AND a.grantee NOT IN (0, c.relowner)
GROUP BY 1, 2, 3
"""
# How migrations take rights away
_RESTRICTION = re.compile(
    r"SELECT others_may\('\w+', '[A-Z, ]*'\)"
    r"|REVOKE EXECUTE ON FUNCTION \w+\([^)]*\) FROM PUBLIC"
)

type Right = tuple[bool, str, str, str]  # is a sequence; table or sequence; role; rights


def current_rights() -> list[Right]:
    """What other roles may do now, role by role."""
    with connection.cursor() as cursor:
        cursor.execute(TABLE_RIGHTS)
        return [(is_sequence, name, role, rights) for is_sequence, name, role, rights in cursor]


def give_rights(*, rows: Iterable[Right], migrations: Iterable[str]) -> None:
    """Give back what was held of what is there again, then take away what these migrations took
    away. New tables have what default privileges give.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r','p','v','S')"
        )
        there = {name for (name,) in cursor.fetchall()}
        for is_sequence, name, role, rights in rows:
            if name in there:
                what = "SEQUENCE" if is_sequence else "TABLE"
                cursor.execute(f"GRANT {rights} ON {what} {name} TO {role}")
        for statement in restrictions_of(migrations):
            cursor.execute(statement)


def restrictions_of(migrations: Iterable[str] | None = None) -> Iterable[str]:
    """Yield how these migrations, or all, guard tables and functions: their own text is the one
    place.
    """
    migrations_there = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    all_labels = (f"{app}.{name}" for app, name in migrations_there)
    for label in sorted(all_labels if migrations is None else migrations):
        app, _, name = label.partition(".")
        for operation in migrations_there[app, name].operations:
            if isinstance(operation, RunSQL):
                yield from _RESTRICTION.findall(str(operation.sql))
