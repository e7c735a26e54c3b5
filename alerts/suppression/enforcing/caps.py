"""May rules close one more incident? Beyond a cap it stays open, and what has to stop is noted.

One worker decides for a workspace at a time. A rule of several workspaces may be asked in two at
the same moment, and close one incident too many in each but the first.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from alerts.incidents.models import Incident
from alerts.rules.decision import ActingRule, ActingSet
from alerts.rules.guards.caps import Cap, cap_of_rule, caps_of_workspace
from alerts.suppression.models import BrakeTrip, Ending, LedgerAct, LedgerEntry
from alerts.suppression.queries import on_again_since


def is_beyond_cap(
    incident: Incident, versions: Iterable[ActingRule], *, acting: ActingSet, now: datetime
) -> bool:
    """Whether one of these versions, or its workspace, has closed as many as it may already. Notes
    which, with the incident.
    """
    return note_trips(incident, versions, acting=acting, more=1, now=now)


def note_trips(
    incident: Incident,
    versions: Iterable[ActingRule],
    *,
    acting: ActingSet,
    more: int,
    now: datetime,
) -> bool:
    """Note what is beyond its cap with `more` closes, and return whether anything is."""
    came, workspace_id = incident.created_at, incident.workspace_id
    trips = []
    for version in versions:
        cap = cap_of_rule(version.busiest)
        count = _closed(came, cap).filter(rule=version.rule_id, version=version.version_id).count()
        if count + more > cap.limit:
            trips.append(_trip(incident, cap, count, version_id=version.version_id, now=now))
    here = [
        version.busiest
        for version in acting.versions.values()
        if version.is_live and workspace_id in version.workspaces
    ]
    since = on_again_since(workspace_id)
    for cap in caps_of_workspace(here):
        closed = _closed(came, cap).filter(incident__workspace=workspace_id)
        if since is not None:
            closed = closed.filter(at__gt=since)
        count = closed.values("incident").distinct().count()
        if count + more > cap.limit:
            trips.append(_trip(incident, cap, count, workspace_id=workspace_id, now=now))
    BrakeTrip.objects.bulk_create(trips, ignore_conflicts=True)
    return bool(trips)


def _closed(came: datetime, cap: Cap) -> QuerySet[LedgerEntry]:
    """What rules closed of incidents that came in the span before this moment."""
    begins = came - cap.span
    closed = LedgerEntry.objects.filter(act=LedgerAct.CLOSED).exclude(ending=Ending.NOT_SENT)
    # None is closed before it came: so the index of lines by time serves.
    return closed.filter(
        at__gt=begins, incident__created_at__gt=begins, incident__created_at__lte=came
    )


def _trip(
    incident: Incident,
    cap: Cap,
    count: int,
    *,
    version_id: int | None = None,
    workspace_id: int | None = None,
    now: datetime,
) -> BrakeTrip:
    return BrakeTrip(
        brake=cap.brake,
        version_id=version_id,
        workspace_id=workspace_id,
        incident=incident,
        count=count,
        most=cap.most,
        limit=cap.limit,
        at=now,
    )
