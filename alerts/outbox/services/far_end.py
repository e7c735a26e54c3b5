"""What the outbox knows of how workspaces answer: who must be left alone, and for how long."""

import random
from datetime import datetime, timedelta

from alerts.sentinel.client.port import SentinelError

LONGEST_GUESS = timedelta(minutes=5)
LONGEST_BELIEVED = timedelta(hours=1)  # a server that asks for more is not believed (F02)


def resting_workspaces(*, now: datetime) -> set[int]:
    """The workspaces that must not be called now."""
    return set()


def heard_from(workspace_id: int, *, now: datetime) -> None:
    """The workspace answered."""


def heard_trouble(workspace_id: int, *, error: SentinelError, now: datetime) -> None:
    """The workspace did not let us."""


def how_long(error: SentinelError, *, tries: int) -> timedelta:
    """How long a change waits: what the server asked for, else longer each time, with jitter."""
    asked = getattr(error, "retry_after", None)
    if asked is not None and 0 <= asked <= LONGEST_BELIEVED.total_seconds():
        return timedelta(seconds=asked + random.uniform(0, 1))
    guess = min(10 * 2 ** min(tries - 1, 8), LONGEST_GUESS.total_seconds())
    return timedelta(seconds=guess * random.uniform(0.5, 1))
