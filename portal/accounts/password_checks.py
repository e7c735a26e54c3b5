"""How many passwords one process looks at at once: each costs a core about half a second, and a
web process has few threads. Who guesses must not keep people from reading (reliability A06).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

RETRY_AFTER = 3  # seconds
MAX_PASSWORD = 1000  # letters
_PATIENCE = 10.0  # seconds; a check ends long before
_MAX_OF_ACCOUNT = 2  # requests: one has the account's place, one waits for it


class TooManyChecks(Exception):
    """No password was looked at: others are being looked at right now."""


class _Share:
    """What one account has of a queue: one place. Who clicks twice waits for that place."""

    def __init__(self) -> None:
        self.place = Lock()
        self.users = 0  # requests that have the place or wait for it


class CheckQueue:
    """One check runs, one waits; whoever comes then is sent away at once. No account has both
    places: a program that signs in again and again, right password and all, keeps nobody else out.
    """

    def __init__(self) -> None:
        self._places = BoundedSemaphore(2)
        self._running = BoundedSemaphore(1)
        self._shares: dict[str, _Share] = {}
        self._changing = Lock()

    @contextmanager
    def place(self, account: str) -> Iterator[None]:
        """Take a place in the queue, before anything is asked of the database: sending somebody
        away must cost next to nothing. Raises TooManyChecks.
        """
        with self._share_of(account):
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

    @contextmanager
    def _share_of(self, account: str) -> Iterator[None]:
        with self._changing:
            share = self._shares.setdefault(account, _Share())
            if share.users == _MAX_OF_ACCOUNT:
                raise TooManyChecks
            share.users += 1
        try:
            if not share.place.acquire(timeout=_PATIENCE):
                raise TooManyChecks
            try:
                yield
            finally:
                share.place.release()
        finally:
            with self._changing:
                share.users -= 1
                if not share.users:
                    del self._shares[account]


STRANGERS = CheckQueue()
KNOWN_PEOPLE = CheckQueue()  # on devices of theirs, or signed in: strangers do not hold them up
