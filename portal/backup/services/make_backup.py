"""Write a backup while Tagout runs."""

import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from portal.accounts.models import Session
from portal.backup.archive import CHUNK, write_archive
from portal.backup.engine import DUMP, FORMAT, ArchiveMember, Manifest
from portal.backup.pg_tools import environment_of, find_tool
from portal.errors import Refused

LEFT_OUT = (
    "settings and secrets (.env, secrets/): SECRET_KEY, passwords, Azure's secrets, certificates",
    "published heads of the audit record (AUDIT_ANCHOR): with SECRET_KEY they prove a record",
    "sessions: everybody signs in again after a restore",
)
WITHOUT_ROWS = (Session._meta.db_table,)
TABLES = """
SELECT c.relname, has_table_privilege(c.oid, 'SELECT') FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname
"""
# Reading a large table takes longer than a page may, and pg_dump needs our snapshot meanwhile.
AT_EASE = """
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0
"""


def make_backup(*, out: BinaryIO) -> Manifest:
    """Write one archive of the whole database, as it is at one moment, to `out`. Captures and other
    files are rows. Raises Refused where the tools or the rights are missing.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(AT_EASE)
        tables = _readable_tables(cursor)
        cursor.execute("SELECT pg_export_snapshot(), now(), current_setting('server_version_num')")
        snapshot, made_at, server = cursor.fetchone()
        dump = _dump(snapshot, server=int(server))

        def manifest_of(member: ArchiveMember) -> Manifest:
            return _manifest(cursor, tables, member, made_at=made_at, server=int(server))

        return write_archive(out, dump=dump, manifest_of=manifest_of)


def _readable_tables(cursor: CursorWrapper) -> list[str]:
    cursor.execute(TABLES)
    tables = cursor.fetchall()
    if not tables:
        raise Refused("The database holds no tables: there is nothing to back up.")
    if forbidden := [name for name, readable in tables if not readable]:
        raise Refused(
            f"The role {connection.settings_dict['USER']} may not read {forbidden[0]}: back up as"
            " the owner of the tables (with Docker by the service `migrate`, see"
            " docs/operating.md, “Backup and restore”)."
        )
    return [name for name, _ in tables]


def _dump(snapshot: str, *, server: int) -> Iterator[bytes]:
    """Yield the custom format of pg_dump, as of a snapshot of our own transaction."""
    command = [
        str(find_tool("pg_dump", server=server)),
        "--format=custom",
        f"--snapshot={snapshot}",
        "--no-owner",
        "--no-privileges",
        "--no-comments",
        "--no-tablespaces",
        "--no-publications",
        "--no-subscriptions",
        "--no-security-labels",
        "--no-password",
        "--lock-wait-timeout=60s",
        *(f"--exclude-table-data=public.{table}" for table in WITHOUT_ROWS),
    ]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment_of(connection.settings_dict),
        )
        assert process.stdout is not None
        try:
            while chunk := process.stdout.read(CHUNK):
                yield chunk
            if process.wait() != 0:
                raise Refused(f"pg_dump failed: {last_line_of(errors)}")
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def last_line_of(errors: BinaryIO) -> str:
    """The last line that a program wrote to standard error."""
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it did not say why."


def _manifest(
    cursor: CursorWrapper,
    tables: list[str],
    member: ArchiveMember,
    *,
    made_at: datetime,
    server: int,
) -> Manifest:
    cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1")
    migrations = tuple(name for (name,) in cursor.fetchall())
    cursor.execute(
        "SELECT coalesce(max(seq), 0), coalesce((SELECT hash FROM audit_entry ORDER BY seq DESC"
        " LIMIT 1), '') FROM audit_entry"
    )
    seq, digest = cursor.fetchone()
    return Manifest(
        format=FORMAT,
        tagout=settings.VERSION,
        made_at=made_at.astimezone(UTC),
        postgresql=server,
        migrations=migrations,
        record_seq=seq,
        record_hash=digest,
        left_out=LEFT_OUT,
        rows={table: 0 if table in WITHOUT_ROWS else _count(cursor, table) for table in tables},
        members={DUMP: member},
    )


def _count(cursor: CursorWrapper, table: str) -> int:
    cursor.execute(f"SELECT count(*) FROM public.{connection.ops.quote_name(table)}")
    number: int = cursor.fetchone()[0]
    return number
