"""A workspace, a plant, and the people who look at them."""

import pytest

from alerts.incidents.models import Incident, IncidentRaw
from portal.accounts.models import Role, ScopeKind
from tests import cast
from tests.factories.incidents import make_queue_row, make_site, make_workspace


@pytest.fixture
def gdansk(db):
    return make_workspace("gdansk")


@pytest.fixture
def plant(db):
    return make_site("Gdańsk")


@pytest.fixture
def sam(make_person, gdansk):
    return make_person(cast.SAM, (Role.SOC_ANALYST, ScopeKind.WORKSPACE, gdansk.uuid))


@pytest.fixture
def leo(make_person, gdansk):
    return make_person(cast.LEO, (Role.SOC_LEAD, ScopeKind.WORKSPACE, gdansk.uuid))


@pytest.fixture
def oda(make_person, plant):
    return make_person(cast.ODA, (Role.OT_ENGINEER, ScopeKind.SITE, plant.uuid))


@pytest.fixture
def signed_in(client):
    """`signed_in(user)` gives a client whose `htmx` keyword asks as htmx does."""

    def signed(user):
        client.force_login(user)
        return client

    return signed


@pytest.fixture
def htmx():
    """Headers of a request that htmx makes."""
    return {"HX-Request": "true"}


@pytest.fixture
def small_pieces(monkeypatch):
    """Five at once and in a piece, so that six are many."""
    monkeypatch.setattr("alerts.incidents.web.targets.AT_ONCE", 5)
    monkeypatch.setattr("alerts.incidents.services.bulk_pieces.PIECE", 5)


@pytest.fixture
def make_row(gdansk, plant, noon):
    """`make_row(60)`: one row of the queue with so many incidents."""

    def make(n, workspace=gdansk, **columns):
        row = make_queue_row(workspace, plant, n=n, **columns)
        IncidentRaw.objects.bulk_create(
            IncidentRaw(incident=each, body={"name": each.name, "properties": {
                "title": each.title, "severity": "Medium", "status": "New", "owner": {},
                "labels": [], "incidentNumber": each.number,
            }})
            for each in Incident.objects.filter(raw=None)
        )  # fmt: skip
        return row

    return make
