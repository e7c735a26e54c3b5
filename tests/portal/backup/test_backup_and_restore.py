"""The drill: back up a small world, change it, restore it elsewhere, and compare every table."""

import json
import os
import re
import stat
import zipfile
from contextlib import closing
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder

from alerts.incidents.models import Incident
from alerts.outbox.models import Change
from alerts.outbox.queries import can_be_undone
from alerts.sentinel.models import Workspace
from portal.audit.models import Entry
from portal.audit.queries import verify_chain
from portal.backup.engine import DUMP, MANIFEST
from portal.backup.management.commands import backup
from portal.backup.queries import is_paused_after_restore
from portal.backup.services.schema import STRUCTURE, tables_of_schema
from portal.backup.signature import SIGNATURE, sign_manifest
from portal.jobs.models import JobState
from portal.jobs.services import kinds_of_work
from portal.notifications.models import Mail
from tests.factories.incidents import make_workspace
from tests.portal.backup.conftest import restore
from tests.servers import make_template

LEASES = {"state", "lease_until", "fence"}


def rows_of_all_tables():
    """Every row of every table, by table; without what a restore takes from workers."""
    work = {model._meta.db_table for model in kinds_of_work()}
    found = {}
    with connection.cursor() as cursor:
        for table in tables_of_schema():  # not the temporary ones of tests before
            left_out = list(LEASES) if table in work else []
            cursor.execute(
                f'SELECT (to_jsonb(t) - %s::text[])::text FROM "{table}" t ORDER BY 1', [left_out]
            )
            found[table] = [row for (row,) in cursor.fetchall()]
    return found


def test_what_was_backed_up_is_restored_elsewhere_to_the_last_row(world, databases, archive):
    before, entries = rows_of_all_tables(), Entry.objects.count()
    assert before["captures_capturepart"] and before["accounts_session"]
    Change.objects.update(state=JobState.RUNNING, fence=4)
    call_command("backup", str(archive), overwrite=True, stdout=StringIO())
    Incident.objects.update(title="Changed after the backup")
    with databases.at(databases.new()):
        restore(archive)
        after, structure = rows_of_all_tables(), structure_of_this_database()
        assert_triggers_and_sequences_work(entries)
        assert_no_worker_holds_work()
    assert before.keys() == after.keys()
    assert structure == structure_of_this_database(), "guards, keys and indexes are all there"
    different = {table for table in before if before[table] != after[table]}
    assert different == {
        "accounts_session",  # left out
        "backup_restore",
        "audit_entry",
        "audit_head",  # the restore itself
        "notifications_mail",  # given up
        "django_migrations",  # those that ran here
    }
    assert after["accounts_session"] == []
    assert set(before["audit_entry"]) < set(after["audit_entry"])


def structure_of_this_database():
    with connection.cursor() as cursor:
        cursor.execute(STRUCTURE)
        # What workers may add and change follows the roles of an installation, which no backup
        # holds.
        of_workers = re.compile("_adds_to_|_changes_")
        return sorted(row for row in cursor.fetchall() if not of_workers.search(row[1]))


def assert_triggers_and_sequences_work(entries):
    latest = Entry.objects.latest("seq")
    assert (latest.seq, latest.action) == (entries + 1, "backup.backup.restored")
    assert verify_chain().whole
    with pytest.raises(DatabaseError, match="append-only"):
        Entry.objects.all().delete()
    incident = Incident.objects.get()
    incident.pk, incident.name = None, "another"
    incident.save(force_insert=True)


def assert_no_worker_holds_work():
    change = Change.objects.get()
    assert (change.state, change.lease_until, change.fence) == (JobState.WAITING, None, 5)
    assert not can_be_undone(change.act), "it may have been sent after the backup"
    assert "may have left before" in Mail.objects.get().latest_error


