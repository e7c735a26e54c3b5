"""A small world in the test's database, and other databases beside it to restore into."""

import itertools
import json
import os
import select
import signal
import subprocess
import sys
import uuid
from contextlib import contextmanager
from io import StringIO
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from alerts.captures.services import attach_capture
from portal import clock
from portal.accounts.models import GrantScope, Role, Session
from portal.backup.pg_tools import client_of_wheel, environment_of
from portal.backup.services import restore_backup, schema
from tests import cast
from tests.architecture.tree import HOME
from tests.factories.changes import enqueue_comment
from tests.factories.inbox import notify
from tests.factories.incidents import make_alert, make_incident, make_site, make_workspace
from tests.servers import execute_outside, make_template

CAPTURE = min((HOME / "training/content/captures").glob("*.pcap"))
_numbers = itertools.count(1)


class Databases:
    """Databases of the test's own, in the suite's cluster."""

    def __init__(self):
        self.made = []

    def new(self, *, owner=None, template="template1"):
        """Make one, empty where no other template is named, and return its name."""
        name = f"tagout_restored_{os.getpid()}_{next(_numbers)}"
        execute_outside(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, template)
        self.made.append(name)
        if owner:
            execute_outside(sql.SQL("ALTER DATABASE {} OWNER TO {}"), name, owner)
        return name

    @contextmanager
    def at(self, name, role=None):
        """The default connection is one to this database, for a while."""
        target = {"NAME": name, "USER": role or connection.settings_dict["USER"]}
        before = {key: connection.settings_dict[key] for key in target}
        connection.close()
        connection.settings_dict.update(target)
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict.update(before)

    def drop(self):
        for name in self.made:
            execute_outside(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), name)


@pytest.fixture
def databases(transactional_db):
    found = Databases()
    yield found
    found.drop()


@pytest.fixture(scope="session")
def empty_database(django_db_setup, django_db_blocker):
    """The name of a database in which every test leaves nothing: for what is refused."""
    with _a_database(django_db_blocker, template=lambda: "template1") as name:
        yield name


@pytest.fixture(scope="session")
def migrated_database(django_db_setup, django_db_blocker):
    """The same with all tables, without a row."""
    with _a_database(django_db_blocker, template=make_template) as name:
        yield name


@contextmanager
def _a_database(blocker, *, template):
    found = Databases()
    with blocker.unblock():
        name = found.new(template=template())
    yield name
    with blocker.unblock():
        found.drop()


class World:
    """What is backed up: people, an incident with a capture, work that is owed, a session."""

    def __init__(self, make_person):
        now, unshifted = clock.now(), clock.unshifted()
        gdansk, plant = make_workspace("gdansk"), make_site("Gdańsk")
        sam = make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, gdansk.uuid))
        self.incident = make_incident(gdansk, site_ids=[plant.pk])
        make_alert(self.incident, site=plant)
        with CAPTURE.open("rb") as file:
            attach_capture(
                incident_id=self.incident.pk,
                file=file,
                name=CAPTURE.name,
                note="",
                by=sam,
                now=now,
                unshifted=unshifted,
            )
        self.comment = enqueue_comment(
            workspace_id=gdansk.pk,
            incident_name=self.incident.name,
            message="Routine here.",
            act=uuid.uuid4(),
            by=sam,
            by_label=sam.name,
            now=now,
        )
        notify(sam, now=now)
        Session.objects.create(
            key_digest="d" * 64, data="x", user=sam, begun_at=now, works_until=now, ends_at=now
        )


@pytest.fixture
def world(databases, make_person):
    return World(make_person)


_schemas = []


@pytest.fixture
def copied_schema(databases, monkeypatch):
    """Tables that all migrations make are copied from the suite's template instead of made anew,
    which takes seconds: for tests that are about something else.
    """
    if not _schemas:
        with databases.at(make_template()):
            _schemas[:] = [(_schema_of_this_database(), _labels_of_this_database())]
    make, ((text, labels),) = schema.make_schema, _schemas

    def make_or_copy(migrations):
        if set(migrations) != labels:
            return make(migrations)
        with connection.cursor() as cursor:
            cursor.execute(text)
            cursor.execute("RESET search_path")
        return migrations

    monkeypatch.setattr(restore_backup, "make_schema", make_or_copy)


def _schema_of_this_database():
    command = [client_of_wheel("pg_dump"), "--no-owner", "--no-privileges", "--inserts"]
    tables = connection.introspection.table_names()
    command += [f"--exclude-table-data={name}" for name in tables if name != schema.MIGRATIONS]
    environment = environment_of(connection.settings_dict)
    text = subprocess.run(command, env=environment, capture_output=True, check=True).stdout.decode()
    return "\n".join(line for line in text.splitlines() if not line.startswith("\\"))


def _labels_of_this_database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT app || '.' || name FROM django_migrations")
        return {label for (label,) in cursor.fetchall()}


_backups = []


@pytest.fixture
def archive(databases, tmp_path, request):
    """A backup of the world, made once a process; the world itself is only in the test that made
    it, or asks for it.
    """
    path = tmp_path / "tagout.zip"
    if not _backups or "world" in request.fixturenames:
        request.getfixturevalue("world")
        call_command("backup", str(path), stdout=StringIO())
        _backups[:] = [path.read_bytes()]
    path.write_bytes(_backups[0])
    return path


def restore(*words, **options):
    """Run `restore` here and return its JSON document."""
    out = StringIO()
    call_command("restore", *map(str, words), json=True, stdout=out, stderr=StringIO(), **options)
    return json.loads(out.getvalue())


class Program:
    """`manage.py` as a process of its own, on the database of the default connection."""

    def __init__(self, folder):
        self.folder = folder
        self.reached = folder / "reached"

    def start(self, *words, limit="unlimited", stdout=subprocess.PIPE):
        """Start it; no file that it writes may be larger than `limit` KiB."""
        database = connection.settings_dict
        host = quote(database["HOST"], safe="")
        return subprocess.Popen(
            [
                "bash",
                "-c",
                f'ulimit -f {limit}; exec "$@"',
                "-",
                sys.executable,
                "manage.py",
                *map(str, words),
            ],
            cwd=HOME,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name != "TAGOUT_EMBEDDED"}
            | {
                "DATABASE_URL": f"postgresql://{database['USER']}@{host}/{database['NAME']}",
                "REDIS_URL": "redis://127.0.0.1:1/0",
                "PATH": f"{self.folder}:{os.environ['PATH']}",
            },
            text=True,
            start_new_session=True,
        )

    def replace_tool(self, name, script):
        """Have this script stand before one of PostgreSQL's programs, whose path is $TOOL; what it
        writes into $REACHED is read by `kill_when_reached`.
        """
        tool = self.folder / name
        tool.write_text(
            f"#!/bin/bash\nTOOL={client_of_wheel(name)} REACHED={self.reached}\n"
            f'case "$1" in --version) exec $TOOL --version;; esac\n{script}\n'
        )
        tool.chmod(0o755)

    def kill_when_reached(self, *words):
        """Start it, and kill -9 it and its children when the script says where it is."""
        os.mkfifo(self.reached)
        reached = os.open(self.reached, os.O_RDWR)  # waits for nobody
        process = self.start(*words)
        readable, _, _ = select.select([reached], [], [], 60)
        os.killpg(process.pid, signal.SIGKILL)
        _, error_output = process.communicate()
        os.close(reached)
        assert readable, error_output


@pytest.fixture
def program(tmp_path):
    folder = tmp_path / "programs"
    folder.mkdir()
    return Program(folder)
