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
    def place(self) -> Iterator[None]:
        """Take a place in the queue, before anything is asked of the database: sending somebody
        away must cost next to nothing. Raises TooManyChecks.
        """
        if not self._places.acquire(blocking=False):
            raise TooManyChecks
        try:
            yield
        finally:
            self._places.release()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn, with a place in the queue. Raises TooManyChecks."""
        if not self._running.acquire(timeout=_PATIENCE):
            raise TooManyChecks
        try:
            yield
        finally:
            self._running.release()


STRANGERS = CheckQueue()
KNOWN_PEOPLE = CheckQueue()  # on devices of theirs, or signed in: strangers do not hold them up
