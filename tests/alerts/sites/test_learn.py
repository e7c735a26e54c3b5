from datetime import timedelta

import pytest
from django.db import connection

from alerts.sites.models import Device, Sensor, Site, Zone
from alerts.sites.services.learn import (
    DeviceDescription,
    StatedPlace,
    learn_devices,
    learn_places,
    level_of,
)
from tests.factories.incidents import NOON

pytestmark = pytest.mark.django_db


def versions():
    """Which versions of the devices' rows there are, and who locked them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, ctid::text, xmax::text FROM sites_device ORDER BY id")
        return cursor.fetchall()


def test_places_are_added_once_and_found_by_any_of_their_names():
    places = [
        StatedPlace("Gdańsk", "Packaging 2", "s-1"),
        StatedPlace(" Gdańsk ", "Office"),
        StatedPlace("", "", "s-1"),
    ]
    learn_places(places=places)
    atlas = learn_places(places=places)
    assert (Site.objects.count(), Zone.objects.count(), Sensor.objects.count()) == (1, 2, 1)
    assert atlas.find(places[0]) == atlas.find(places[2])
    assert atlas.find(places[1]).words == "Gdańsk, Office"


def test_a_place_that_names_nothing_we_know_is_no_place():
    atlas = learn_places(places=[StatedPlace("", "Office", "s-9")])
    assert atlas.find(StatedPlace("", "Office", "s-9")).site_id is None
    assert not Site.objects.exists()


def test_equal_zone_names_of_two_sites_are_two_zones():
    atlas = learn_places(places=[StatedPlace("Gdańsk", "Office"), StatedPlace("Porto", "Office")])
    assert Zone.objects.count() == 2
    assert atlas.find(StatedPlace("Porto", "Office")).words == "Porto, Office"


def test_a_zone_that_is_named_beside_a_known_sensor_belongs_to_its_site():
    learn_places(places=[StatedPlace("Gdańsk", "Packaging 2", "s-1")])
    atlas = learn_places(places=[StatedPlace("", "Filling", "s-1")])
    assert atlas.find(StatedPlace("", "Filling", "s-1")).words == "Gdańsk, Filling"


def test_the_same_address_in_two_zones_is_two_devices():
    learn_places(places=[StatedPlace("Gdańsk", "A"), StatedPlace("Gdańsk", "B")])
    zones = list(Zone.objects.values_list("pk", flat=True))
    learn_devices(devices=[DeviceDescription(zone, "10.0.0.1", NOON) for zone in zones])
    assert sorted(Device.objects.values_list("zone", "address")) == [
        (zone, "10.0.0.1") for zone in sorted(zones)
    ]


def test_what_is_told_later_of_a_device_is_news_and_silence_is_none():
    learn_places(places=[StatedPlace("Gdańsk", "A")])
    plain = DeviceDescription(Zone.objects.get().pk, "10.0.0.1", NOON, "PLC")
    learn_devices(devices=[plain])
    learn_devices(devices=[plain._replace(is_programming=False, is_authorized=True)])
    device = Device.objects.get()
    assert (device.is_programming, device.is_authorized) == (False, True)
    before = versions()
    learn_devices(devices=[plain])
    assert versions() == before


def test_a_device_that_is_seen_often_is_written_rarely():
    learn_places(places=[StatedPlace("Gdańsk", "A")])
    zone = Zone.objects.get().pk
    learn_devices(devices=[DeviceDescription(zone, "10.0.0.1", NOON, "PLC")])
    before = versions()
    learn_devices(devices=[DeviceDescription(zone, "10.0.0.1", NOON + timedelta(minutes=5), "PLC")])
    assert Device.objects.get().latest_seen_at == NOON
    assert versions() == before, "not even locked, for that is a write"
    learn_devices(devices=[DeviceDescription(zone, "10.0.0.1", NOON + timedelta(hours=5), "PLC")])
    assert Device.objects.get().latest_seen_at == NOON + timedelta(hours=5)


@pytest.mark.parametrize(
    ("layer", "level"),
    [
        ("ProcessControl", 1.0),
        ("Supervisory", 2.0),
        ("Enterprise", 4.0),
        ("Level 3", 3.0),
        ("Unknown", None),
        (None, None),
        ("Level 9", None),
    ],
)
def test_purdue_layers_become_levels(layer, level):
    assert level_of(layer=layer) == level
