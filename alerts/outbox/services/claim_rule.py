"""Take the next automation rule that is owed: the gates first, fair between workspaces."""

import random

from django.db.models import Min, Q, QuerySet

from alerts.outbox.models import Landing, RulePriority, WantedRule
from alerts.outbox.services import workspace_health
from alerts.sentinel.models import Purpose, Workspace
from portal import clock
from portal.backup.queries import is_paused_after_restore
from portal.jobs.queries import due
from portal.jobs.services import claim_due


def claim_rule(workspace_id: int | None = None, *, stops_only: bool = False) -> WantedRule | None:
    """Claim one that is due, in one workspace or in any; None when there is none. After a restore
    only gates that somebody has had enabled go out, until somebody has looked.
    """
    now = clock.unshifted()
    rows = _claimable()
    if workspace_id is not None:
        rows = rows.filter(workspace_id=workspace_id)
    if stops_only or is_paused_after_restore():
        rows = rows.filter(urgency=RulePriority.STOP)
    found = list(
        rows.filter(due(now)).order_by().values_list("workspace_id").annotate(Min("urgency"))
    )
    random.shuffle(found)
    for chosen, _ in sorted(found, key=lambda each: each[1]):
        row = claim_due(
            rows.filter(workspace_id=chosen).select_related("workspace"),
            now=now,
            order=("urgency", "due_at", "pk"),
            max_attempts=None,  # counted by who delivers, because giving up must be told
        )
        if row is not None:
            return row
    return None


def _claimable() -> QuerySet[WantedRule]:
    """What may go out now. A stop and what is to be taken away also go to workspaces that are
    paused or removed; a stop is held up only by a silence that Azure asked this identity for.
    """
    purpose = Purpose.RULES
    stops = Q(urgency=RulePriority.STOP)
    takes_away = stops | Q(wanted__isnull=True)
    return (
        WantedRule.objects.filter(outcome=Landing.OWED)
        .filter(Q(workspace__state=Workspace.State.ACTIVE) | takes_away)
        .exclude(workspace__in=workspace_health.throttled_workspaces(purpose))
        .filter(stops | ~Q(workspace__in=workspace_health.unavailable_workspaces(purpose)))
    )
