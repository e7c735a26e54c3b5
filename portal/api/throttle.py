"""So many requests a minute, counted in PostgreSQL: the API waits for no broker (G4)."""

from django.conf import settings
from django.db import connection
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from portal.accounts.models import User

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
