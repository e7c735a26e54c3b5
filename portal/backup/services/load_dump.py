"""Replace what is in the schema `public` by a dump, inside the caller's transaction.

pg_restore writes SQL and we run it: psql would also obey commands of its own in a tampered dump,
and what comes after the load could not be in the same transaction.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import IO, Any

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunSQL

from portal.backup.archive import CHUNK, Archive
from portal.backup.pg_tools import find_tool
from portal.backup.services.make_backup import latest_words
from portal.errors import Refused

OBJECTS = """
SELECT kind, name FROM (
    SELECT CASE c.relkind WHEN 'S' THEN 2 ELSE 1 END AS turn, c.oid,
        CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
            WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
        c.oid::regclass::text AS name
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
    UNION ALL SELECT 3, p.oid, 'ROUTINE', p.oid::regprocedure::text
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    UNION ALL SELECT 4, t.oid, 'TYPE', t.oid::regtype::text
    FROM pg_type t WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('d', 'e')
) found WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = found.oid AND d.deptype = 'e')
ORDER BY turn, kind, name
"""


def drop_everything() -> None:
    """Drop all tables, sequences, functions and types of the schema `public`."""
    with connection.cursor() as cursor:
        cursor.execute(OBJECTS)
        for kind, name in cursor.fetchall():
            cursor.execute(f"DROP {kind} IF EXISTS {name} CASCADE")


def load_dump(archive: Archive, *, server: int) -> None:
    """Load tables, rows, indexes, constraints and triggers, in this order."""
    tool = str(find_tool("pg_restore", server=server))
    connection.ensure_connection()
    raw = connection.connection
    assert raw is not None
    for section in ("pre-data", "data", "post-data"):
        with _sql_of(archive, section, tool) as lines:
            _run(raw, lines)
    raw.execute("RESET search_path")  # the dump empties it


class _Lines:
    """The lines of a script; rows can be taken by the megabyte."""

    def __init__(self, script: IO[bytes]) -> None:
        self._script = script

    def __iter__(self) -> Iterator[bytes]:
        """Yield what stands between the rows of tables, line by line."""
        return iter(self._script.readline, b"")

    def rows(self) -> Iterator[bytes]:
        """Yield the rows of one table, to the line that ends them."""
        batch: list[bytes] = []
        size = 0
        for line in self:
            if line == b"\\.\n":
                yield b"".join(batch)
                return
            batch.append(line)
            size += len(line)
            if size > CHUNK:
                yield b"".join(batch)
                batch, size = [], 0
        raise Refused("The dump ends in the middle of a table.")


def _run(raw: Any, lines: _Lines) -> None:
    statements: list[bytes] = []

    def run() -> None:
        if text := b"".join(statements).strip():
            raw.execute(text)
        statements.clear()

    for line in lines:
        if line.startswith(b"COPY ") and line.endswith(b" FROM stdin;\n"):
            run()
            with raw.cursor().copy(line) as copy:
                for rows in lines.rows():
                    copy.write(rows)
        elif not line.startswith((b"\\restrict ", b"\\unrestrict ", b"--")):
            statements.append(line)
    run()


@contextmanager
def _sql_of(archive: Archive, section: str, tool: str) -> Iterator[_Lines]:
    """What pg_restore makes of one section of the dump."""
    command = [
        tool,
        f"--section={section}",
        "--no-owner",
        "--no-privileges",
        "--no-comments",
        "--no-tablespaces",
        "--no-publications",
        "--no-subscriptions",
        "--no-security-labels",
        "--file=-",
    ]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        )
        assert process.stdin is not None and process.stdout is not None
        feeder = Thread(target=_feed, args=(archive, process.stdin), daemon=True)
        feeder.start()
        try:
            yield _Lines(process.stdout)
            if process.wait() != 0:
                raise Refused(f"pg_restore failed: {latest_words(errors)}")
        finally:
            process.kill()
            process.wait()
            feeder.join()
            process.stdout.close()


def _feed(archive: Archive, into: IO[bytes]) -> None:
    """Give pg_restore the dump; it ends as soon as it has seen enough."""
    with suppress(BrokenPipeError), into, archive.dump() as dump:
        while chunk := dump.read(CHUNK):
            into.write(chunk)


HELD = """
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
        cursor.execute(HELD)
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
