"""Who asks: a program with a token, or the person who is signed in."""

from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from portal import clock
from portal.accounts.models import ApiToken, User
from portal.accounts.queries import token_of
from portal.accounts.services import note_token_use
from portal.proxies import client_address

REALM = 'Bearer realm="Tagout"'
MAX_SECRET_LENGTH = 200


class Bearer(BaseAuthentication):
    """`Authorization: Bearer tagout_…`. The person who comes out knows the token they came by."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The owner of the token; None where no `Authorization` was sent."""
        sent = request.headers.get("Authorization")
        if sent is None:
            return None
        scheme, _, secret = sent.partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationFailed("Use “Authorization: Bearer” and a token.")
        token = token_of(secret.strip()) if len(secret) <= MAX_SECRET_LENGTH else None
        if token is None:
            raise AuthenticationFailed("This token is unknown.")
        now = clock.now_of(request._request)
        if token.revoked_at is not None:
            raise AuthenticationFailed("This token was revoked.")
        if not token.works_at(now):
            raise AuthenticationFailed("This token has expired.")
        if not token.owner.is_active:
            raise AuthenticationFailed("The owner of this token has no active account.")
        note_token_use(token=token, address=client_address(request._request), now=now)
        token.owner.via_token = token
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return REALM


class Session(BaseAuthentication):
    """The person who is signed in at the pages, with the CSRF token where something changes."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """The signed-in person, or nobody."""
        user = request._request.user
        if not isinstance(user, User) or not user.is_active:
            return None
        check = CSRFCheck(_anything)
        check.process_request(request._request)
        if check.process_view(request._request, _anything, (), {}) is not None:
            raise PermissionDenied("The CSRF token is missing or wrong: send X-CSRFToken.")
        return user, None


def _anything(request: HttpRequest) -> HttpResponse:
    return HttpResponse()
