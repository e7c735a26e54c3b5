"""Who asks, and how often: a program with a token, or the person who is signed in. Requests are
counted in PostgreSQL, so that the API waits for no broker (G4).
"""

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from portal import clock
from portal.accounts.models import ApiToken, User
from portal.accounts.queries import token_of
from portal.accounts.services.tokens import note_token_use
from portal.runtime.proxies import client_address

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


class SessionAuthentication(BaseAuthentication):
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


_COUNT = """
INSERT INTO api_usage (who, minute, n) VALUES (%s, date_trunc('minute', clock_timestamp()), 1)
ON CONFLICT (who, minute) DO UPDATE SET n = api_usage.n + 1
RETURNING n, 60 - extract(second FROM clock_timestamp())::int
"""


class PerMinute(BaseThrottle):
    """Counts each token by itself, and each signed-in person."""

    left = 60

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether this one still fits into the minute."""
        user = request.user
        if not isinstance(user, User):
            return True
        who = f"token {user.via_token.pk}" if user.via_token else f"person {user.pk}"
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [who])
            n, self.left = cursor.fetchone()
        return bool(n <= settings.API_REQUESTS_A_MINUTE)

    def wait(self) -> float:
        """How long until the next minute."""
        return float(max(1, self.left))
