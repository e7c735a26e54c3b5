"""A workspace, a plant, and the people who look at them."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from alerts.incidents.models import DetailsState, Incident, IncidentRaw, Severity
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON, add_person
from tests.factories.incidents import (
    make_alert,
    make_device,
    make_incident,
    make_queue_row,
    make_site,
    make_workspace,
)
from tests.reuse import reuse_rows


@reuse_rows
def gdansk(db):
    return make_workspace("gdansk")


@reuse_rows
def plant(db):
    return make_site("Gdańsk")


@reuse_rows
def sam(gdansk):
    return add_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, gdansk.uuid))


@reuse_rows
def leo(gdansk):
    return add_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, gdansk.uuid))


@reuse_rows
def oda(plant):
    return add_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.SITE, plant.uuid))


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
    monkeypatch.setattr("alerts.incidents.acts.bulk.PIECE", 5)


@pytest.fixture
def make_row(gdansk, plant, noon):
    """`make_row(60)`: one row of the queue with so many incidents."""

    def make(n, workspace=gdansk, **columns):
        row = make_queue_row(workspace, plant, n=n, **columns)
        IncidentRaw.objects.bulk_create(
            IncidentRaw(
                incident=incident,
                body={
                    "name": incident.name,
                    "properties": {
                        "title": incident.title,
                        "severity": "Medium",
                        "status": "New",
                        "owner": {},
                        "labels": [],
                        "incidentNumber": incident.number,
                    },
                },
            )
            for incident in Incident.objects.filter(raw=None)
        )
        return row

    return make


@pytest.fixture
def download(gdansk, plant):
    """A program download from an engineering station to a PLC."""
    make_device(
        plant,
        "PLC-7",
        "10.41.7.27",
        kind="PLC",
        vendor="Siemens",
        criticality="crown-jewel",
        purdue_level=1,
    )
    make_device(plant, "ENG-WS-04", "10.41.3.14", kind="Engineering station", purdue_level=3)
    incident = make_incident(
        gdansk,
        number=4821,
        severity=Severity.HIGH,
        source="ENG-WS-04",
        destination="PLC-7",
        protocol="S7comm",
        site_ids=[plant.pk],
        place="Gdańsk, Packaging 2",
        pattern=uuid4(),
        details_state=DetailsState.FETCHED,
        alerts_count=2,
        techniques=["T0843"],
        priority=75,
        tactics=["LateralMovement"],
        created_at=NOON - timedelta(minutes=22),
        priority_parts=[["severity", 40, "High"], ["guard", 10, "timeboxed"]],
    )
    for minutes in (26, 22):
        make_alert(
            incident,
            sensor="SNS-GD-01",
            function="Program Download",
            port=102,
            site=plant,
            zone=plant.zones.get(),
            any_address=["10.41.3.14", "10.41.7.27"],
            at=NOON - timedelta(minutes=minutes),
        )
    return incident


@pytest.fixture
def read(signed_in, sam, noon):
    def text(incident, query="", by=None):
        answer = signed_in(by or sam).get(f"/incidents/{incident.pk}/{query}")
        assert answer.status_code == 200
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))

    return text
