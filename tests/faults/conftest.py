"""Real processes to kill: a broker and Celery workers of the test's own, on the test's database."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from urllib.parse import quote

import pytest
import redis
from django.conf import settings
from django.db import connection

import embedded
from portal.schedule import QUEUES
from tests.architecture.tree import HOME


@pytest.fixture
def long(request) -> bool:
    """Whether the long form of the matrix was asked for (`make faults`)."""
    return request.config.getoption("--long-faults")


class Broker:
    """A Valkey of the test's own, so that flushing it harms nobody."""

    def __init__(self, folder):
        self.folder = folder
        self.url = embedded.start_broker(folder)

    def flush(self):
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def stop(self):
        embedded.stop_broker(self.folder)


class Workers:
    """One Celery worker with beat inside, as a process that can be killed and started again."""

    def __init__(self, broker, log, environment, *, app="tests.faults.often:app", queues=QUEUES):
        self.broker, self.log, self.environment, self.app = broker, log, environment, app
        self.queues = queues
        self.process = None

    def full_environment(self) -> dict[str, str]:
        """Return what the process is given: the test's database and the broker."""
        database = settings.DATABASES["default"]
        where = quote(database["HOST"], safe="")
        return {
            **os.environ,
            "DATABASE_URL": f"postgresql://{database['USER']}@{where}/"
            f"{connection.settings_dict['NAME']}",
            "REDIS_URL": self.broker.url,
            "TAGOUT_PROCESS": "tagout-test-worker",
            **self.environment,
        }

    def start(self, *, beat=True):
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            self.app,
            "worker",
            *(["-B"] if beat else []),
            "-Q",
            ",".join(self.queues),
            "-n",
            f"{self.log.stem}@%h",
            "-c",
            "2",
            "--without-gossip",
            "--without-mingle",
            "--loglevel",
            "INFO",
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=HOME,
                env=self.full_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def is_dead(self) -> bool:
        """Whether it has ended by itself."""
        return self.process is not None and self.process.poll() is not None

    def ask_to_stop(self) -> float:
        """SIGTERM, as a deployment does; returns after how many seconds all of it has ended."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)
        self.process = None
        return time.monotonic() - began

    def kill(self):
        """kill -9 for the worker and all its children, as a machine that loses power."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path / "broker")
    yield broker
    broker.stop()


@pytest.fixture
def make_workers(broker, tmp_path):
    made = []

    def make(**environment):
        workers = Workers(broker, tmp_path / "worker.log", environment)
        made.append(workers)
        return workers

    yield make
    for workers in made:
        workers.kill()


def wait_until(is_so, *, seconds, what):
    """Look again and again; fail with `what` when the time is over."""
    until, pause = time.monotonic() + seconds, 0.01
    while time.monotonic() < until:
        if is_so():
            return
        time.sleep(pause)
        pause = min(2 * pause, 0.1)  # much is so at once, and what is not may take a minute
    pytest.fail(f"After {seconds} s still not: {what}")
