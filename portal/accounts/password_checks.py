"""Look at passwords: few at once in one process, because each costs a core about half a second and
a web process has few threads (who guesses must not keep people from reading, reliability A06). And
when a person last proved who they are: signing asks for a proof of the last few minutes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from threading import BoundedSemaphore, Lock

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext

from portal import clock
from portal.accounts.services.attempts import (
    MAX_PASSWORD,
    SignInAttempt,
    TooManyAttempts,
    begin_attempt,
    delete_attempt,
    delete_failures,
    note_wrong_password,
)
from portal.accounts.sessions import actor_of, digest_of_key
from portal.runtime.proxies import client_address, counted_as

RETRY_AFTER = 3  # seconds
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
    """One check runs, one waits; any further one is refused at once. No account has both
    places: a program that signs in again and again, right password and all, keeps nobody else out.
    """

    def __init__(self) -> None:
        self._places = BoundedSemaphore(2)
        self._running = BoundedSemaphore(1)
        self._shares: dict[str, _Share] = {}
        self._changing = Lock()

    @contextmanager
    def place(self, account: str) -> Iterator[None]:
        """Take a place in the queue, before any query to the database: a refusal must cost next to
        nothing. Raises TooManyChecks.
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
OWN_DEVICES = CheckQueue()  # on devices of theirs, or signed in: strangers do not hold them up


_KEY = "proved_at"


class PasswordCheck(Enum):
    """What came of a password that a signed-in person gave once more."""

    RIGHT = "right"
    WRONG = "wrong"
    TOO_MANY_TRIES = "too-many-tries"  # not even looked at: another try has to wait
    TOO_BUSY = "too-busy"  # not looked at either: others are being looked at

    @property
    def reason(self) -> str:
        """Why it does not do, in a sentence; nothing where it does."""
        return {
            PasswordCheck.RIGHT: "",
            PasswordCheck.WRONG: gettext("That is not your password. Check it and try again."),
            PasswordCheck.TOO_MANY_TRIES: gettext(
                "Too many wrong passwords. Wait 15 minutes, then try again."
            ),
            PasswordCheck.TOO_BUSY: gettext(
                "Too many people are signing in right now. Try again in a few seconds."
            ),
        }[self]


def note_proof(request: HttpRequest, *, now: datetime) -> None:
    """The person has just proved who they are, by signing in or by their password."""
    request.session[_KEY] = now.isoformat()


def proved_at_of(request: HttpRequest) -> datetime | None:
    """Return when this session's person last proved who they are, or None. A token proves nothing:
    it has no session.
    """
    session = getattr(request, "session", None)
    text = session.get(_KEY) if session is not None else None
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def check_password_again(request: HttpRequest, password: str, *, now: datetime) -> PasswordCheck:
    """Return whether this is the password of the signed-in person, and note the proof if it is.
    Wrong ones count for this session alone: nobody else makes its person wait, nor they others.
    """
    if len(password) > MAX_PASSWORD:
        return PasswordCheck.WRONG
    try:
        with OWN_DEVICES.place(actor_of(request).email):
            return _check(request, password, now)
    except TooManyAttempts:
        return PasswordCheck.TOO_MANY_TRIES
    except TooManyChecks:
        return PasswordCheck.TOO_BUSY


def _check(request: HttpRequest, password: str, now: datetime) -> PasswordCheck:
    user, unshifted = actor_of(request), clock.unshifted()
    session = f"session {digest_of_key(request.session.session_key or '')[:32]}"
    attempt = SignInAttempt(user.email, counted_as(client_address(request)), session)
    row = begin_attempt(attempt, now=unshifted)
    try:
        with OWN_DEVICES.turn():
            found = authenticate(request, username=user.email, password=password)
    except TooManyChecks:
        delete_attempt(row)
        raise
    if found is None or found.pk != user.pk:
        note_wrong_password(attempt, now=unshifted)
        return PasswordCheck.WRONG
    delete_failures(attempt)
    note_proof(request, now=now)
    return PasswordCheck.RIGHT
