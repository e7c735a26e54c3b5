"""When a person last proved who they are: signing asks for a proof of the last few minutes."""

from datetime import datetime
from enum import Enum

from django.contrib.auth import authenticate
from django.http import HttpRequest

from portal import clock
from portal.accounts.actor import actor_of
from portal.accounts.services import note_failure, too_many_failures

_KEY = "proved_at"


class PasswordCheck(Enum):
    """What came of a password that a signed-in person gave once more."""

    RIGHT = "right"
    WRONG = "wrong"
    TOO_MANY_TRIES = "too-many-tries"  # not even looked at: another try has to wait


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
    Wrong ones count as failed sign-ins, and after too many none is looked at.
    """
    user, address = actor_of(request), request.META.get("REMOTE_ADDR") or None
    if too_many_failures(email=user.email, address=address, now=clock.unshifted()):
        return PasswordCheck.TOO_MANY_TRIES
    found = authenticate(request, username=user.email, password=password)
    if found is None or found.pk != user.pk:
        note_failure(email=user.email, address=address, now=clock.unshifted())
        return PasswordCheck.WRONG
    note_proof(request, now=now)
    return PasswordCheck.RIGHT
