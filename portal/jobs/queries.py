"""How much work stands open, whatever room it belongs to; who was alive when, what was given up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet

from portal.jobs.models import Job, Leased, State

HEARTBEAT = "heartbeat"  # the kind of the rows by which workers say that they are alive


@dataclass(frozen=True, slots=True)
class Note:
    """What a job noted at its latest run."""

    key: str
    at: datetime | None
    payload: dict[str, Any]


def due(now: datetime) -> Q:
    """Rows that a worker may take: waiting and due, or abandoned by a worker whose lease ended."""
    return Q(state=State.WAITING, due_at__lte=now) | Q(state=State.RUNNING, lease_until__lt=now)


def kinds_of_work() -> list[type[Leased]]:
    """Every model whose rows are work."""
    return [model for model in apps.get_models() if issubclass(model, Leased)]


def count_work_at_hand(*, now: datetime) -> int:
    """Rows that a worker holds, and owed acts that it would take if it looked. Jobs count only
    while they are held: those that never end are due again at once. `now` is `clock.unshifted()`.
    """
    leased = Q(state=State.RUNNING, lease_until__gte=now)
    return sum(
        model._default_manager.filter(leased if model is Job else due(now) | leased).count()
        for model in kinds_of_work()
    )


def heartbeats() -> list[Note]:
    """When a worker of each queue was last alive, by queue. Beat asked it, so beat was too."""
    return notes_of(HEARTBEAT)


def notes_of(kind: str) -> list[Note]:
    """What the jobs of a kind noted, by key."""
    rows = Job.objects.filter(kind=kind).order_by("key")
    return [Note(*row) for row in rows.values_list("key", "settled_at", "payload")]


def dead_jobs() -> QuerySet[Job]:
    """Jobs that were tried too often and wait for a person, the newest first."""
    return Job.objects.filter(state=State.DEAD).order_by("-settled_at", "-pk")
