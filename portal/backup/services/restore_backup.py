"""Put a backup into the database, whole or not at all, and let nothing leave until somebody has
looked.
"""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from portal import clock
from portal.audit.services import record
from portal.backup.archive import BackupArchive
from portal.backup.engine import Manifest, reasons_against_version
from portal.backup.models import Restore
from portal.backup.pg_tools import find_tool
from portal.backup.services.load_dump import load_rows
from portal.backup.services.rights import current_rights, give_rights
from portal.backup.services.schema import (
    MIGRATIONS,
    drop_everything,
    emptied_for_loading,
    make_schema,
    tables_of_schema,
)
from portal.backup.signature import BackupProof
from portal.errors import Refused
from portal.jobs.services import take_from_workers
from portal.notifications.services import give_up_mail
from portal.runtime.apply_worker_rights import set_worker_rights

AT_EASE = """
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL lock_timeout = '10s';
SET LOCAL maintenance_work_mem = '256MB'
"""
# The table that every Tagout has, and whether we may drop and make tables.
TARGET = """
SELECT current_database(), current_user, current_setting('server_version_num')::int,
    (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND relkind IN ('r', 'p')),
    has_schema_privilege('public', 'CREATE'),
    (SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
        AND c.relkind IN ('r', 'p', 'S', 'v') AND NOT pg_has_role(c.relowner, 'USAGE') LIMIT 1)
"""
OTHERS = """
SELECT coalesce(nullif(application_name, ''), 'somebody'), count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
    AND coalesce(backend_type, 'client backend') = 'client backend'
GROUP BY 1 ORDER BY 1
"""


class CannotRestore(Refused):
    """The database is as it was."""


def restore_backup(
    *,
    archive: BackupArchive,
    replace: str,
    foreign: str = "",
    by_label: str,
    progress: Callable[[str], None],
) -> Restore:
    """Verify a backup, load its rows into tables that this version's migrations make, then bring
    them to this version. `replace` is the name of the database whose contents may be lost; where it
    is empty the database has to be, too. `foreign` is the reason to trust an archive that this
    SECRET_KEY did not sign.
    """
    _check_signature(archive, foreign=foreign.strip())
    server = _check_target(archive.manifest, replace=replace)
    progress("Checking the archive …")
    archive.verify()
    with transaction.atomic(durable=True):
        restore = _replace_contents(
            archive, server=server, foreign=foreign.strip(), by_label=by_label, progress=progress
        )
    if _pending():
        progress("Bringing the tables to this version …")
        call_command("migrate", interactive=False, verbosity=0)
    set_worker_rights()  # the lines of migrations, said again, have given workers more
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("ANALYZE")
    connection.close()
    return Restore.objects.get(pk=restore.pk)


def _check_signature(archive: BackupArchive, *, foreign: str) -> None:
    if archive.proof is BackupProof.CHANGED:
        raise CannotRestore(
            f"{archive.path} was changed since it was made: its manifest is not what this"
            " installation signed. Take another backup."
        )
    if archive.proof is BackupProof.OTHER_KEY and not foreign:
        raise CannotRestore(
            f"{archive.path} was signed with another SECRET_KEY than the one set here: set the key"
            " of the installation that made it. Where that is lost and you know who had the"
            " archive since, say --foreign “why you trust it”: its rows are loaded, on record."
        )
    if archive.proof is BackupProof.MISSING and not foreign:
        raise CannotRestore(
            f"{archive.path} has no signature: Tagout made it before it signed backups, or"
            " somebody took the signature away. If you know who had the archive since, say"
            " --foreign “why you trust it”: its rows are loaded, on record."
        )


