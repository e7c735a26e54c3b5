"""How much work stands open, whatever room it belongs to."""

from datetime import datetime

from django.apps import apps
from django.db.models import Q

from portal.jobs.models import Leased, State


def due(now: datetime) -> Q:
    """Rows that a worker may take: waiting and due, or abandoned by a worker whose lease ended."""
    return Q(state=State.WAITING, due_at__lte=now) | Q(state=State.RUNNING, lease_until__lt=now)


def kinds_of_work() -> list[type[Leased]]:
    """Every model whose rows are work."""
    return [model for model in apps.get_models() if issubclass(model, Leased)]


def count_due_work(*, now: datetime) -> int:
    """Rows that a worker holds, or would take if it looked. `now` is `clock.unshifted()`."""
    held = Q(state=State.RUNNING, lease_until__gte=now)
    return sum(model._default_manager.filter(due(now) | held).count() for model in kinds_of_work())
