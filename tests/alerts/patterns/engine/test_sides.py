"""How far a side of a pattern may reach: lists of names, and networks beyond the plant."""

import pytest

from alerts.patterns.engine.sides import Rung, describe_side, smallest_networks
from tests.alerts.patterns.engine.plants import device


@pytest.mark.parametrize(("count", "networks"), [(9, []), (10, ["203.0.113.0/28"])])
def test_a_network_beyond_the_plant_holds_at_least_ten_of_the_addresses(count, networks):
    addresses = [f"203.0.113.{host}" for host in range(1, count + 1)]
    smallest, left = smallest_networks(addresses)
    assert smallest == networks
    assert left == (set() if networks else set(addresses))


@pytest.mark.parametrize(("last", "networks"), [(31, ["20.16.0.0/12"]), (15, [])])
def test_a_network_beyond_the_plant_is_never_wider_than_a_twelve(last, networks):
    addresses = [f"20.{second}.0.1" for second in (16, 18, 20, 22, 24, 26, 28, 29, 30, last)]
    assert smallest_networks(addresses)[0] == networks


@pytest.mark.parametrize(("count", "is_listed"), [(100, True), (101, False)])
def test_a_list_names_at_most_a_hundred_devices(count, is_listed):
    ends = [device(f"PLC-{number}") for number in range(count)]
    side = describe_side(ends, {}, allow_group=False)
    assert (side is not None and side.rung == Rung.LISTED) == is_listed
