"""Somebody has changed an archive: it is refused, or its rows are loaded and none of its code."""

import hashlib
import json
import re
import zipfile
import zlib
from contextlib import closing
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from portal.audit.models import Entry
from portal.backup.archive import BackupArchive
from portal.backup.engine import DUMP, MANIFEST
from portal.backup.services.load_dump import load_rows
from portal.backup.signature import SIGNATURE, sign_manifest
from portal.errors import Refused
from tests.portal.backup.conftest import restore
from tests.servers import make_template

pytestmark = pytest.mark.usefixtures("copied_schema")

WHY = {"foreign": "It never left our safe"}


def tamper(path, *, dump=lambda data: data, manifest=lambda content: content, signature="kept"):
    """Write the archive anew; digest and length in its manifest are right again. The signature is
    as it was, taken away, or made with the key that is set.
    """
    with zipfile.ZipFile(path) as archive:
        content, data = json.loads(archive.read(MANIFEST)), dump(archive.read(DUMP))
        signed = archive.read(SIGNATURE)
    member = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    text = json.dumps(manifest(content | {"members": {DUMP: member}})).encode()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(DUMP, data)
        archive.writestr(MANIFEST, text)
        if signature != "removed":
            archive.writestr(SIGNATURE, sign_manifest(text) if signature == "made" else signed)


def without_the_guard(data):
    """The dump with a function that lets entries of the audit record be changed."""
    found = re.search(rb"RAISE EXCEPTION 'The audit record is append-only[^;]*;", data)
    assert found
    return data.replace(found[0], b"RETURN NEW;".ljust(len(found[0])))


def instead_of_copy(statement):
    """The dump in which this stands where the people's rows are announced."""

    def change(data):
        copy = re.search(rb"COPY public\.accounts_user \([^)]*\) FROM stdin;\n", data)
        assert copy and len(statement) < len(copy[0])
        return data.replace(copy[0], statement.ljust(len(copy[0]) - 1) + b"\n")

    return change


@pytest.fixture
def assert_refused(databases, empty_database):
    """Return the function that tries to restore an archive and finds the database empty after."""
    return partial(restore_in_vain, databases, empty_database)


def restore_in_vain(databases, empty_database, archive, words, **options):
    with databases.at(empty_database):
        with pytest.raises(CommandError, match=words):
            restore(archive, **options)
        assert connection.introspection.table_names() == []


def assert_record_is_append_only():
    with pytest.raises(DatabaseError, match="append-only"):
        Entry.objects.update(action="nothing.was.done")


@pytest.mark.parametrize(
    "change",
    [
        {"dump": without_the_guard},
        {"manifest": lambda content: content | {"record_seq": 1}},
        {"manifest": lambda content: content | {"rows": {}}},
    ],
    ids=["a function", "the end of the record", "the numbers of rows"],
)
def test_what_was_changed_without_the_key_is_refused(assert_refused, archive, change):
    tamper(archive, **change)
    for options in ({}, WHY):
        words = "was changed since it was made: its manifest is not what this installation signed"
        assert_refused(archive, words, **options)


def test_rows_of_another_backup_are_refused(world, assert_refused, archive, tmp_path):
    signed = archive.read_bytes()
    Entry.objects.create(at=Entry.objects.latest("seq").at, action="a.thing.done")
    call_command("backup", str(tmp_path / "other"), stdout=StringIO())
    with zipfile.ZipFile(tmp_path / "other") as other:
        data = other.read(DUMP)
    archive.write_bytes(signed)
    with zipfile.ZipFile(archive) as mine:
        members = {name: mine.read(name) for name in mine.namelist()} | {DUMP: data}
    with zipfile.ZipFile(archive, "w") as mine:
        for name, content in members.items():
            mine.writestr(name, content)
    assert_refused(archive, "was changed or damaged since it was made: database.dump")


def test_an_archive_that_is_changed_after_its_check_is_refused(
    assert_refused, archive, monkeypatch
):
    verify = BackupArchive.verify

    def verify_and_change(self):
        verify(self)
        with self.dump() as dump:
            data = dump.read()
        changed = without_the_guard(data)
        self._zip.getinfo(DUMP).CRC = zlib.crc32(changed)  # four bytes of the dump would do that
        whole = archive.read_bytes().replace(data, changed)
        with archive.open("r+b") as file:
            file.write(whole)

    monkeypatch.setattr(BackupArchive, "verify", verify_and_change)
    assert_refused(archive, "was changed while it was restored")


def test_an_archive_without_a_signature_needs_a_reason_and_runs_no_code(
    databases, assert_refused, archive
):
    tamper(archive, dump=without_the_guard, signature="removed")
    assert_refused(archive, "has no signature: Tagout made it before it signed")
    with databases.at(databases.new()):
        restore(archive, **WHY)
        details = Entry.objects.latest("seq").details
        assert (details["signature"], details["foreign"]) == ("missing", WHY["foreign"])
        assert_record_is_append_only()


def test_an_archive_of_another_installation_needs_its_key_or_a_reason(
    databases, assert_refused, archive, settings
):
    settings.SECRET_KEY = "the key of another installation"
    assert_refused(archive, "signed with another SECRET_KEY than the one set here")
    with databases.at(databases.new()):
        restore(archive, **WHY)
        assert Entry.objects.latest("seq").details["signature"] == "other key"


