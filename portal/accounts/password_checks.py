"""How many passwords one process looks at at once: each costs a core about half a second, and a
web process has few threads. Who guesses must not keep people from reading (reliability A06).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

RETRY_AFTER = 3  # seconds
MAX_PASSWORD = 1000  # letters
_PATIENCE = 10.0  # seconds; a check ends long before


class TooManyChecks(Exception):
    """No password was looked at: others are being looked at right now."""


class CheckQueue:
    """One check runs, one waits; whoever comes then is sent away at once."""

    def __init__(self) -> None:
        self._places = BoundedSemaphore(2)
        self._running = BoundedSemaphore(1)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn. Raises TooManyChecks."""
        if not self._places.acquire(blocking=False):
            raise TooManyChecks
        try:
            if not self._running.acquire(timeout=_PATIENCE):
                raise TooManyChecks
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._places.release()


STRANGERS = CheckQueue()
KNOWN_PEOPLE = CheckQueue()  # on devices of theirs, or signed in: strangers do not hold them up
