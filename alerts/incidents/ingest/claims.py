"""Hand out incidents whose details are owed: newest open ones first, each to one worker."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from alerts.incidents.ingest.details import fail_details
from alerts.incidents.models import Incident

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
