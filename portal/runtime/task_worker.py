"""Celery's worker, which ends at once where it cannot work; its supervisor starts it again.

When a broker goes away with messages under way, kombu's clean-up may raise, hang, or leave a
consumer that takes nothing more while its process lives on (celery #10205, #10302). So each
instance sends itself a message every ten seconds, by the broker, to a queue that only it reads. The
consumer takes it, a child of the pool writes the row `jobs.WorkerInstance`: that proves the whole
way. An instance that takes nothing while the broker takes what is sent ends itself.
"""

import logging
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any, NamedTuple

import billiard
from celery.apps import worker as celery_worker
from celery.platforms import EX_FAILURE
from celery.signals import task_received
from celery.worker import state
from kombu import Queue
from kombu.exceptions import OperationalError

from portal.runtime import worker_identity
from portal.runtime.broker import BROKER_ERRORS

SIGN_OF_LIFE = "portal.jobs.tasks.show_instance_at_work"
SEND_EVERY = 10.0  # seconds
MESSAGE_LIFETIME = 300  # by the broker, of what an instance that has ended did not take
# A consumer that has room for a task takes a message at once, or is about to connect again: it
# waits 30 s between two attempts at most. A task may fill the only place for 70 s, and 75 on a
# busy machine.
MAX_SILENCE, MAX_SILENCE_AT_WORK = 45.0, 120.0
MAX_STOP = 90.0  # seconds a worker may take to stop; the longest task ends before

_NOT_SENT: tuple[type[Exception], ...] = (OperationalError, *BROKER_ERRORS)

log = logging.getLogger(__name__)


class TaskCounts(NamedTuple):
    """How many tasks an instance has taken and not ended, and how many of them run. While nothing
    is taken each task that begins or ends changes one of the two.
    """

    taken: int = 0
    running: int = 0


@dataclass(slots=True)
class ConsumerWatch:
    """How long a consumer has taken nothing although something was sent to it."""

    silent_since: float | None = None
    looked_at: float | None = None
    work: TaskCounts | None = None

    def note_taken(self) -> None:
        """The consumer took a message, whichever."""
        self.silent_since = None

    def is_stuck(self, *, now: float, is_sent: bool, work: TaskCounts) -> bool:
        """Whether the consumer must be given up, after a message was sent or could not be. A broker
        that takes nothing excuses the consumer, and so does a process that was itself stopped. Its
        silence counts from the last task that began or ended, too: until then that task may have
        kept the place of the next.
        """
        stood_still = self.looked_at is not None and now - self.looked_at > 3 * SEND_EVERY
        has_moved = work != self.work
        self.looked_at, self.work = now, work
        if stood_still or not is_sent:
            self.silent_since = now if is_sent else None
            return False
        if self.silent_since is None or has_moved:
            self.silent_since = now
        return now - self.silent_since > (MAX_SILENCE_AT_WORK if any(work) else MAX_SILENCE)


class Worker(celery_worker.Worker):
    """A worker that watches its own consumer."""

    app: Any
    hostname: str

    def setup_queues(self, include: Any, exclude: Any = None) -> None:
        """Consume a queue of its own, beside those that it was started for."""
        super().setup_queues(include, exclude)
        queues = self.app.amqp.queues
        self.identity = worker_identity.assume(self.hostname, queues.consume_from)
        name = f"instance {self.identity.name}"
        self.own_queue = Queue(name, durable=False, expires=MESSAGE_LIFETIME)
        queues.select_add(self.own_queue)
        self.watch = ConsumerWatch()
        task_received.connect(self._note_taken, weak=False)

    def _note_taken(self, **_signal: Any) -> None:
        self.watch.note_taken()

    def on_consumer_ready(self, consumer: Any) -> None:
        """Begin to watch, once the consumer is there for the first time."""
        super().on_consumer_ready(consumer)
        Thread(target=self._watch_consumer, name="consumer watch", daemon=True).start()

    def _send_worker_shutdown(self) -> None:
        """Sign off, so that nobody waits for this instance; where the database is away, it is
        forgotten an hour later.
        """
        super()._send_worker_shutdown()  # type: ignore[misc]  # in no stub
        from django.db import DatabaseError, connection

        from portal.jobs.instances import delete_instance

        with suppress(DatabaseError):
            delete_instance(self.identity)
        connection.close()

    def stop(self, in_sighandler: bool = False, exitcode: int | None = None) -> None:
        """Stop, or end at once after an error from which Celery itself does not recover: its own
        orderly end waits for children that may wait for it.
        """
        if exitcode == EX_FAILURE:
            self.end_at_once("Ended after an error that cannot be recovered from.")
        super().stop(in_sighandler=in_sighandler, exitcode=exitcode)

    def end_at_once(self, reason: str) -> None:
        """Kill the children and end. Rows that they hold are taken up when their leases end."""
        log.critical(reason)
        for child in billiard.active_children():
            if child.pid is not None:
                with suppress(OSError):
                    os.kill(child.pid, signal.SIGKILL)
        os._exit(EX_FAILURE)

    def _watch_consumer(self) -> None:
        while not _is_stopping():
            is_sent = self._send_sign_of_life()
            work = TaskCounts(len(state.reserved_requests), len(state.active_requests))
            if self.watch.is_stuck(now=time.monotonic(), is_sent=is_sent, work=work):
                self.end_at_once("Ended because its consumer takes nothing from the broker.")
            time.sleep(SEND_EVERY)
        time.sleep(MAX_STOP)
        self.end_at_once("Ended because it did not stop when it was told to.")

    def _send_sign_of_life(self) -> bool:
        """Send a message to this instance; return whether the broker took it."""
        try:
            with self.app.connection_for_write() as link:
                link.connect()  # once: by itself it would try for ever
                self.app.send_task(
                    SIGN_OF_LIFE, queue=self.own_queue, connection=link, retry=False, expires=60
                )
        except _NOT_SENT:
            return False
        return True


def _is_stopping() -> bool:
    exit_codes = (state.should_stop, state.should_terminate)  # of which 0 is one
    return any(code is not None and code is not False for code in exit_codes)
