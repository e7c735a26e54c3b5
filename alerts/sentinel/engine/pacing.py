"""How long to leave a workspace alone after it did not answer as it should."""

from collections.abc import Mapping

BREAKER_AFTER = 5
PROBE_EVERY = 30.0
DENIED_PROBE_EVERY = 60.0
MAX_PLAUSIBLE_WAIT = 2 * 3600.0
MAX_BACK_OFF = 300.0
_FIRST_BACK_OFF = 5.0
_NEARLY_EMPTY = {"subscription-reads": 20, "subscription-writes": 10}
WRITES_A_SECOND = 10  # by which Azure's bucket of writes fills; that of reads by 25
_REFILL = 2.0


def seconds_to_wait(retry_after: float | None, *, strikes: int, jitter: float) -> float:
    """What the server sent where that is believable, else a growing wait of our own.

    `strikes` counts the throttlings in a row, this one included; `jitter` lies between 0 and 1
    and spreads our own wait, so that many workspaces do not come back at the same moment.
    """
    if retry_after is not None and 0 < retry_after <= MAX_PLAUSIBLE_WAIT:
        return retry_after
    ceiling = min(MAX_BACK_OFF, _FIRST_BACK_OFF * 2.0 ** min(strikes, 10))
    return ceiling * (0.5 + jitter / 2)


def seconds_to_refill(calls_left: Mapping[str, int]) -> float:
    """A short silence before a budget of Azure runs dry; none while there is plenty left."""
    dry = any(calls_left.get(name, least) < least for name, least in _NEARLY_EMPTY.items())
    return _REFILL if dry else 0.0
