"""Tagout's Celery app for workers of tests, with mails that misbehave as their subject says.

Each try is a line in the file that MAIL_TRIES names: the mail's number, the process, the time.
"""

import os
import signal
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from celery.signals import worker_process_init

from tests.faults.often import app
from tests.faults.processes.subjects import EATS, HANGS_ONCE, KILLS, SLOW

__all__ = ["app"]

MEGABYTE = 1024**2
ballast = []


@worker_process_init.connect
def send_mails_oddly(**_):
    """Replace what sends a mail in this child."""
    from portal.notifications import services  # only now is Django set up

    services._send = partial(send_oddly, services._send)


def send_oddly(send, mail, *, now):
    """Send a mail, after what its subject says."""
    n, subject = note_try(mail.pk), mail.notification.subject
    if subject == KILLS:
        os.kill(os.getpid(), signal.SIGKILL)
    elif subject == HANGS_ONCE and n == 0:
        hang()
    elif subject == SLOW:
        time.sleep(1)
    elif subject == EATS:
        ballast.append(b"x" * (300 * MEGABYTE))
    send(mail, now=now)


def note_try(mail_id):
    """Write down that a mail is tried; returns how often it was before."""
    path = Path(os.environ["MAIL_TRIES"])
    with path.open("a") as tries:
        tries.write(f"{mail_id} {os.getpid()} {time.time()}\n")
    return sum(line.startswith(f"{mail_id} ") for line in path.read_text().splitlines()) - 1


def hang():
    """Never end, whatever is raised meanwhile."""
    while True:
        with suppress(Exception):
            while True:
                time.sleep(0.01)
