"""`/healthz`: is this process alive. `/readyz`: can it serve (database), and how far behind is the
work in the background (lag, workers, broker). Both are for machines, need no sign-in and say next
to nothing.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from threading import Lock

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe

from portal import clock
from portal.infrastructure import broker_answers
from portal.jobs.instances import silent_instances
from portal.jobs.queries import heartbeats
from portal.schedule import BUSY_QUEUES

# Of the database, for everything that `/readyz` asks. A server that cannot be reached is otherwise
# given up after as long as TCP is patient.
PATIENCE = 3.0  # seconds
BROKER_PATIENCE = 0.5


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer as long as the process runs."""
    return JsonResponse({"alive": True})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers, else 503, after PATIENCE at the latest. How the work in
    the background goes is told, no reason to answer 503: pages show what is known while workers or
    broker are away. Who watches the whole, and sends nobody elsewhere, asks with `?all`: then
    workers that do no work, and a broker that does not answer, are 503 as well.
    """
    try:
        facts = _facts_in_time.ask()
    except (DatabaseError, TimeoutError):
        return JsonResponse({"ready": False, "database": "does not answer"}, status=503)
    if not broker_answers(within=BROKER_PATIENCE):
        facts = {**facts, "broker": "does not answer"}
    is_whole = "broker" not in facts and not facts["silent_workers"]
    status = 503 if "all" in request.GET and not is_whole else 200
    return JsonResponse({"ready": True, **facts}, status=status)


def readiness() -> dict[str, object]:
    """Return what a ready process says of the work in the background: seconds since the most silent
    queue was heard, how many workers should be at work and are not. Raises DatabaseError.
    """
    now = clock.unshifted()
    return {"lag_seconds": _lag(now), "silent_workers": silent_instances(now=now).count()}


def _lag(now: datetime) -> float | None:
    """Seconds since the most silent queue was heard; None while one was never heard at all."""
    latest = {note.key: note.at for note in heartbeats()}
    moments = [latest.get(queue) for queue in BUSY_QUEUES]
    present = [moment for moment in moments if moment]
    if len(present) < len(moments):
        return None
    return round(max((now - min(present)).total_seconds(), 0.0), 1)


class _ReadinessAsker:
    """Asks on a thread and a connection of its own, so that nobody waits longer than PATIENCE: a
    lost connection may be silent for as long as TCP is patient. Who asks meanwhile gets the same
    answer, so that a database that is silent holds one thread of a process and no more.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="readyz")
        self._asked_at = 0.0
        self._answer: Future[dict[str, object]] | None = None

    def ask(self) -> dict[str, object]:
        """Return what `readiness` says. Raises DatabaseError, or TimeoutError."""
        with self._lock:
            if self._answer is None or self._answer.done():
                self._asked_at = time.monotonic()
                self._answer = self._thread.submit(_read_health)
            answer, seconds = self._answer, self._asked_at + PATIENCE - time.monotonic()
        return answer.result(timeout=max(seconds, 0.0))


def _read_health() -> dict[str, object]:
    """Ask on a new connection: whoever has an old one may still hear from a server that takes no
    new ones.
    """
    try:
        return readiness()
    finally:
        connection.close()


_facts_in_time = _ReadinessAsker()

urlpatterns = [path("healthz", healthz, name="healthz"), path("readyz", readyz, name="readyz")]
