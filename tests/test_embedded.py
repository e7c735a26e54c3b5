"""The embedded servers: shared by those who use them, gone with the last."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis

import embedded
from portal.errors import Misconfigured
from tests.architecture.tree import HOME

HOLD = """
import sys, time
from pathlib import Path
import embedded
from portal.errors import Misconfigured
print(embedded.start(Path(sys.argv[1])).database_url, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """One data folder for all: what the last process has left can be started again, and making a
    database costs more than that.
    """
    return tmp_path_factory.mktemp("home") / "data"


@pytest.fixture
def hold(data):
    """Start a process that uses the servers of one data folder until its input ends."""
    running = []

    def hold():
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(data)],
            cwd=HOME,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        running.append(process)
        return process, process.stdout.readline().strip()

    yield hold
    for process in running:
        process.communicate()


def answers(url):
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def test_the_folders_above_the_data_keep_their_permissions(hold, data):
    before = [(folder, folder.stat().st_mode) for folder in data.parents]
    hold()
    assert [(folder, folder.stat().st_mode) for folder, _ in before] == before


def test_two_processes_share_the_servers_and_the_last_one_stops_them(hold):
    (first, url), (second, same) = hold(), hold()
    assert url == same
    first.communicate()
    assert answers(url), "the second still uses it"
    second.communicate()
    assert not answers(url)


def test_a_process_that_is_killed_does_not_keep_the_servers_alive(hold):
    (first, url), (second, _) = hold(), hold()
    first.kill()
    first.wait()
    second.communicate()
    assert not answers(url)


def test_the_address_is_known_before_the_server_is_started(hold, data):
    expected = embedded.database_url(data)
    assert not answers(expected)
    (_, url) = hold()
    assert url == expected
    assert answers(expected)


def test_a_killed_database_is_started_again_with_its_data(hold, data):
    (_, url) = hold()
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("CREATE TABLE kept (word text)")
        folder = Path(database.execute("SHOW data_directory").fetchone()[0])
    os.kill(int((folder / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    until = time.monotonic() + 60
    while embedded.database_answers(data) and time.monotonic() < until:
        time.sleep(0.01)
    while not embedded.database_answers(data) and time.monotonic() < until:
        with suppress(Misconfigured):  # until the last process of the dead server has noticed
            embedded.restart_database(data)
    with psycopg.connect(url) as database:
        assert database.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_broker_of_its_own_starts_fast_and_stops(tmp_path):
    began = time.monotonic()
    url = embedded.start_broker(tmp_path / "broker")
    assert redis.Redis.from_url(url).ping()
    assert time.monotonic() - began < 10
    embedded.stop_broker(tmp_path / "broker")
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(url).ping()


def test_urls_that_stand_in_files_are_given_too(monkeypatch, tmp_path):
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
    monkeypatch.setattr(embedded, "start", lambda *a, **k: pytest.fail("servers were started"))
    embedded.ensure_environment(tmp_path)
    assert "DATABASE_URL" not in os.environ


def test_an_empty_url_is_as_good_as_none(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/tagout")
    monkeypatch.setenv("REDIS_URL", "")
    ours = embedded.Services("postgresql://here/tagout", "redis://here/0")
    monkeypatch.setattr(embedded, "start", lambda *a, **k: ours)
    embedded.ensure_environment(tmp_path)
    assert os.environ["DATABASE_URL"] == "postgresql://elsewhere/tagout"
    assert os.environ["REDIS_URL"] == "redis://here/0"
