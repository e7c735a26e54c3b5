"""Load the rows of a dump into tables that are there, inside the caller's transaction.

pg_restore writes what it reads as SQL, and none of that SQL runs: a line is either one of the few
that are recognised, or the dump is refused. Of a table's line its name and its columns are taken,
and compared with the table that is there; the COPY is written here. So functions, triggers, views
and whatever else a dump defines never reach the server.
"""

import hashlib
import re
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Thread
from typing import IO, Any, NamedTuple

from django.db import connection
from psycopg import sql

from portal.backup.archive import CHUNK, BackupArchive
from portal.backup.engine import DUMP
from portal.backup.pg_tools import find_tool
from portal.backup.services.make_backup import last_line_of
from portal.backup.services.schema import MIGRATIONS
from portal.errors import Refused

COLUMNS = """
SELECT c.relname, array_agg(a.attname::text)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
GROUP BY 1
"""
SEQUENCES = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
"""
_NAME = rb'("?)([a-zA-Z0-9_]+)\1'
_COPY = re.compile(rb"COPY public\." + _NAME + rb' \(([a-zA-Z0-9_", ]*)\) FROM stdin;\n')
_SETVAL = re.compile(
    rb"SELECT pg_catalog\.setval\('public\." + _NAME + rb"', (\d{1,19}), (true|false)\);\n"
)
_PREAMBLE = re.compile(
    rb"|--.*"
    rb"|\\(un)?restrict [a-zA-Z0-9]+"
    rb"|SET [a-z_]+ = ('[a-zA-Z0-9_-]*'|[a-zA-Z0-9_]+);"
    rb"|SELECT pg_catalog\.set_config\('search_path', '', false\);"
)
_END = b"\\.\n"


class _CopyLine(NamedTuple):
    table: str
    columns: tuple[str, ...]


def load_rows(archive: BackupArchive, *, server: int) -> dict[str, int]:
    """Load each table's rows and the value of its sequence, and return the number of rows of tables
    that are not there. `django_migrations` and its sequence are left as they are: it lists what ran
    here. Raises Refused where the dump holds anything else, or more rows than the manifest counts.
    """
    connection.ensure_connection()
    columns, sequences = _columns_and_sequences()
    not_loaded = {}
    with connection.wrap_database_errors, _data_section(archive, server=server) as script:
        for line in script:
            if found := _COPY.fullmatch(line):
                copy = _read_copy(found)
                rows = script.rows(copy.table, limit=archive.manifest.rows.get(copy.table, 0))
                if copy.table == MIGRATIONS or copy.table not in columns:
                    number = sum(_count_lines(batch) for batch in rows)
                    if copy.table != MIGRATIONS:
                        not_loaded[copy.table] = number
                    continue
                _copy_in(copy, rows, columns=columns)
            elif found := _SETVAL.fullmatch(line):
                _set_sequence(found, sequences)
            elif not _PREAMBLE.fullmatch(line.removesuffix(b"\n")):
                text = line[:80].decode(errors="replace").strip()
                raise Refused(f"The dump holds something other than rows: “{text}”.")
    return not_loaded


def _read_copy(found: re.Match[bytes]) -> _CopyLine:
    names = (name.strip(b'"').decode() for name in found[3].split(b", "))
    return _CopyLine(found[2].decode(), tuple(names))


def _columns_and_sequences() -> tuple[dict[str, list[str]], set[str]]:
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        columns = dict(cursor.fetchall())
        cursor.execute(SEQUENCES)
        return columns, {name for (name,) in cursor.fetchall()} - {f"{MIGRATIONS}_id_seq"}


def _copy_in(copy: _CopyLine, rows: Iterator[bytes], *, columns: Mapping[str, list[str]]) -> None:
    if sorted(copy.columns) != sorted(columns[copy.table]):
        different = set(copy.columns) ^ set(columns[copy.table])
        raise Refused(
            f"In the dump the table {copy.table} has other columns than its migrations make"
            f" ({', '.join(sorted(different)) or 'one is there twice'})."
        )
    statement = sql.SQL("COPY public.{} ({}) FROM STDIN").format(
        sql.Identifier(copy.table), sql.SQL(", ").join(map(sql.Identifier, copy.columns))
    )
    with _raw().cursor().copy(statement) as stream:
        for batch in rows:
            stream.write(batch)


def _set_sequence(found: re.Match[bytes], sequences: set[str]) -> None:
    name, value, is_used = found[2].decode(), int(found[3]), found[4] == b"true"
    if name in sequences:
        _raw().execute(
            "SELECT setval(format('public.%%I', %s::text)::regclass, %s, %s)",
            (name, value, is_used),
        )


def _raw() -> Any:
    raw = connection.connection
    assert raw is not None
    return raw


def _count_lines(batch: bytes) -> int:
    return batch.count(b"\n")


class _Script:
    """The lines that pg_restore writes; rows can be taken by the megabyte."""

    def __init__(self, output: IO[bytes]) -> None:
        self._output = output

    def __iter__(self) -> Iterator[bytes]:
        """Yield what is between the rows of tables, line by line; what is longer than a
        megabyte comes in parts.
        """
        return iter(lambda: self._output.readline(CHUNK), b"")

    def rows(self, table: str, *, limit: int) -> Iterator[bytes]:
        """Yield the rows of one table, to the line that ends them. Raises Refused where there are
        more of them than `limit`.
        """
        batch: list[bytes] = []
        size = number = 0
        at_line_start = True
        for part in self:
            if at_line_start and part == _END:
                yield b"".join(batch)
                return
            at_line_start = part.endswith(b"\n")
            number += at_line_start
            if number > limit:
                raise Refused(
                    f"{table} has more rows in the dump than its manifest says ({limit})."
                )
            batch.append(part)
            size += len(part)
            if size > CHUNK:
                yield b"".join(batch)
                batch, size = [], 0
        raise Refused("The dump ends in the middle of a table.")


@contextmanager
def _data_section(archive: BackupArchive, *, server: int) -> Iterator[_Script]:
    """What pg_restore makes of the rows in the dump. Raises Refused where it fails, and where the
    dump is not any more what was verified.
    """
    command = [str(find_tool("pg_restore", server=server)), "--section=data", "--file=-"]
    digest = hashlib.sha256()
    with tempfile.TemporaryFile() as errors, archive.dump() as dump:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        )
        assert process.stdin is not None and process.stdout is not None
        feeder = Thread(target=_feed, args=(dump, process.stdin, digest), daemon=True)
        feeder.start()
        try:
            yield _Script(process.stdout)
            if process.wait() != 0:
                raise Refused(f"pg_restore failed: {last_line_of(errors)}")
            feeder.join()
            _check_unchanged(archive, dump, digest)
        finally:
            process.kill()
            process.wait()
            feeder.join()
            process.stdout.close()


def _feed(dump: IO[bytes], into: IO[bytes], digest: "hashlib._Hash") -> None:
    """Give pg_restore the dump; it ends as soon as it has seen enough."""
    with suppress(BrokenPipeError, zipfile.BadZipFile), into:
        while chunk := dump.read(CHUNK):
            digest.update(chunk)
            into.write(chunk)


def _check_unchanged(archive: BackupArchive, dump: IO[bytes], digest: "hashlib._Hash") -> None:
    """Whoever can write to the file may do so between its check and its use."""
    with suppress(zipfile.BadZipFile):
        while chunk := dump.read(CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != archive.manifest.members[DUMP].sha256:
        raise Refused(f"{archive.path} was changed while it was restored: nothing was restored.")
