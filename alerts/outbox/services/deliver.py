"""Take the next write that is due, send it, and settle it. Any number may do so at once."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.outbox import registry
from alerts.outbox.engine.merge import is_close
from alerts.outbox.models import Change, Outcome
from alerts.outbox.services import workspace_health
from alerts.outbox.services.claim import claim_change
from alerts.outbox.services.send import Ask, Pause, Sent, StillMoving, Unreadable, send
from alerts.outbox.services.settle import settle_change
from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelError,
    SentinelNotFound,
    SentinelRefused,
)
from alerts.sentinel.wire import WireIncident, read_alerts
from portal import clock
from portal.jobs.models import State
from portal.jobs.services import MAX_ATTEMPTS, back_off, put_back

log = logging.getLogger(__name__)

type Connect = Callable[[Any, str], SentinelClient]  # sentinel.client.client_for

GONE = "It is no longer in Sentinel."
REMOVED = "The workspace was removed."
DISABLED = "The account was disabled before the close was sent, so the incident stays open."


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one change: `outcome` is open where it was put back to wait."""

    change: Change
    outcome: Outcome
    note: str


def deliver_one(
    *,
    now: datetime,
    connect: Connect,
    workspace_id: int | None = None,
    pause: Pause = time.sleep,
) -> Delivered | None:
    """Send one change that is due; None when none is. `now` is business time; what is due is
    asked of the unshifted clock.
    """
    change = claim_change(workspace_id)
    if change is None:
        return None
    if change.attempts > MAX_ATTEMPTS:
        error = change.latest_error or "The worker died each time it tried."
        sent = Sent(Outcome.REFUSED, f"Tried {MAX_ATTEMPTS} times without success. {error}")
        return _settled(change, sent, now=now, dead=True)
    try:
        if change.workspace.is_removed:
            return _settled(change, Sent(Outcome.DROPPED, REMOVED), now=now)
        if change.by is not None and not change.by.is_active and is_close(change.patch):
            return _settled(change, Sent(Outcome.DROPPED, DISABLED), now=now)
        if reason := registry.reason_not_to_send(change, now=now):
            return _settled(change, Sent(Outcome.DROPPED, reason), now=now)
        if not workspace_health.may_call(change.workspace_id):
            return _wait(change, "The workspace is being tried with another change.")
        client = connect(change.workspace, workspace_health.PURPOSE)
        sent = send(change, client=client, pause=pause, ask=_asker(change, client, now))
        workspace_health.note_answer(change.workspace_id, calls_left=client.calls_left)
        return _settled(change, sent, now=now)
    except SentinelError as error:
        return _not_sent(change, error, now=now)
    except (StillMoving, Unreadable) as error:
        return _try_again(change, str(error))
    except Exception as error:
        log.exception("Change %s could not be delivered", change.key)
        return _try_again(change, f"{type(error).__name__}: {error}")


def _asker(change: Change, client: SentinelClient, now: datetime) -> Ask | None:
    """Have a fresh check asked of the incident and its alerts as they are now. The alerts are read
    after the incident: one that joins later changes the etag, and the write is refused.
    """
    if not registry.wants_fresh(change):
        return None

    def ask(incident: WireIncident) -> str:
        alerts = tuple(read_alerts(client.list_alerts(change.incident_name)))
        return registry.reason_not_to_write(change, registry.Fresh(incident.raw, alerts), now=now)

    return ask


def _not_sent(change: Change, error: SentinelError, *, now: datetime) -> Delivered:
    match error:
        case SentinelNotFound() if not workspace_health.is_workspace_gone(error):
            workspace_health.note_answer(change.workspace_id)
            return _settled(change, Sent(Outcome.REFUSED, GONE), now=now, dead=True)
        case SentinelRefused():
            workspace_health.note_answer(change.workspace_id)
        case _:  # also a missing right: the decision waits until somebody has given it back
            workspace_health.note_failure(change.workspace_id, error=error)
            return _wait(change, error.message, error=error)
    return _settled(change, Sent(Outcome.REFUSED, error.message), now=now, dead=True)


def _wait(change: Change, why: str, *, error: SentinelError | None = None) -> Delivered:
    """The far end is away or busy: the change is not to blame and pays nothing."""
    wait = workspace_health.retry_delay(error, tries=change.fence)
    put_back(change, due_at=clock.unshifted() + wait, error=why, free=True)
    return Delivered(change, Outcome.OPEN, why)


def _try_again(change: Change, error: str) -> Delivered:
    due_at = clock.unshifted() + back_off(change.attempts)
    put_back(change, due_at=due_at, error=error)
    return Delivered(change, Outcome.OPEN, error)


def _settled(change: Change, sent: Sent, *, now: datetime, dead: bool = False) -> Delivered:
    state = State.DEAD if dead else State.DONE
    if not settle_change(change, sent=sent, now=now, state=state):
        note = "Another worker has taken it over; what was sent will be found there."
        return Delivered(change, Outcome.OPEN, note)
    return Delivered(change, sent.outcome, sent.note)
