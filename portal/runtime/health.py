"""`/healthz`: is this process alive. `/readyz`: are database and broker there, and how far behind
is the work in the background. Both are for machines, need no sign-in and show next to nothing.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from threading import Lock
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from portal import clock
from portal.jobs.instances import silent_instances
from portal.jobs.queries import heartbeats
from portal.runtime.infrastructure import ping_broker
from portal.schedule import BUSY_QUEUES

# Of a server, for everything that `/readyz` asks of it. One that cannot be reached is otherwise
# given up after as long as TCP is patient.
PATIENCE = 3.0  # seconds
RETRY_AFTER_FAILURE = 1.0  # seconds in which nobody asks a server again that has not answered

_NO_ANSWER: tuple[type[Exception], ...] = (Error, RedisError, OSError, ValueError)


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer as long as the process runs."""
    return JsonResponse({"alive": True})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database and broker answer, else 503 with the name of who does not, after
    PATIENCE at the latest. With `?pages` the broker is not asked, because pages do without it; with
    `?all` workers that do no work are 503 as well. How far behind they are is no reason for it.
    """
    is_all = "all" in request.GET
    waits = {"database": _database.begin()}
    if is_all or "pages" not in request.GET:
        waits["broker"] = _broker.begin()
    facts: dict[str, Any] = {}
    absent = {}
    for server, wait in waits.items():
        try:
            facts |= wait()
        except _NO_ANSWER:
            absent[server] = "does not answer"
    is_ready = not absent and not (is_all and facts["silent_workers"])
    return JsonResponse({"ready": is_ready, **absent, **facts}, status=200 if is_ready else 503)


def readiness() -> dict[str, Any]:
    """Return the state of the work in the background: seconds of silence of the most silent queue,
    how many workers should be at work and are not. Raises DatabaseError.
    """
    now = clock.unshifted()
    return {"lag_seconds": _lag(now), "silent_workers": silent_instances(now=now).count()}


def _lag(now: datetime) -> float | None:
    """Seconds of silence of the most silent queue; None while one was never heard at all."""
    latest = {note.key: note.at for note in heartbeats()}
    moments = [latest.get(queue) for queue in BUSY_QUEUES]
    present = [moment for moment in moments if moment]
    if len(present) < len(moments):
        return None
    return round(max((now - min(present)).total_seconds(), 0.0), 1)


class _Asker:
    """Asks a server on a thread and a connection of its own, so that nobody waits longer than
    PATIENCE: a lost connection may be silent for as long as TCP is patient. Who asks meanwhile, or
    just after a failure, has the same answer, so that a server that is silent holds one thread of a
    process, and many who ask do not wait for each other in turn.
    """

    def __init__(self, ask: Callable[[], dict[str, Any]]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="readyz")
        self._asked_at = self._failed_at = -PATIENCE
        self._answer: Future[dict[str, Any]] | None = None

    def begin(self) -> Callable[[], dict[str, Any]]:
        """Begin to ask; return what waits for the answer. That raises what asking raises, or
        TimeoutError.
        """
        with self._lock:
            if self._answer is None or self._is_over(self._answer):
                self._asked_at = time.monotonic()
                self._answer = self._thread.submit(self._note_failure)
            answer, until = self._answer, self._asked_at + PATIENCE
        return lambda: answer.result(timeout=max(until - time.monotonic(), 0.0))

    def _is_over(self, answer: Future[dict[str, Any]]) -> bool:
        is_kept = time.monotonic() - self._failed_at < RETRY_AFTER_FAILURE
        return answer.done() and not (answer.exception() and is_kept)

    def _note_failure(self) -> dict[str, Any]:
        try:
            return self._ask()
        except BaseException:
            self._failed_at = time.monotonic()
            raise


def _ask_database() -> dict[str, Any]:
    """Ask on a new connection: whoever has an old one may still hear from a server that takes no
    new ones.
    """
    try:
        return readiness()
    finally:
        connection.close()


def _ask_broker() -> dict[str, Any]:
    """Ask on a new connection, too."""
    ping_broker(settings.REDIS_URL, PATIENCE)
    return {}


_database, _broker = _Asker(_ask_database), _Asker(_ask_broker)

urlpatterns = [path("healthz", healthz, name="healthz"), path("readyz", readyz, name="readyz")]
