"""What *Held open* lists is what the guard holds, whatever an incident names its devices by, and
however long ago a hold ended.
"""

import random
from datetime import timedelta

import pytest

from alerts.incidents.models import Incident, IncidentStatus
from alerts.incidents.models.incident import OPEN
from alerts.suppression.enforcing.held_incidents import cases_with_effect
from alerts.suppression.enforcing.judging import blocking_devices
from alerts.suppression.queries import facts_by_incident
from tests.conftest import NOON
from tests.factories.incidents import (
    make_alert,
    make_device,
    make_incident,
    make_site,
    make_workspace,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
HOUR = timedelta(hours=1)
NAMED = [("EWS-07", "10.20.1.7"), ("PLC-21", "10.20.2.21"), ("HMI-02", "10.20.1.2")]


@pytest.fixture
def plant():
    """Two workspaces that see two sites, with devices of one name and address at both."""
    workspaces = [make_workspace(), make_workspace("second")]
    sites = [make_site(), make_site("Porto")]
    devices = [make_device(site, *NAMED[n]) for site in sites for n in (0, 1)]
    return workspaces, sites, devices


def _touch(row, name, address, *, way, site, devices):
    """Have an incident name a device, in one of the ways in which incidents do."""
    if way == "source":
        make_alert(row, site=site, source_device=name.lower(), any_device=[])
    elif way == "address":
        make_alert(row, site=site, source_device="", destination_address=address, any_device=[])
    elif way == "list":
        make_alert(row, site=site, source_device="", any_device=[name])
    elif way == "device":
        device = next((row for row in devices if row.name == name), None)
        row.entities.create(kind="IoTDevice", name="iot", label="a device", device=device, body={})
    else:
        body = {"properties": {"hostName": name.title()}}
        row.entities.create(kind="Host", name="host", label="some host", body=body)


def _incidents(plant, dice, n, **columns):
    workspaces, sites, devices = plant
    ways = ("source", "address", "list", "device", "host")
    for _ in range(n):
        site, age = dice.choice(sites), dice.randrange(1, 60 * 24) * HOUR
        is_closed = dice.random() < 0.3
        row = make_incident(
            dice.choice(workspaces),
            site_ids=dice.choice([[site.pk], [site.pk], []]),
            source="",
            created_at=NOON - age,
            status=IncidentStatus.CLOSED if is_closed else dice.choice([1, 2]),
            closed_at=NOON - age / 2 if is_closed else None,
            modified_at=NOON - age / 2,
            **columns,
        )
        name, address = dice.choice(NAMED)
        _touch(row, name, address, way=dice.choice(ways), site=site, devices=devices)


def _stays_open(row):
    alerts = facts_by_incident([row.pk])[row.pk].values()
    found = blocking_devices(row, alerts=alerts, now=NOON)
    return bool(found.of_cases or found.by_past_cases)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_page_lists_an_incident_if_and_only_if_the_guard_holds_it(plant, seed):
    dice = random.Random(seed)
    _incidents(plant, dice, 5, classification="TruePositive")
    _incidents(plant, dice, 25)
    rows = Incident.objects.all()
    listed = {row.pk for held in cases_with_effect(rows, rows, now=NOON).values() for row in held}
    held = {row.pk for row in rows.filter(OPEN) if _stays_open(row)}
    assert listed == held
    assert 0 < len(held) < rows.filter(OPEN).count(), "some, not all"
