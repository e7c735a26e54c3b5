import pytest

from alerts.sites.models import Device, Sensor, Site
from alerts.sites.services.describe import (
    CannotDescribeSite,
    DeviceFacts,
    SensorFacts,
    ZoneFacts,
    describe_devices,
    describe_site,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def describe(noon):
    def describe(**values):
        return describe_site(
            **({"name": "Gdańsk", "time_zone": "Europe/Warsaw"} | values), by="tests", now=noon
        )

    return describe


def test_a_site_comes_with_its_zones_and_sensors(describe):
    site = describe(zones=[ZoneFacts("Line 1", 2.0)], sensors=[SensorFacts("sensor-1", "Line 1")])
    assert site.zones.get().purdue_level == 2.0
    assert Sensor.objects.get().zone.name == "Line 1"


def test_saying_the_same_again_changes_nothing(describe):
    first = describe(zones=[ZoneFacts("Line 1", 2.0)])
    assert describe(zones=[ZoneFacts("Line 1", 2.0)]) == first
    assert Site.objects.count() == 1


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "../etc/passwd", ""])
def test_a_time_zone_that_does_not_exist_is_refused(describe, zone):
    with pytest.raises(CannotDescribeSite, match="There is no time zone"):
        describe(time_zone=zone)
    assert not Site.objects.exists()


def test_a_device_is_zone_and_address(describe, noon):
    site = describe()
    plc = DeviceFacts("Line 1", "10.0.0.7", name="PLC-07", criticality="crown-jewel")
    twin = DeviceFacts("Line 2", "10.0.0.7", name="PLC-17")
    for _ in range(2):
        describe_devices(site=site, devices=[plc, twin], by="tests", now=noon)
    assert {(d.zone.name, d.name) for d in Device.objects.select_related("zone")} == {
        ("Line 1", "PLC-07"),
        ("Line 2", "PLC-17"),
    }
