"""When a person last proved who they are: signing asks for a proof of the last few minutes."""

from datetime import datetime
from enum import Enum

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext

from portal import clock
from portal.accounts.actor import actor_of
from portal.accounts.password_checks import KNOWN_PEOPLE, MAX_PASSWORD, TooManyChecks
from portal.accounts.services.attempts import (
    Attempt,
    TooManyAttempts,
    begin_attempt,
    forget_attempt,
    forget_failures,
    note_failure,
)
from portal.accounts.sessions import digest_of_key
from portal.proxies import client_address, counted_as

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
    """When this session's person last proved who they are; None where that is not known. A token
    proves nothing: it has no session.
    """
    session = getattr(request, "session", None)
    said = session.get(_KEY) if session is not None else None
    try:
        return datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None


def check_password_again(request: HttpRequest, password: str, *, now: datetime) -> PasswordCheck:
    """Return whether this is the password of the signed-in person, and note the proof if it is.
    Wrong ones count for this session alone: nobody else makes its person wait, nor they others.
    """
    if len(password) > MAX_PASSWORD:
        return PasswordCheck.WRONG
    try:
        with KNOWN_PEOPLE.place(actor_of(request).email):
            return _check(request, password, now)
    except TooManyAttempts:
        return PasswordCheck.TOO_MANY_TRIES
    except TooManyChecks:
        return PasswordCheck.TOO_BUSY


def _check(request: HttpRequest, password: str, now: datetime) -> PasswordCheck:
    user, unshifted = actor_of(request), clock.unshifted()
    session = f"session {digest_of_key(request.session.session_key or '')[:32]}"
    attempt = Attempt(user.email, counted_as(client_address(request)), session)
    row = begin_attempt(attempt, now=unshifted)
    try:
        with KNOWN_PEOPLE.turn():
            found = authenticate(request, username=user.email, password=password)
    except TooManyChecks:
        forget_attempt(row)
        raise
    if found is None or found.pk != user.pk:
        note_failure(attempt, now=unshifted)
        return PasswordCheck.WRONG
    forget_failures(attempt)
    note_proof(request, now=now)
    return PasswordCheck.RIGHT
