"""How far a side of a pattern may reach: lists of names, and networks beyond the plant."""

import pytest

from alerts.patterns.engine.sides import Rung, describe_side, smallest_networks
from tests.alerts.patterns.engine.plants import device, outside


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


def test_a_network_inside_another_one_is_not_named_beside_it():
    near = [f"203.0.113.{host}" for host in range(1, 11)]
    far = [f"203.0.{third}.9" for third in (96, 99, 102, 105, 108, 111, 114, 117, 120, 123)]
    assert smallest_networks([*near, *far]) == (["203.0.96.0/19"], set())


@pytest.mark.parametrize(("near", "is_one"), [(1, False), (2, True)])
def test_one_network_that_holds_all_that_was_seen_stands_for_a_long_list(near, is_one):
    ends = [outside(f"52.12.{net}.{host}") for net in range(near) for host in range(1, 11)]
    ends += [outside(f"52.{8 + n % 8}.{n * 23}.9") for n in range(9)]
    side = describe_side(ends, {})
    assert len(side.members) == len(ends)
    assert side.networks == ("52.8.0.0/13",) if is_one else len(side.networks) == near + 9
    assert len(describe_side([*ends, outside("9.9.9.9")], {}).networks) == near + 10
