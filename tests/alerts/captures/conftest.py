"""An incident between two devices of a water works, and files to attach to it."""

from io import BytesIO
from pathlib import Path

import pytest

from alerts.captures.services import attach_capture, read_next_capture
from alerts.incidents.models import DetailsState, Incident
from portal import clock
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON, add_person
from tests.factories.incidents import (
    make_alert,
    make_device,
    make_incident,
    make_site,
    make_workspace,
)
from tests.reuse import reuse_rows

CAPTURES = Path(__file__).resolve().parents[3] / "training/content/captures"


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


@reuse_rows
def incident(gdansk, plant) -> Incident:
    """HMI-WTP-01 writes to PLC-WTP-01, as in the capture `water-two-writers`."""
    make_device(plant, "PLC-WTP-01", "10.20.31.10")
    row = make_incident(
        gdansk, number=4821, site_ids=[plant.pk], details_state=DetailsState.FETCHED
    )
    make_alert(
        row,
        source_device="HMI-WTP-01",
        source_address="10.20.31.17",
        destination_device="PLC-WTP-01",
        destination_address="10.20.31.10",
    )
    return row


@pytest.fixture
def water() -> bytes:
    return (CAPTURES / "water-two-writers.pcap").read_bytes()


@pytest.fixture
def attach(incident, sam, noon):
    """`attach(data)`: a capture of the incident, in quarantine; `read=True`: read as well."""

    def make(data, name="water.pcap", *, note="At the mirror port", by=None, read=False):
        capture = attach_capture(
            incident_id=incident.pk,
            file=BytesIO(data),
            name=name,
            note=note,
            by=by or sam,
            now=NOON,
            unshifted=clock.unshifted(),
        )
        if read:
            assert read_next_capture(unshifted=clock.unshifted(), now=NOON)
            capture.refresh_from_db()
        return capture

    return make
