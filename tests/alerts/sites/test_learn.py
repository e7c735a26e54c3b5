from datetime import timedelta

import pytest

from alerts.sites.models import Device, Sensor, Site, Zone
from alerts.sites.services import DeviceSeen, Place, learn_devices, learn_places, level_of
from tests.factories.incidents import NOON

pytestmark = pytest.mark.django_db


def test_places_are_added_once_and_found_by_any_of_their_names():
    said = [
        Place("Gdańsk", "Packaging 2", "s-1"),
        Place(" Gdańsk ", "Office"),
        Place("", "", "s-1"),
    ]
    learn_places(places=said)
    atlas = learn_places(places=said)
    assert (Site.objects.count(), Zone.objects.count(), Sensor.objects.count()) == (1, 2, 1)
    assert atlas.find(said[0]) == atlas.find(said[2])
    assert atlas.find(said[1]).words == "Gdańsk, Office"


def test_a_place_that_names_nothing_we_know_is_no_place():
    atlas = learn_places(places=[Place("", "Office", "s-9")])
    assert atlas.find(Place("", "Office", "s-9")).site_id is None
    assert not Site.objects.exists()


def test_equal_zone_names_of_two_sites_are_two_zones():
    atlas = learn_places(places=[Place("Gdańsk", "Office"), Place("Porto", "Office")])
    assert Zone.objects.count() == 2
    assert atlas.find(Place("Porto", "Office")).words == "Porto, Office"


def test_a_zone_that_is_named_beside_a_known_sensor_belongs_to_its_site():
    learn_places(places=[Place("Gdańsk", "Packaging 2", "s-1")])
    atlas = learn_places(places=[Place("", "Filling", "s-1")])
    assert atlas.find(Place("", "Filling", "s-1")).words == "Gdańsk, Filling"


def test_the_same_address_in_two_zones_is_two_devices():
    learn_places(places=[Place("Gdańsk", "A"), Place("Gdańsk", "B")])
    zones = list(Zone.objects.values_list("pk", flat=True))
    ids = learn_devices(devices=[DeviceSeen(zone, "10.0.0.1", NOON) for zone in zones])
    assert len(set(ids.values())) == 2


def test_a_device_that_is_seen_often_is_written_rarely(django_assert_num_queries):
    learn_places(places=[Place("Gdańsk", "A")])
    zone = Zone.objects.get().pk
    learn_devices(devices=[DeviceSeen(zone, "10.0.0.1", NOON, "PLC")])
    learn_devices(devices=[DeviceSeen(zone, "10.0.0.1", NOON + timedelta(minutes=5), "PLC")])
    assert Device.objects.get().latest_seen_at == NOON
    learn_devices(devices=[DeviceSeen(zone, "10.0.0.1", NOON + timedelta(hours=5), "PLC")])
    assert Device.objects.get().latest_seen_at == NOON + timedelta(hours=5)


@pytest.mark.parametrize(
    ("layer", "level"),
    [("ProcessControl", 1.0), ("Supervisory", 2.0), ("Enterprise", 4.0), ("Level 3", 3.0),
     ("Unknown", None), (None, None), ("Level 9", None)],
)  # fmt: skip
def test_purdue_layers_become_levels(layer, level):
    assert level_of(layer=layer) == level
