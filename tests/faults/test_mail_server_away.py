"""F40: the mail server is dead, or takes our calls and says nothing. Mails wait in their own queue;
what is read from Sentinel is read as before.
"""

import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pytest

from portal.jobs.models import CircuitBreaker, JobState
from portal.notifications.models import Mail
from simulator.running import running_simulator
from tests.factories.inbox import notify
from tests.faults.conftest import wait_until
from tests.faults.lag import FastService
from tests.faults.outbox import environment_of_a_worker

# Per cent. A mail that is waited for holds intake for many times its period; only the long form has
# the machine to itself and tells less than that from noise.
MAX_CHANGE, MAX_CHANGE_SHORT = 5, 30
ROUNDS = 6
HOME = Path(__file__).resolve().parents[2]
SEND = """
import time, django
django.setup()
from portal.notifications.tasks import send_due_mail
while True:
    send_due_mail()
    time.sleep(0.2)
"""


@pytest.fixture
def service(transactional_db, monkeypatch, long):
    with running_simulator() as running:
        yield FastService(running, monkeypatch, speed=10 if long else 25)


@pytest.fixture
def silent():
    """The port of a listener that takes calls and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as place:
        yield place.getsockname()[1]


@pytest.fixture
def dead():
    """A port where nobody listens."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        yield place.getsockname()[1]


@contextmanager
def mail_worker(port):
    """A process of its own that sends what is due to a mail server at this port."""
    environment = environment_of_a_worker() | {"EMAIL_URL": f"smtp://127.0.0.1:{port}"}
    worker = subprocess.Popen(
        [sys.executable, "-c", SEND], cwd=HOME, env=environment, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        worker.kill()
        worker.wait()


def enqueue_mails(person, n, now):
    for number in range(n):
        notify(person, f"Mail {number}", now=now)


def is_tried():
    return Mail.objects.filter(state=JobState.RUNNING).exists() or (
        Mail.objects.filter(attempts__gt=0).exists()
    )


def change_of_lag(service, workspaces, port, *, person, periods, bound):
    """How much older in per cent what is read becomes beside such a mail server, and how old.

    With and without it by turns, because the machine is busier in one minute than in the next, and
    over more periods until it is told apart from noise. Medians: means tell how busy it is.
    """
    well, sick = [], []
    for _ in range(ROUNDS):
        well += service.ages(workspaces, periods=periods)
        CircuitBreaker.objects.all().delete()  # the server is tried as if for the first time
        enqueue_mails(person, 100, service.now())
        with mail_worker(port):
            wait_until(is_tried, seconds=60, what="a mail is tried")
            sick += service.ages(workspaces, periods=periods)
        assert not Mail.objects.filter(state=JobState.DONE).exists()
        Mail.objects.all().delete()
        change = 100 * (median(sick) / median(well) - 1)
        if change < bound:
            break
    return change, median(sick) / 2


@pytest.mark.fault("F40")
def test_f40_a_mail_server_that_is_away_delays_only_mails(
    service, silent, dead, sam, long, measure
):
    n, periods = (20, 8) if long else (6, 2)
    bound = MAX_CHANGE if long else MAX_CHANGE_SHORT
    service.add_workspaces(n)
    workspaces = [service.register(index) for index in range(n)]
    changes = {}
    with service.workers():
        service.wait(40)
        service.wait_until_read(workspaces)
        for name, port in {"silent": silent, "dead": dead}.items():
            changes[name] = change_of_lag(
                service, workspaces, port, person=sam, periods=periods, bound=bound
            )
    for name, (change, lag) in changes.items():
        measure(f"lag with a mail server that is {name}", lag, unit="s")
        measure("change of the lag", change, unit="%", below=bound)
