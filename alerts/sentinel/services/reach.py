"""What all processes remember about how a workspace answers, so that none calls too early.

`now` is the database's own time (`portal.clock.unshifted`). Nothing here is a decision of a
person, so nothing of it is audited.
"""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q

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


def may_call_workspace(
    *, workspace_id: int, now: datetime, purpose: str = ClientPurpose.READ
) -> bool:
    """Whether to call now. When a breaker is due for its probe, True for only one caller."""
    rows = Reachability.objects.filter(workspace_id=workspace_id)
    silent_until = rows.aggregate(latest=Max("not_before"))["latest"]
    if silent_until and silent_until > now:
        return False
    own_rows = rows.filter(purpose=purpose)
    open_until = own_rows.values_list("open_until", flat=True).first()
    if open_until is None:
        return True
    if open_until > now:
        return False
    probe = own_rows.filter(open_until=open_until)
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


def note_throttled(
    *,
    workspace_id: int,
    now: datetime,
    retry_after: float | None,
    error: str = "",
    purpose: str = ClientPurpose.READ,
) -> datetime:
    """Azure asked for fewer calls: nobody calls this workspace before the time that is returned."""
    with transaction.atomic():
        row = _locked(workspace_id, purpose)
        row.throttles += 1
        wait = seconds_to_wait(retry_after, strikes=row.throttles, jitter=random.random())
        until = now + timedelta(seconds=wait)
        row.not_before = max(until, row.not_before or until)
        _set_error(row, error or "Azure asks for fewer calls.", "Throttled", now)
        row.save()
    return row.not_before


def note_reach_failure(
    *,
    workspace_id: int,
    now: datetime,
    error: str,
    code: str = "",
    retry_after: float | None = None,
    purpose: str = ClientPurpose.READ,
) -> None:
    """It did not answer. After five times in a row only a probe every 30 s is let through."""
    with transaction.atomic():
        row = _locked(workspace_id, purpose)
        row.failures += 1
        if row.failures >= BREAKER_AFTER:
            row.open_until = now + timedelta(seconds=PROBE_EVERY)
        if retry_after:
            until = now + timedelta(seconds=seconds_to_wait(retry_after, strikes=1, jitter=1.0))
            row.not_before = max(until, row.not_before or until)
        _set_error(row, error, code, now)
        row.save()


def note_denied(
    *,
    workspace_id: int,
    now: datetime,
    error: str,
    code: str = "",
    purpose: str = ClientPurpose.READ,
) -> None:
    """It refuses our sign-in or our right: marked at once, and probed once a minute."""
    with transaction.atomic():
        row = _locked(workspace_id, purpose)
        row.failures += 1
        row.denied_since = row.denied_since or now
        row.open_until = now + timedelta(seconds=DENIED_PROBE_EVERY)
        _set_error(row, error, code, now)
        row.save()


def note_gone(
    *,
    workspace_id: int,
    now: datetime,
    error: str,
    code: str = "",
    purpose: str = ClientPurpose.READ,
) -> None:
    """The workspace itself is not there any more. What we know of it is kept."""
    with transaction.atomic():
        row = _locked(workspace_id, purpose)
        row.gone_since = row.gone_since or now
        row.open_until = now + timedelta(seconds=DENIED_PROBE_EVERY)
        _set_error(row, error, code, now)
        row.save()


def note_error(
    *, workspace_id: int, error: SentinelError, now: datetime, purpose: str = ClientPurpose.READ
) -> None:
    """Note whichever of these an error of the client stands for.

    A NotFound counts as the workspace being gone, so callers handle a missing incident before.
    What is refused or in conflict says nothing about how the workspace answers.
    """
    about: dict[str, Any] = {"workspace_id": workspace_id, "now": now, "purpose": purpose}
    match error:
        case SentinelThrottled():
            note_throttled(**about, retry_after=error.retry_after, error=error.message)
        case SentinelUnavailable():
            note_reach_failure(
                **about, error=error.message, code=error.code, retry_after=error.retry_after
            )
        case SentinelDenied():
            note_denied(**about, error=error.message, code=error.code)
        case SentinelNotFound():
            note_gone(**about, error=error.message, code=error.code)


def _locked(workspace_id: int, purpose: str) -> Reachability:
    key = {"workspace_id": workspace_id, "purpose": purpose}
    Reachability.objects.bulk_create([Reachability(**key)], ignore_conflicts=True)
    return Reachability.objects.select_for_update().get(**key)


def _set_error(row: Reachability, error: str, code: str, now: datetime) -> None:
    row.latest_error, row.latest_error_code, row.latest_error_at = error[:500], code[:100], now


def note_fresh(*, workspace_id: int, now: datetime) -> None:
    """Everything that changed there before `now` has been read. `now` is business time."""
    Freshness.objects.update_or_create(workspace_id=workspace_id, defaults={"fresh_at": now})
