"""How long to leave a workspace alone after it did not answer as it should."""

from __future__ import annotations

BREAKER_AFTER = 5
PROBE_EVERY = 30.0
DENIED_PROBE_EVERY = 60.0
LONGEST_BELIEVABLE_WAIT = 2 * 3600.0
LONGEST_BACK_OFF = 300.0
_FIRST_BACK_OFF = 5.0


def seconds_to_wait(retry_after: float | None, *, strikes: int, jitter: float) -> float:
    """What the server said where that is believable, else a growing wait of our own.

    `strikes` counts the throttlings in a row, this one included; `jitter` lies between 0 and 1
    and spreads our own wait, so that many workspaces do not come back at the same moment.
    """
    if retry_after is not None and 0 < retry_after <= LONGEST_BELIEVABLE_WAIT:
        return retry_after
    ceiling = min(LONGEST_BACK_OFF, _FIRST_BACK_OFF * 2.0 ** min(strikes, 10))
    return ceiling * (0.5 + jitter / 2)
