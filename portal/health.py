"""`/healthz`: is this process alive. `/readyz`: can it serve (database), and how far behind is the
work in the background (lag). Both are for machines, need no sign-in and say next to nothing.
"""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe

from portal import clock
from portal.jobs.queries import heartbeats
from portal.schedule import BUSY_QUEUES


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer as long as the process runs."""
    return JsonResponse({"alive": True})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers, else 503. Lag is told, never a reason to answer 503:
    pages show what is known while the workers are away.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        lag = _lag()
    except DatabaseError:
        return JsonResponse({"ready": False, "database": "does not answer"}, status=503)
    return JsonResponse({"ready": True, "lag_seconds": lag})


def _lag() -> float | None:
    """Seconds since the most silent queue was heard; None while one was never heard at all."""
    latest = {note.key: note.at for note in heartbeats()}
    moments = [latest.get(queue) for queue in BUSY_QUEUES]
    present = [moment for moment in moments if moment]
    if len(present) < len(moments):
        return None
    return round(max((clock.unshifted() - min(present)).total_seconds(), 0.0), 1)


urlpatterns = [path("healthz", healthz, name="healthz"), path("readyz", readyz, name="readyz")]
