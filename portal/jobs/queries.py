"""How much work is open, whatever room it belongs to; who was alive when, what was given up."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Q, QuerySet

from portal.jobs.models import CircuitBreaker, Job, JobState

HEARTBEAT = "heartbeat"  # the kind of the rows by which workers say that they are alive


@dataclass(frozen=True, slots=True)
class Note:
    """What a job noted at its latest run."""

    key: str
    at: datetime | None
    payload: dict[str, Any]


def heartbeats() -> list[Note]:
    """When a worker of each queue was last alive, by queue. Beat asked it, so beat was too."""
    return notes_of(HEARTBEAT)


def latest_heartbeat() -> datetime | None:
    """When a worker of any queue was last alive, by the unshifted clock; None before the first."""
    found = Job.objects.filter(kind=HEARTBEAT).aggregate(at=Max("settled_at"))
    at: datetime | None = found["at"]
    return at


def notes_of(kind: str) -> list[Note]:
    """What the jobs of a kind noted, by key."""
    rows = Job.objects.filter(kind=kind).order_by("key")
    return [Note(*row) for row in rows.values_list("key", "settled_at", "payload")]


def circuit_breakers_of(kinds: Collection[str]) -> list[CircuitBreaker]:
    """What is remembered of the servers of these kinds: the first word of a server's name."""
    of_these = Q(pk__in=[])
    for kind in kinds:
        of_these |= Q(name__startswith=f"{kind} ")
    return list(CircuitBreaker.objects.filter(of_these).order_by("name"))


def dead_jobs() -> QuerySet[Job]:
    """Jobs that were tried too often and wait for a person, the newest first."""
    return Job.objects.filter(state=JobState.DEAD).order_by("-settled_at", "-pk")
