"""Take the next automation rule that is owed and bring Sentinel to it."""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.outbox import registry
from alerts.outbox.models import Landing, RulePriority, WantedRule
from alerts.outbox.services import workspace_health
from alerts.outbox.services.claim_rule import claim_rule
from alerts.outbox.services.deliver import Connect
from alerts.outbox.services.place_rule import (
    NotOursAnyMore,
    Pause,
    Placed,
    StillMoving,
    place_rule,
)
from alerts.outbox.services.settle_rule import settle_rule, wait_with_rule
from alerts.sentinel.client.port import SentinelError, SentinelNotFound, SentinelRefused
from alerts.sentinel.models import Purpose
from portal import clock
from portal.jobs.services import MAX_ATTEMPTS, back_off

log = logging.getLogger(__name__)

PURPOSE = Purpose.RULES


@dataclass(frozen=True, slots=True)
class DeliveredRule:
    """What became of one: owed where it was put back to wait. `note` says why, if it did not land
    as wanted.
    """

    rule: WantedRule
    outcome: Landing
    note: str = ""


def deliver_one_rule(
    *,
    now: datetime,
    connect: Connect,
    workspace_id: int | None = None,
    stops_only: bool = False,
    pause: Pause = time.sleep,
) -> DeliveredRule | None:
    """Deliver one rule that is due; None when none is. `now` is business time."""
    row = claim_rule(workspace_id, stops_only=stops_only)
    if row is None:
        return None
    if row.attempts > MAX_ATTEMPTS:
        error = row.latest_error or "The worker died each time it tried."
        told = f"Tried {MAX_ATTEMPTS} times without success. {error}"
        return _settled(row, Placed(Landing.REFUSED, row.landed, error=told), now=now)
    try:
        if reason := registry.reason_to_wait_with(row, now=now):
            wait = timedelta(seconds=min(5 * 2 ** min(row.misses, 4), 60))
            return _wait(row, reason, "", now=now, wait=wait)
        if row.urgency != RulePriority.STOP and not workspace_health.may_call(
            row.workspace_id, purpose=PURPOSE
        ):
            return _wait(row, "The workspace is being tried with another change.", "", now=now)
        client = connect(row.workspace, PURPOSE.value)
        placed = place_rule(
            row,
            client=client,
            has_room=registry.reasons_against_another_rule,
            now=now,
            pause=pause,
        )
        workspace_health.note_answer(
            row.workspace_id, calls_left=client.calls_left, purpose=PURPOSE
        )
        return _settled(row, placed, now=now)
    except SentinelError as error:
        return _not_placed(row, error, now=now)
    except NotOursAnyMore:
        return _wait(row, "Something else is wanted by now.", "", now=now, wait=timedelta())
    except Exception as error:
        if not isinstance(error, (StillMoving, ValueError)):
            log.exception("Rule %s could not be delivered", row.name)
        wait = back_off(row.attempts)
        return _wait(row, str(error) or type(error).__name__, "", now=now, wait=wait, counts=True)


def _not_placed(row: WantedRule, error: SentinelError, *, now: datetime) -> DeliveredRule:
    if isinstance(error, SentinelRefused):
        workspace_health.note_answer(row.workspace_id, purpose=PURPOSE)
        placed = Placed(Landing.REFUSED, row.landed, row.landed_etag, error=error.message)
        return _settled(row, placed, now=now, code=error.code)
    if not isinstance(error, SentinelNotFound) or workspace_health.is_workspace_gone(error):
        workspace_health.note_failure(row.workspace_id, error=error, purpose=PURPOSE)
    wait = workspace_health.retry_delay(error, tries=row.misses + 1)
    return _wait(row, error.message, error.code, now=now, wait=wait)


def _wait(
    row: WantedRule,
    why: str,
    code: str,
    *,
    now: datetime,
    wait: timedelta = timedelta(seconds=5),
    counts: bool = False,
) -> DeliveredRule:
    due_at = clock.unshifted() + wait
    wait_with_rule(row, due_at=due_at, error=why, code=code, counts=counts, now=now)
    return DeliveredRule(row, Landing.OWED, why)


def _settled(row: WantedRule, placed: Placed, *, now: datetime, code: str = "") -> DeliveredRule:
    if not settle_rule(row, placed=placed, now=now, code=code):
        return DeliveredRule(row, Landing.OWED, "Another worker has taken it over.")
    return DeliveredRule(row, placed.outcome, placed.error or placed.note)