def test_it_says_what_is_in_it_and_what_must_be_kept_apart(world, tmp_path):
    out = StringIO()
    call_command("backup", str(tmp_path / "b"), stdout=out)
    assert "Not in it, keep it apart:" in out.getvalue()
    assert "SECRET_KEY" in out.getvalue()
    mode = stat.S_IMODE((tmp_path / "b").stat().st_mode)
    assert mode == 0o600
    with zipfile.ZipFile(tmp_path / "b") as archive:
        assert archive.namelist() == [DUMP, MANIFEST, SIGNATURE]
        manifest = json.loads(archive.read(MANIFEST))
        assert b"correct horse" not in archive.read(DUMP)
    assert manifest["rows"]["captures_capturepart"] == 1
    assert manifest["record_seq"] == Entry.objects.count()
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_file_that_exists_is_not_written_over_unless_one_says_so(archive):
    made = archive.read_bytes()
    with pytest.raises(CommandError, match="exists: choose another name, or add --overwrite"):
        call_command("backup", str(archive))
    assert archive.read_bytes() == made
    call_command("backup", str(archive), overwrite=True, stdout=StringIO())
    assert archive.read_bytes() != made


@pytest.mark.usefixtures("copied_schema")
def test_a_database_that_holds_something_is_replaced_only_by_its_name(databases, archive):
    name = connection.settings_dict["NAME"]
    elsewhere = databases.new(template=make_template())
    with databases.at(elsewhere):
        make_workspace("newer")
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE of_a_later_version (id int)")
        for word in ([], ["--replace", name]):
            with pytest.raises(CommandError, match=f"holds .* tables.*--replace {elsewhere}:"):
                restore(archive, *word)
            assert Workspace.objects.get().name == "newer"
        restore(archive, "--replace", elsewhere)
        assert Workspace.objects.get().name == "gdansk"
        assert "of_a_later_version" not in connection.introspection.table_names()


def test_nothing_is_restored_beside_others_who_are_connected(databases, archive):
    with databases.at(databases.new()):
        parameters = connection.get_connection_params()
        with closing(psycopg.connect(**parameters | {"application_name": "tagout-web"})):
            connection.close()
            with pytest.raises(CommandError, match=r"Others are connected.*tagout-web \(1\).*Stop"):
                restore(archive)


def cut(path):
    path.write_bytes(path.read_bytes()[:-200])


def change_a_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def rewritten(manifest=lambda content: content, dump=lambda data: data):
    """Write the archive anew with another manifest or dump, signed by this installation."""

    def rewrite(path):
        with zipfile.ZipFile(path) as archive:
            content, data = json.loads(archive.read(MANIFEST)), archive.read(DUMP)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(DUMP, dump(data))
            archive.writestr(MANIFEST, text := json.dumps(manifest(content)))
            archive.writestr(SIGNATURE, sign_manifest(text.encode()))

    return rewrite


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (cut, "it is incomplete"),
        (lambda path: path.write_bytes(b"no archive at all"), "is not a backup of Tagout"),
        (change_a_byte, "was changed or damaged"),
        (rewritten(dump=lambda data: data + b"x"), "was changed or damaged"),
        (rewritten(lambda content: {"made": "by hand"}), "manifest cannot be read"),
        (
            rewritten(lambda content: content | {"format": 2, "tagout": "9.1"}),
            "made by Tagout 9.1, whose backups this version does not know",
        ),
        (
            rewritten(
                lambda content: (
                    content
                    | {"tagout": "9.1", "migrations": [*content["migrations"], "audit.0999_x"]}
                )
            ),
            r"made by Tagout 9.1; this is .*audit.0999_x.*restore it with that version",
        ),
        (rewritten(lambda content: content | {"postgresql": 190001}), "comes from PostgreSQL 19"),
        (
            rewritten(lambda content: content | {"rows": content["rows"] | {"accounts_user": 9}}),
            "accounts_user has 1 rows after loading, not 9: nothing was restored",
        ),
    ],
)
@pytest.mark.usefixtures("copied_schema")
def test_what_is_wrong_with_a_backup_is_said_and_nothing_is_touched(
    databases, empty_database, archive, spoil, words
):
    spoil(archive)
    with databases.at(empty_database):
        with pytest.raises(CommandError, match=words):
            restore(archive)
        assert connection.introspection.table_names() == []


