"""Keep what hangs on incidents: alerts as facts, entities, comments, and where all that is.

Incidents whose details are owed are claimed here, newest open ones first, each by one worker.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from alerts.incidents.ingest import alert_rows, entities, incident_summary
from alerts.incidents.ingest.alert_ends import record_ends
from alerts.incidents.ingest.alert_rows import store_alerts
from alerts.incidents.ingest.comments import store_comments
from alerts.incidents.ingest.details_work import lock_work, places_of
from alerts.incidents.ingest.entities import Entities
from alerts.incidents.ingest.facts import read_alerts
from alerts.incidents.ingest.fetched_details import Details
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.ingest.history import details_failed
from alerts.incidents.ingest.incident_summary import store_incident_rows
from alerts.incidents.models import DetailsState, Incident
from alerts.incidents.registry import tell_of_alerts
from alerts.sentinel.wire import Unreadable, WireAlert, WireComment, WireEntity
from alerts.sites.services import learn_places

__all__ = ["Details", "fail_details", "store_details", "store_details_of_many"]


def store_details(
    *,
    incident_id: int,
    alerts: Sequence[WireAlert | Unreadable],
    entities: Sequence[WireEntity | Unreadable],
    comments: Sequence[WireComment | Unreadable] | None,
    now: datetime,
    entities_cut_short: bool = False,
) -> None:
    """Store what was fetched for one incident."""
    given = Details(incident_id, alerts, entities, comments, entities_cut_short)
    regroup(store_details_of_many(given=[given], now=now), now=now)


@transaction.atomic
def store_details_of_many(
    *, given: Sequence[Details], now: datetime, leased_until: datetime | None = None
) -> set[int]:
    """Store the details of many incidents at once, bring their rows and the queue in line. With the
    lease under which they were fetched, those that changed meanwhile stay owed.
    Returns other incidents that weigh less by what was learnt (their ends had talked before):
    `regroup` them in a transaction of their own, because the queue's rows are locked in order.

    A batch stands or falls together; who wants to know which one cannot be stored, halves it.
    """
    work = lock_work(given, stages=(alert_rows.STAGE, entities.STAGE, incident_summary.STAGE))
    atlas = learn_places(places=places_of(work))
    found = Entities()
    for one in read_alerts(work, atlas=atlas, now=now):
        found.add(one)
    store_alerts(work)
    found.store()
    alert_ids = [alert.id for one in work for alert in one.stored]
    record_ends(alert_ids)
    tell_of_alerts(alert_ids=alert_ids, now=now)
    store_comments(
        given=[(w.row.id, w.given.comments) for w in work if w.given.comments is not None],
        now=now,
    )
    return store_incident_rows(work, now=now, leased_until=leased_until)


@transaction.atomic
def fail_details(
    *,
    incident_id: int,
    reason: str,
    retry_at: datetime | None,
    now: datetime,
    leased_until: datetime | None = None,
) -> None:
    """Note that details could not be had; without `retry_at` they are given up and shown so. With
    a lease, nothing is noted where they are owed anew since it was given.
    """
    state = {} if retry_at else {"details_state": DetailsState.FAILED}
    rows = Incident.objects.filter(pk=incident_id)
    if leased_until is not None:
        rows = rows.filter(details_due_at=leased_until)
    if rows.update(details_due_at=retry_at, changed_at=now, **state) and retry_at is None:
        details_failed(incident_id=incident_id, reason=reason, now=now)
        regroup([incident_id], now=now)


LEASE = timedelta(seconds=120)
MAX_ATTEMPTS = 4
_BACK_OFF = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))


class Claimed(NamedTuple):
    """An incident whose details somebody fetches now; `attempts` counts this one, too. Its row says
    `leased_until`, unless it changed meanwhile and its details are owed anew.
    """

    id: int
    name: str
    attempts: int
    alerts_count: int
    comments_count: int
    leased_until: datetime


@transaction.atomic
def claim_details(*, workspace_id: int, most: int, now: datetime) -> list[Claimed]:
    """Take some incidents; others may take theirs at the same time."""
    rows = (
        Incident.objects.filter(workspace_id=workspace_id, details_due_at__lte=now)
        .order_by("status", "-created_at")
        .select_for_update(skip_locked=True, no_key=True)[:most]
    )
    leased_until = now + LEASE
    found = [
        Claimed(*row, leased_until)
        for row in rows.values_list(
            "pk", "name", "details_attempts", "alerts_count", "comments_count"
        )
    ]
    Incident.objects.filter(pk__in=[one.id for one in found]).update(
        details_due_at=leased_until, details_attempts=F("details_attempts") + 1
    )
    return [one._replace(attempts=one.attempts + 1) for one in found]


def release_details(*, claimed: Collection[Claimed], due_at: datetime) -> None:
    """Give incidents back untried: the far end was away or slow, they are not to blame."""
    untouched = Incident.objects.filter(
        pk__in=[one.id for one in claimed], details_due_at__in={one.leased_until for one in claimed}
    )
    untouched.update(details_due_at=due_at, details_attempts=Greatest(F("details_attempts") - 1, 0))


def details_went_wrong(*, claimed: Claimed, reason: str, now: datetime) -> None:
    """Try this one again later, or give it up and say why."""
    retry_at = None
    if claimed.attempts < MAX_ATTEMPTS:
        retry_at = now + _BACK_OFF[min(claimed.attempts, len(_BACK_OFF)) - 1]
    fail_details(
        incident_id=claimed.id,
        reason=reason,
        retry_at=retry_at,
        now=now,
        leased_until=claimed.leased_until,
    )