HOSTILE = """
CREATE TABLE stolen (what text);
INSERT INTO stolen VALUES ('a row');
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN INSERT INTO stolen VALUES (NEW.password); RETURN NEW; END $$;
CREATE TRIGGER steal BEFORE INSERT OR UPDATE ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION steal();
CREATE FUNCTION at_each_command() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER at_each_command ON ddl_command_end EXECUTE FUNCTION at_each_command();
CREATE VIEW passwords AS SELECT password FROM accounts_user;
CREATE RULE swallowed AS ON INSERT TO audit_entry DO INSTEAD NOTHING;
ALTER TABLE audit_entry DISABLE TRIGGER USER;
CREATE SCHEMA elsewhere;
"""
FOUND = """
SELECT (SELECT count(*) FROM pg_proc WHERE proname IN ('steal', 'at_each_command')),
    (SELECT count(*) FROM pg_event_trigger),
    (SELECT count(*) FROM pg_class WHERE relname IN ('stolen', 'passwords')),
    (SELECT count(*) FROM pg_rules WHERE schemaname = 'public'),
    (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'O'),
    (SELECT count(*) FROM pg_namespace WHERE nspname = 'elsewhere')
"""


def test_code_that_somebody_has_put_into_a_database_does_not_come_back(databases, tmp_path):
    with databases.at(databases.new(template=make_template())):
        with connection.cursor() as cursor:
            cursor.execute(HOSTILE)
        call_command("backup", str(tmp_path / "b"), stdout=StringIO())
    messages = StringIO()
    with databases.at(databases.new()):
        call_command("restore", str(tmp_path / "b"), stdout=StringIO(), stderr=messages)
        with connection.cursor() as cursor:
            cursor.execute(FOUND)
            assert cursor.fetchone() == (0, 0, 0, 0, 0, 0)
        assert_record_is_append_only()
        assert Entry.objects.latest("seq").details["not_loaded"] == {"stolen": 1}
    assert "Not loaded: stolen (1 rows)" in messages.getvalue()


@pytest.mark.parametrize(
    "statement",
    [
        b"COPY public.accounts_user FROM PROGRAM 'touch %s';",
        b"COPY public.accounts_user (id) FROM PROGRAM 'touch %s' --) FROM stdin;",
        b"\\! touch %s",
        b"\\o %s",
        b"DROP TABLE public.audit_entry CASCADE;",
        b"SELECT pg_catalog.setval('public.x', 1, true); DROP TABLE audit_entry CASCADE;",
        b"SET row_security = off; COPY accounts_user TO '%s';",
        b"COPY public.accounts_user (id, no_such_column) FROM stdin;",
        b"COPY pg_catalog.pg_authid (oid) FROM stdin;",
    ],
)
def test_a_statement_among_the_rows_does_not_run(databases, migrated_database, archive, statement):
    """Loading refuses it; what a refusal leaves is in the test that follows."""
    words = "holds something other than rows|has other columns than its migrations make"
    with TemporaryDirectory() as folder:  # a short path: the statement takes the place of a heading
        target = Path(folder) / "ran"
        change_rows(archive, statement.replace(b"%s", str(target).encode()))
        with databases.at(migrated_database):
            with (
                closing(BackupArchive(archive)) as opened,
                pytest.raises(Refused, match=words),
                transaction.atomic(),
            ):
                load_rows(opened, server=connection.pg_version)
            assert not Entry.objects.exists(), "its table is there, and nothing is in it"
        assert not target.exists()


def test_a_dump_with_a_statement_among_its_rows_is_not_restored(assert_refused, archive):
    change_rows(archive, b"DROP TABLE public.audit_entry CASCADE;")
    assert_refused(archive, "holds something other than rows", **WHY)


def change_rows(archive, named):
    """Put a statement among the rows, with no signature to stop it."""
    data = zipfile.ZipFile(archive).read(DUMP)
    if len(named) >= len(re.search(rb"COPY public\.accounts_user \([^)]*\) FROM stdin;", data)[0]):
        pytest.fail("the statement does not fit")
    tamper(archive, dump=instead_of_copy(named), signature="removed")


def test_more_rows_than_the_manifest_counts_are_refused_while_they_come(assert_refused, archive):
    tamper(
        archive,
        manifest=lambda content: content | {"rows": content["rows"] | {"accounts_user": 0}},
        signature="made",
    )
    assert_refused(archive, "accounts_user has more rows in the dump than its manifest")


def test_a_manifest_that_leaves_out_a_table_or_a_migration_is_refused(assert_refused, archive):
    def without_a_count(content):
        return content | {"rows": {k: v for k, v in content["rows"].items() if k != "audit_entry"}}

    def without_a_migration(content):
        labels = [label for label in content["migrations"] if label != "audit.0002_chain"]
        return content | {"migrations": labels}

    signed = archive.read_bytes()
    for manifest, words in (
        (without_a_count, "manifest has no number of rows for audit_entry"),
        (without_a_migration, "and not audit.0002_chain, on which it rests"),
    ):
        archive.write_bytes(signed)
        tamper(archive, manifest=manifest, signature="made")
        assert_refused(archive, words)


@pytest.mark.parametrize(
    "member",
    [("../../evil", b"x", zipfile.ZIP_STORED), (SIGNATURE, b"0" * 9_000_000, zipfile.ZIP_DEFLATED)],
    ids=["a path", "a bomb"],
)
def test_an_archive_holds_its_three_members_as_they_are(assert_refused, archive, tmp_path, member):
    name, content, kind = member
    with zipfile.ZipFile(archive) as whole:
        kept = {part: whole.read(part) for part in whole.namelist() if part != name}
    with zipfile.ZipFile(archive, "w") as whole:
        for part, data in kept.items():
            whole.writestr(part, data)
        whole.writestr(name, content, kind)
    assert_refused(archive, "is not a backup of Tagout, or it is incomplete")
    assert not list(tmp_path.parent.glob("evil"))
