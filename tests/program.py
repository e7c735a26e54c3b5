"""A program with a token: asks the API as curl would."""

from django.test import Client

from portal.accounts.models import TokenScope
from portal.accounts.services import create_token
from tests.conftest import NOON

ALL = tuple(TokenScope.values)


class Program:
    """`Program(sam)` holds all scopes; `Program(sam, "read")` only that one."""

    def __init__(self, owner, *scopes, now=NOON):
        made = create_token(
            owner=owner, name="test", scopes=scopes or ALL, by="tests", now=now, days=30
        )
        self.token, self.secret = made.token, made.secret
        self._client = Client(headers={"Authorization": f"Bearer {made.secret}"})

    def get(self, path, query=None, **headers):
        return self._client.get(f"/api/v1/{path}", query, headers=_dashed(headers))

    def post(self, path, body=None, **headers):
        return self._client.post(
            f"/api/v1/{path}", body or {}, content_type="application/json",
            headers=_dashed(headers),
        )  # fmt: skip


def _dashed(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}
