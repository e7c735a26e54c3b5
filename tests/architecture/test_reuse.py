"""Rows that tests share are as they were written, whatever the test before did to them.

In whatever order they run: what a test finds never depends on the one before it.
"""

import pytest
from django.db import connections

from alerts.sites.models import Site, Zone
from tests.conftest import NOON
from tests.factories.incidents import make_device, make_site
from tests.reuse import WANTED_NEXT, Layers, RowsOf, reuse_rows, rows_of

pytestmark = pytest.mark.django_db
written: list[str] = []
finished: list[tuple[pytest.Item, int]] = []  # tests, and how many plants were written by then


@pytest.fixture(autouse=True)
def plants_before(request):
    """How many plants were written before this test; None where the test before was not told that
    this one comes next, as when another process takes over the rest of the file.
    """
    test, plants = finished[-1] if finished else (None, 0)
    fixtures = test.stash.get(WANTED_NEXT, []) if test else []
    yield plants if fixtures and fixtures[0] in rows_of(request.node) else None
    finished.append((request.node, written.count("plant")))


@reuse_rows
def plant(db):
    written.append("plant")
    return make_site()


@reuse_rows
def device(plant):
    written.append("device")
    return make_device(plant, "PLC-1", "10.0.0.1")


def test_a_test_may_change_what_it_asked_for(plant, device):
    plant.name = "Porto"
    plant.save()
    device.delete()
    Zone.objects.all().delete()
    make_site("Kathmandu")


def test_the_next_finds_it_untouched_and_nothing_is_written_again(plants_before, plant, device):
    assert plant.name == Site.objects.get().name == "Gdańsk"
    assert device.zone == Zone.objects.get()
    assert device.latest_seen_at == NOON
    assert plants_before in (None, written.count("plant"))


def test_who_asks_for_less_finds_less(plants_before, plant):
    assert not plant.zones.get().devices.exists()
    assert plants_before in (None, written.count("plant"))


def test_who_asks_for_more_gets_it_written_on_top(plants_before, plant, device):
    assert plant.zones.get().devices.get() == device
    assert written[-1] == "device"
    assert plants_before in (None, written.count("plant"))


def test_what_is_not_asked_for_is_rolled_back_and_written_again_when_it_is(db):
    order = []
    rows = [
        RowsOf("plant", lambda: order.append("plant") or make_site("Porto"), ()),
        RowsOf("device", lambda plant: order.append("device"), ("plant",)),
    ]
    layers = Layers()
    for wanted in (rows, rows, rows[:1], rows):
        layers.reach(wanted)
    assert order == ["plant", "device", "device"]
    layers.keep([])
    assert not Site.objects.filter(name="Porto").exists()


def test_who_asks_for_nothing_finds_nothing():
    assert not Site.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_commits_gets_rows_of_its_own_that_others_see(plant):
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT name FROM sites_site")
        assert cursor.fetchall() == [("Gdańsk",)]
    other.close()