def test_an_older_backup_is_brought_to_this_version(databases, tmp_path):
    with databases.at(databases.new(template=make_template())):
        call_command("migrate", "captures", "zero", verbosity=0)
        # A squashed migration that a later one has taken in, beside those that it replaced.
        MigrationRecorder(connection).record_applied("jobs", "0001_squashed_0002_circuit_breakers")
        call_command("backup", str(tmp_path / "older"), stdout=StringIO())
    with databases.at(databases.new()):
        restore(tmp_path / "older")
        assert "captures_capturepart" in connection.introspection.table_names()
        assert is_paused_after_restore()


def test_a_backup_that_is_killed_leaves_no_file_and_the_next_cleans_up(
    databases, program, tmp_path
):
    target = tmp_path / "out" / "tagout.zip"
    target.parent.mkdir()
    program.replace_tool("pg_dump", '$TOOL "$@" | head -c 20000; echo > $REACHED; exec sleep 60')
    program.kill_when_reached("backup", target)
    assert not target.exists()
    assert len(list(target.parent.iterdir())) == 1
    call_command("backup", str(target), stdout=StringIO())
    assert list(target.parent.iterdir()) == [target]


def test_a_restore_that_is_killed_leaves_the_database_as_it_was(databases, archive, program):
    with databases.at(name := databases.new(template=make_template())):
        make_workspace("newer")
        connection.close()
        program.replace_tool(
            "pg_restore",
            '$TOOL "$@" | head -c 20000; echo > $REACHED; exec sleep 60',
        )
        program.kill_when_reached("restore", archive, "--replace", name)
        assert Workspace.objects.get().name == "newer"


def test_a_full_disk_is_one_sentence_and_leaves_nothing(databases, program, tmp_path):
    target = tmp_path / "out" / "tagout.zip"
    target.parent.mkdir()
    process = program.start("backup", target, limit=20)
    _, message = process.communicate()
    assert process.returncode == 1
    assert message == f"CommandError: There is not enough room for {target}: no backup was made.\n"
    assert list(target.parent.iterdir()) == []


def test_standard_output_that_is_full_or_closed_is_one_sentence(databases, monkeypatch):
    reading, closed = os.pipe()
    os.close(reading)
    full = os.open("/dev/full", os.O_WRONLY)
    for out, words in (
        (full, "room for standard output: no backup was made"),
        (closed, "Nobody reads standard output any more"),
    ):
        with os.fdopen(out, "wb", buffering=0) as file:
            monkeypatch.setattr(backup, "standard_output", lambda file=file: file)
            with pytest.raises(CommandError, match=words):
                call_command("backup", "-")


def test_a_database_without_tables_is_one_sentence(databases, settings, tmp_path):
    settings.EMBEDDED = False
    with databases.at(databases.new()):
        with pytest.raises(CommandError, match="holds no tables: there is nothing to back up"):
            call_command("backup", str(tmp_path / "b"))
        for word in ("--check", "--resume"):
            with pytest.raises(CommandError, match="migrations are pending"):
                call_command("restore", word)


def test_tools_that_are_missing_or_too_old_are_named(databases, program, tmp_path, monkeypatch):
    monkeypatch.setattr("portal.backup.pg_tools.client_of_wheel", lambda name: None)
    monkeypatch.setenv("PATH", str(program.folder))
    with pytest.raises(CommandError, match=r"pg_dump is not installed: install .* PostgreSQL 18"):
        call_command("backup", str(tmp_path / "b"))
    (program.folder / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 17.6'\n")
    (program.folder / "pg_dump").chmod(0o755)
    with pytest.raises(CommandError, match=r"pg_dump is version 17\.6, older than the server"):
        call_command("backup", str(tmp_path / "b"))
    assert not (tmp_path / "b").exists()
