"""What all processes remember about how a workspace answers, so that none calls too early.

`now` is the database's own time (`portal.clock.unshifted`). Nothing here is a decision of a
person, so nothing of it is audited.
"""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from alerts.sentinel.client.errors import (
    SentinelDenied,
    SentinelError,
    SentinelNotFound,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.engine.pacing import (
    BREAKER_AFTER,
    DENIED_PROBE_EVERY,
    PROBE_EVERY,
    seconds_to_refill,
    seconds_to_wait,
)
from alerts.sentinel.models import ClientPurpose, Freshness, Reachability

_NOTE_SUCCESS_EVERY = timedelta(seconds=20)
_FAILURES = (SentinelThrottled, SentinelUnavailable, SentinelDenied, SentinelNotFound)


def may_call_workspace(
    *, workspace_id: int, now: datetime, purpose: str = ClientPurpose.READ
) -> bool:
    """Whether to call now. When a breaker is due for its probe, True for only one caller."""
    rows = Reachability.objects.filter(workspace_id=workspace_id)
    breakers = dict[str, datetime | None]()
    for of_purpose, silent_until, open_until in rows.values_list(
        "purpose", "not_before", "open_until"
    ):
        if silent_until and silent_until > now:
            return False
        breakers[of_purpose] = open_until
    open_until = breakers.get(purpose)
    if open_until is None:
        return True
    if open_until > now:
        return False
    probe = rows.filter(purpose=purpose, open_until=open_until)
    return probe.update(open_until=now + timedelta(seconds=PROBE_EVERY)) == 1


def note_success(
    *,
    workspace_id: int,
    now: datetime,
    purpose: str = ClientPurpose.READ,
    calls_left: Mapping[str, int] | None = None,
    credential_ends_at: datetime | None = None,
) -> None:
    """It answered: the breaker closes. Written only where that changes something.

    With the client's `calls_left`, a budget that is nearly used up brings a short silence.
    """
    own_rows = Reachability.objects.filter(workspace_id=workspace_id, purpose=purpose)
    well: dict[str, Any] = {"reached_at": now, "failures": 0, "open_until": None}
    well |= {"throttles": 0, "denied_since": None, "gone_since": None}
    is_other_credential = Q(pk__in=[])
    if credential_ends_at is not None:
        well["credential_ends_at"] = credential_ends_at
        is_other_credential = ~Q(credential_ends_at=credential_ends_at)
    changed = own_rows.filter(
        is_other_credential
        | Q(reached_at=None)
        | Q(reached_at__lt=now - _NOTE_SUCCESS_EVERY)
        | Q(failures__gt=0)
        | Q(throttles__gt=0)
        | Q(open_until__isnull=False)
        | Q(denied_since__isnull=False)
        | Q(gone_since__isnull=False)
    ).update(**well)
    if not changed and not own_rows.exists():
        Reachability.objects.bulk_create(
            [Reachability(workspace_id=workspace_id, purpose=purpose, **well)],
            ignore_conflicts=True,
        )
    if wait := seconds_to_refill(calls_left or {}):
        until = now + timedelta(seconds=wait)
        own_rows.filter(Q(not_before=None) | Q(not_before__lt=until)).update(not_before=until)


def note_error(
    *, workspace_id: int, error: SentinelError, now: datetime, purpose: str = ClientPurpose.READ
) -> None:
    """Store how the workspace failed, and until when it is left alone: as long as Azure asks for,
    half a minute after five failures in a row, a minute where it refuses us or is gone.

    A NotFound counts as the workspace being gone, so callers handle a missing incident before.
    What is refused or in conflict changes nothing.
    """
    if not isinstance(error, _FAILURES):
        return
    code = error.code
    with transaction.atomic():
        row = _locked(workspace_id, purpose)
        match error:
            case SentinelThrottled():
                code, row.throttles = "Throttled", row.throttles + 1
                _leave_alone(
                    row, error.retry_after, strikes=row.throttles, jitter=random.random(), now=now
                )
            case SentinelUnavailable():
                row.failures += 1
                if row.failures >= BREAKER_AFTER:
                    row.open_until = now + timedelta(seconds=PROBE_EVERY)
                if error.retry_after:
                    _leave_alone(row, error.retry_after, strikes=1, jitter=1.0, now=now)
            case SentinelDenied():
                row.failures += 1
                row.denied_since = row.denied_since or now
                row.open_until = now + timedelta(seconds=DENIED_PROBE_EVERY)
            case SentinelNotFound():
                row.gone_since = row.gone_since or now
                row.open_until = now + timedelta(seconds=DENIED_PROBE_EVERY)
        row.latest_error, row.latest_error_code = error.message[:500], code[:100]
        row.latest_error_at = now
        row.save()


def _leave_alone(
    row: Reachability, retry_after: float | None, *, strikes: int, jitter: float, now: datetime
) -> None:
    wait = timedelta(seconds=seconds_to_wait(retry_after, strikes=strikes, jitter=jitter))
    row.not_before = max(now + wait, row.not_before or now + wait)


def _locked(workspace_id: int, purpose: str) -> Reachability:
    key = {"workspace_id": workspace_id, "purpose": purpose}
    Reachability.objects.bulk_create([Reachability(**key)], ignore_conflicts=True)
    return Reachability.objects.select_for_update().get(**key)


def note_fresh(*, workspace_id: int, now: datetime) -> None:
    """Everything that changed there before `now` has been read. `now` is business time."""
    Freshness.objects.update_or_create(workspace_id=workspace_id, defaults={"fresh_at": now})
