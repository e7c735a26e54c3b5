"""Devices on which a person has signed in before. Guesses of strangers never make one of them wait
(reliability A06). A signed cookie, sent to the sign-in page only, names them; it signs nobody in.
"""

import secrets
from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import salted_hmac

from portal.accounts.models import User

MAX_AGE = 180 * 24 * 3600
MAX_PEOPLE = 8  # of one browser: a desk that a shift shares
_SALT = "portal.accounts.devices"


class SignInDevice(NamedTuple):
    """One person on one device. A new password makes all devices strangers."""

    person: str
    device: str
    password_mark: str


def device_of(request: HttpRequest, email: str) -> str:
    """Return the id of this device if this account signed in on it, else nothing."""
    devices = list(_devices_in_cookie(request))
    person = User.objects.filter(email=email).first() if devices else None
    if person is None:
        return ""
    return next((device.device for device in devices if _is_of(device, person)), "")


def remember_device(request: HttpRequest, response: HttpResponse, person: User) -> None:
    """Set the cookie that marks this browser as a known device of the person signed in."""
    devices = list(_devices_in_cookie(request))
    device = next((candidate.device for candidate in devices if _is_of(candidate, person)), "")
    others = [candidate for candidate in devices if candidate.person != person.uuid.hex]
    own = SignInDevice(person.uuid.hex, device or secrets.token_urlsafe(12), _mark_of(person))
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps([own, *others][:MAX_PEOPLE], salt=_SALT),
        max_age=MAX_AGE,
        path=reverse("login"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _devices_in_cookie(request: HttpRequest) -> Iterator[SignInDevice]:
    sent = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        yield from (
            SignInDevice(*values) for values in signing.loads(sent, salt=_SALT, max_age=MAX_AGE)
        )
    except (signing.BadSignature, TypeError):
        return


def _is_of(device: SignInDevice, person: User) -> bool:
    return (device.person, device.password_mark) == (person.uuid.hex, _mark_of(person))


def _mark_of(person: User) -> str:
    return salted_hmac(_SALT, person.password, algorithm="sha256").hexdigest()[:16]
