"""A program with a token: asks the API as curl would."""

from functools import cached_property

from django.test import Client

from alerts.incidents.ingest.store import store_incidents
from alerts.incidents.models import Incident
from alerts.sentinel.wire.incidents import read_incident_page
from portal.accounts.models import TokenScope
from portal.accounts.services.tokens import create_token
from tests.conftest import NOON
from tests.memory_sentinel import MemorySentinel

ALL = tuple(TokenScope.values)


class Program:
    """`Program(sam)` holds all scopes; `Program(sam, "read")` only that one."""

    def __init__(self, owner, *scopes, now=NOON):
        made = create_token(
            owner=owner, name="test", scopes=scopes or ALL, by="tests", now=now, days=30
        )
        self.token, self.secret = made.token, made.secret

    @cached_property
    def _client(self):
        return Client(headers={"Authorization": f"Bearer {self.secret}"})

    def get(self, path, query=None, **headers):
        return self._client.get(f"/api/v1/{path}", query, headers=_dashed(headers))

    def post(self, path, body=None, **headers):
        return self._client.post(
            f"/api/v1/{path}",
            body or {},
            content_type="application/json",
            headers=_dashed(headers),
        )


def _dashed(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


def stored_incident(workspace, **columns):
    """An incident as intake stores it, so that what we owe can be laid over Sentinel's word."""
    sentinel = MemorySentinel()
    name = sentinel.add_incident()
    page = read_incident_page(sentinel.list_incidents())
    store_incidents(workspace_id=workspace.pk, incidents=list(page.items), now=NOON)
    Incident.objects.filter(name=name).update(created_at=NOON, modified_at=NOON, **columns)
    return Incident.objects.get(name=name)
