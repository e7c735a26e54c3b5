"""Sites, devices and planned work are large enough, consistent, and change where they should."""

import os
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from ipaddress import ip_address, ip_network
from zoneinfo import ZoneInfo

import pytest

from simulator.scenarios.scenario import SHAPES, build_scenario
from tests.architecture.tree import HOME
from tests.simulator.scenarios.conftest import built


@pytest.mark.parametrize("shape", SHAPES)
def test_a_scenario_is_built_in_five_seconds_the_same_each_time_another_for_another_seed(shape):
    began = time.process_time()
    again = build_scenario(shape, 1)
    assert time.process_time() - began < 5
    assert again == built(shape, 1)
    other = built(shape, 2)
    assert [incident.at for incident in other.incidents] != [first.at for first in again.incidents]


def test_an_unknown_shape_is_refused_by_name():
    with pytest.raises(ValueError, match=r"'ship' is not a shape. Use process, building, utility."):
        build_scenario("ship", 1)


def test_one_to_three_sites_stand_in_their_own_time_zones_with_150_to_400_devices(scenario):
    assert 1 <= len(scenario.sites) <= 3
    for site in scenario.sites:
        ZoneInfo(site.time_zone)
    there = [device for device in scenario.devices if device.is_there(scenario.split_at)]
    assert 150 <= len(there) <= 400


def test_the_largest_company_has_no_more_than_400_devices():
    three_sites = built("process", 1)
    assert len(three_sites.sites) == 3
    assert len(three_sites.devices) <= 400


def test_every_address_lies_in_its_subnet_and_names_one_device_of_its_zone_at_a_time(scenario):
    for device in scenario.devices:
        for _, address, subnet in device.addresses:
            assert ip_address(address) in ip_network(subnet)
    for day in (1, 30, 59, 75, 100, 119):
        at = scenario.starts_at + timedelta(days=day)
        keys = [
            (device.site, device.zone, device.place_at(at)[0])
            for device in scenario.devices
            if device.is_there(at)
        ]
        assert len(set(keys)) == len(keys)


def test_two_cells_of_a_site_share_their_addresses(scenario):
    for site in scenario.sites:
        zones = Counter(zone.subnet for zone in site.zones)
        assert max(zones.values()) == 2
        shared = {subnet for subnet, count in zones.items() if count == 2}
        by_zone: dict[str, set[str]] = {}
        for device in scenario.devices:
            if device.site == site.name and device.subnet in shared:
                by_zone.setdefault(device.zone, set()).add(device.address)
        first, second = by_zone.values()
        assert first == second


def test_few_devices_are_safety_systems_or_crown_jewels(scenario):
    counts = Counter(device.criticality for device in scenario.devices)
    assert counts["safety"] and counts["crown-jewel"]
    assert counts["safety"] + counts["crown-jewel"] <= 0.07 * len(scenario.devices)


def test_the_later_half_replaces_adds_and_renumbers_devices(scenario):
    later = [device for device in scenario.devices if device.since >= scenario.split_at]
    names = {device.name: device for device in scenario.devices if device.until}
    assert any(device.replaces in names for device in later)
    assert any(not device.replaces for device in later)
    moved = [
        device
        for device in scenario.devices
        if device.place_at(scenario.ends_at)[1] != device.place_at(scenario.split_at)[1]
    ]
    assert len(moved) >= 10


def test_planned_work_recurs_or_happens_once_and_some_of_it_overruns_or_is_written_down_late(
    scenario,
):
    works = scenario.works
    assert {bool(work.series) for work in works} == {True, False}
    assert all(bool(work.recurrence) == bool(work.series) for work in works)
    assert all(work.zones or work.devices for work in works)
    assert len({work.id for work in works}) == len(works)
    overrun = sum(work.ran_until > work.ends_at for work in works) / len(works)
    assert 0.03 < overrun < 0.4
    assert any(work.entered_at > work.starts_at for work in works)
    names = {device.name for device in scenario.devices}
    assert all(set(work.devices) <= names for work in works)


def test_recurring_work_keeps_its_wall_clock_hour_through_a_change_of_the_clocks():
    site = built("process", 3).sites[0]
    starts = {
        work.starts_at.astimezone(ZoneInfo(site.time_zone)).time()
        for work in built("process", 3).works
        if work.site == site.name and work.kind == "patching"
    }
    offsets = {
        work.starts_at.astimezone(ZoneInfo(site.time_zone)).utcoffset()
        for work in built("process", 3).works
        if work.site == site.name
    }
    assert len(starts) == 1
    assert len(offsets) == 2


def test_a_scenario_does_not_depend_on_the_process_that_builds_it():
    program = (
        "from simulator.scenarios.scenario import build_scenario;"
        "import hashlib;"
        "print(hashlib.sha256(repr(build_scenario('building', 1).incidents).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(HOME)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
