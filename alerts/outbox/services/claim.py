"""Take the next change that may go out: fair between workspaces, in order within an incident."""

import random
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from alerts.outbox.models import Change, Outcome
from alerts.outbox.services import workspace_health
from alerts.sentinel.models import Workspace
from portal import clock
from portal.backup.queries import is_paused_after_restore
from portal.jobs.queries import due
from portal.jobs.services import claim_due

_ORDER = ("urgency", "due_at", "pk")


def claim_change(workspace_id: int | None = None) -> Change | None:
    """Claim one change that is due, in one workspace or in any; None when there is none.

    Among workspaces whose most urgent change is equally urgent, chance decides, so that a
    thousand writes to one do not hold up the single one to another. After a restore nothing goes
    out until somebody has looked.
    """
    if is_paused_after_restore():
        return None
    now = clock.unshifted()
    for chosen in _workspaces_with_work(workspace_id, now=now):
        change = claim_due(
            _claimable(chosen),
            now=now,
            order=_ORDER,
            max_attempts=None,  # counted by who delivers, because giving up must be told
        )
        if change is not None:
            return change
    return None


def _workspaces_with_work(workspace_id: int | None, *, now: datetime) -> list[int]:
    first = Change.objects.filter(due(now), workspace=OuterRef("pk"), outcome=Outcome.OPEN)
    # What a removed one is still owed is taken, too: it ends, and whose it was is told.
    rows = Workspace.objects.exclude(state=Workspace.State.PAUSED)
    rows = rows.exclude(pk__in=workspace_health.unavailable_workspaces())
    if workspace_id is not None:
        rows = rows.filter(pk=workspace_id)
    found = list(
        rows.annotate(most_urgent=Subquery(first.order_by(*_ORDER).values("urgency")[:1]))
        .exclude(most_urgent=None)
        .order_by()
        .values_list("most_urgent", "pk")
    )
    random.shuffle(found)
    return [pk for _, pk in sorted(found, key=lambda row: row[0])]


def _claimable(workspace_id: int) -> QuerySet[Change]:
    """The oldest open change of each incident."""
    older = Change.objects.filter(
        workspace_id=OuterRef("workspace_id"),
        incident_name=OuterRef("incident_name"),
        pk__lt=OuterRef("pk"),
        outcome=Outcome.OPEN,
    )
    rows = Change.objects.filter(~Exists(older), workspace_id=workspace_id, outcome=Outcome.OPEN)
    return rows.select_related("workspace", "by")
