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

MAX_CHANGE = 5  # per cent
ROUNDS = 6
HOME = Path(__file__).resolve().parents[2]
SEND = """
import sys, time, django
from django.conf import settings
settings.MAILERS["default"]["OPTIONS"]["timeout"] = int(sys.argv[1])
django.setup()
from portal.notifications.tasks import send_due_mail
while True:
    send_due_mail()
    time.sleep(0.2)
"""


@pytest.fixture
def service(transactional_db, monkeypatch, long):
    with running_simulator() as running:
        yield FastService(running, monkeypatch, speed=10 if long else 20)


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
def mail_worker(port, *, patience=10):
    """A process of its own that sends what is due to a mail server at this port, for whose answers
    it waits as many seconds.
    """
    environment = environment_of_a_worker() | {"EMAIL_URL": f"smtp://127.0.0.1:{port}"}
    worker = subprocess.Popen(
        [sys.executable, "-c", SEND, str(patience)],
        cwd=HOME,
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(is_tried, seconds=60, what="a mail is tried")
        yield
    finally:
        worker.kill()
        worker.wait()
    assert not Mail.objects.filter(state=JobState.DONE).exists()


def enqueue_mails(person, n, now):
    for number in range(n):
        notify(person, f"Mail {number}", now=now)


def is_under_way():
    return Mail.objects.filter(state=JobState.RUNNING).exists()


def is_tried():
    return is_under_way() or Mail.objects.filter(attempts__gt=0).exists()


def change_of_lag(service, workspaces, port, *, person):
    """How much older in per cent what is read becomes beside such a mail server, and how old.

    With and without it by turns, because the machine is busier in one minute than in the next, and
    over more periods until it is told apart from noise. Medians: means tell how busy it is.
    """
    well, sick = [], []
    for _ in range(ROUNDS):
        well += service.ages(workspaces, periods=8)
        CircuitBreaker.objects.all().delete()  # the server is tried as if for the first time
        enqueue_mails(person, 100, service.now())
        with mail_worker(port):
            sick += service.ages(workspaces, periods=8)
        Mail.objects.all().delete()
        change = 100 * (median(sick) / median(well) - 1)
        if change < MAX_CHANGE:
            break
    return change, median(sick) / 2


@pytest.mark.fault("F40")
def test_f40_a_mail_server_that_is_away_delays_only_mails(
    service, silent, dead, sam, long, measure
):
    """The short form does not measure how long that is read later, which the other tests beside it
    change, too. There a mail waits ten minutes for the silent server, and all that is read is read
    while it waits.
    """
    n = 20 if long else 6
    service.add_workspaces(n)
    workspaces = [service.register(index) for index in range(n)]
    with service.workers():
        service.wait_until_read(workspaces)
        for name, port in {"silent": silent, "dead": dead}.items():
            if long:
                change, lag = change_of_lag(service, workspaces, port, person=sam)
                measure(f"lag with a mail server that is {name}", lag, unit="s")
                measure("change of the lag", change, unit="%", below=MAX_CHANGE)
            else:
                enqueue_mails(sam, 3, service.now())
                with mail_worker(port, patience=600):
                    reads = service.wait_until_read_again(workspaces, times=2)
                    waits = is_under_way()
                measure(f"reads beside a server that is {name}", reads, at_least=2)
                assert waits == (name == "silent")
                Mail.objects.all().delete()
