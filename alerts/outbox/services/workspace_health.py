"""What the outbox knows of how workspaces answer: who must be left alone, and for how long.

All processes share this (`alerts.sentinel`); it runs on the unshifted clock.
"""

import random
from collections.abc import Mapping
from datetime import timedelta

from alerts.sentinel.client.port import SentinelError, SentinelNotFound
from alerts.sentinel.engine.pacing import seconds_to_wait
from alerts.sentinel.models import Purpose
from alerts.sentinel.queries import resting_workspaces, silent_workspaces
from alerts.sentinel.services import may_call as may_call_workspace
from alerts.sentinel.services import note_error, note_success
from portal import clock

PURPOSE = Purpose.INCIDENTS


def unavailable_workspaces(purpose: Purpose = PURPOSE) -> set[int]:
    """The workspaces that must not be called now."""
    return resting_workspaces(now=clock.unshifted(), purpose=purpose)


def throttled_workspaces(purpose: Purpose) -> set[int]:
    """The workspaces where Azure itself told this identity of ours to wait."""
    return silent_workspaces(now=clock.unshifted(), purpose=purpose)


def may_call(workspace_id: int, *, purpose: Purpose = PURPOSE) -> bool:
    """Whether to call now; where a breaker is due for its probe, only one asker hears yes."""
    return may_call_workspace(workspace_id=workspace_id, now=clock.unshifted(), purpose=purpose)


def note_answer(
    workspace_id: int,
    *,
    calls_left: Mapping[str, int] | None = None,
    purpose: Purpose = PURPOSE,
) -> None:
    """The workspace answered, whatever it said; perhaps with how many calls it still allows."""
    note_success(
        workspace_id=workspace_id, now=clock.unshifted(), purpose=purpose, calls_left=calls_left
    )


def note_failure(workspace_id: int, *, error: SentinelError, purpose: Purpose = PURPOSE) -> None:
    """The workspace did not let us, and the others must know."""
    note_error(workspace_id=workspace_id, error=error, now=clock.unshifted(), purpose=purpose)


def is_workspace_gone(error: SentinelNotFound) -> bool:
    """Whether a "not found" is about the workspace and not about the incident."""
    return error.is_of_the_workspace


def retry_delay(error: SentinelError | None, *, tries: int) -> timedelta:
    """How long a change waits: what the server asked for, else longer each time, with jitter."""
    asked: float | None = getattr(error, "retry_after", None)
    return timedelta(seconds=seconds_to_wait(asked, strikes=tries, jitter=random.random()))