def _check_target(manifest: Manifest, *, replace: str) -> int:
    """Return the server's version, or refuse before anything was touched."""
    with connection.cursor() as cursor:
        cursor.execute(TARGET)
        name, role, server, tables, may_create, foreign = cursor.fetchone()
        migrations = {f"{app}.{migration}" for app, migration in _migrations_in_code()}
        if reasons := reasons_against_version(
            manifest, version=settings.VERSION, migrations=migrations, server=server
        ):
            raise CannotRestore(*reasons)
        find_tool("pg_restore", server=server)
        if not may_create or foreign:
            raise CannotRestore(
                f"The role {role} does not own the tables of the database {name}: restore as their"
                " owner (with Docker by the service `migrate`, see docs/operating.md, “Backup and"
                " restore”)."
            )
        if tables and replace != name:
            raise CannotRestore(
                f"The database {name} holds {tables} tables. Restore into an empty one, or say"
                f" --replace {name}: all that is in it is lost then."
            )
        _refuse_company(cursor, name)
    return int(server)


def _refuse_company(cursor: CursorWrapper, name: str) -> None:
    cursor.execute(OTHERS)
    if others := [f"{who} ({number})" for who, number in cursor.fetchall()]:
        raise CannotRestore(
            f"Others are connected to the database {name}: {', '.join(others)}. Stop web, workers"
            " and beat first."
        )


def _replace_contents(
    archive: BackupArchive,
    *,
    server: int,
    foreign: str,
    by_label: str,
    progress: Callable[[str], None],
) -> Restore:
    manifest = archive.manifest
    with connection.cursor() as cursor:
        cursor.execute(AT_EASE)
    rights = current_rights()
    drop_everything()
    progress(f"Making the tables of Tagout {manifest.tagout} …")
    ran = make_schema(manifest.migrations)
    _check_counts_are_there(manifest)
    progress(f"Loading {len(manifest.rows)} tables …")
    with emptied_for_loading():
        not_loaded = load_rows(archive, server=server)
    for table, number in not_loaded.items():
        progress(f"Not loaded: {table} ({number} rows), which no migration of Tagout makes.")
    give_rights(rows=rights, migrations=ran)
    _compare_rows(manifest)
    return _begin_pause(
        archive, not_loaded=not_loaded, foreign=foreign, by_label=by_label, now=clock.now()
    )


def _check_counts_are_there(manifest: Manifest) -> None:
    if uncounted := [name for name in tables_of_schema() if name not in manifest.rows]:
        raise CannotRestore(
            f"The backup's manifest has no number of rows for {uncounted[0]}, a table of its own"
            " migrations: nothing was restored."
        )


def _compare_rows(manifest: Manifest) -> None:
    with connection.cursor() as cursor:
        for table in tables_of_schema():
            if table == MIGRATIONS:
                continue
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            if (loaded := cursor.fetchone()[0]) != (expected := manifest.rows[table]):
                raise CannotRestore(
                    f"{table} has {loaded} rows after loading, not {expected}: "
                    "nothing was restored."
                )


def _begin_pause(
    archive: BackupArchive,
    *,
    not_loaded: dict[str, int],
    foreign: str,
    by_label: str,
    now: datetime,
) -> Restore:
    """Part of the transaction that loads: there is no moment in which workers would go on."""
    manifest = archive.manifest
    restore = Restore.objects.create(
        backup_made_at=manifest.made_at,
        backup_version=manifest.tagout,
        record_seq=manifest.record_seq,
        record_hash=manifest.record_hash,
        restored_at=now,
        restored_by_label=by_label,
    )
    rows = take_from_workers()
    mails = give_up_mail(
        reason="Not sent: it stands in a restored backup and may have left before.",
        now=clock.unshifted(),
    )
    record(
        "backup.backup.restored",
        on=restore,
        by=by_label,
        at=now,
        backup_made_at=manifest.made_at,
        version=manifest.tagout,
        work_taken_back=rows,
        mails_given_up=mails,
        record_seq=manifest.record_seq,
        record_hash=manifest.record_hash,
        signature=archive.proof,
        foreign=foreign,
        not_loaded=not_loaded,
    )
    return restore


def _migrations_in_code() -> set[tuple[str, str]]:
    """Return those of the files, and those that squashed ones replace."""
    files = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return {key for name, file in files.items() for key in (name, *file.replaces)}


def _pending() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
