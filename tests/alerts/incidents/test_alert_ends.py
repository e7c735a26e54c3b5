"""Rules about kinds, zones and subnets see where the ends stood when the alert was stored."""

import pytest

from alerts.incidents.ingest.alert_rows import record_ends
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import Alert
from alerts.sites.models import Device, Zone
from tests.alerts.incidents.test_details import fetch
from tests.factories.answers import alert, device
from tests.factories.incidents import NOON, make_incident, make_site, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident():
    make_site(time_zone="Europe/Warsaw")
    made = make_incident(make_workspace())
    regroup([made.pk], now=NOON)
    return made


def ends(fact):
    return {
        name: getattr(fact, name)
        for side in ("source", "destination")
        for name in (f"{side}_kind", f"{side}_zone", f"{side}_subnet")
    }


def test_an_alert_keeps_kind_zone_and_subnet_of_its_ends(incident):
    fetch(incident, [alert()], device("PLC-21", "10.20.8.21"))
    fact = Alert.objects.get()
    plc = Device.objects.get(address=fact.destination_address)
    assert fact.destination_kind == plc.kind
    assert fact.destination_zone == plc.zone.name
    assert fact.destination_subnet.endswith(".0/24")


def test_what_the_inventory_says_later_changes_no_alert(incident):
    fetch(incident, [alert()], device("PLC-21", "10.20.8.21"))
    before = ends(Alert.objects.get())
    Device.objects.update(kind="Toaster")
    fetch(incident, [alert()], device("PLC-21", "10.20.8.21"))
    assert ends(Alert.objects.get()) == before


def test_a_device_of_another_site_with_that_address_is_not_meant(incident):
    other = Zone.objects.create(site=make_site("Porto"), name="Reactor 1")
    address = "192.0.2.77"
    Device.objects.create(
        zone=other, address=address, kind="PLC", first_seen_at=NOON, latest_seen_at=NOON
    )
    fetch(incident, [alert()])
    Alert.objects.update(source_address=address, source_device="")
    record_ends(Alert.objects.values_list("pk", flat=True))
    assert Alert.objects.get().source_kind == ""
