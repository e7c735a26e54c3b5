"""S2: which ends of an alert a rule covers only because of their group."""

import pytest

from alerts.rules.guards.closing import CoveredEnd, ends_in_groups, grouped_sides, is_in_group
from tests.alerts.suppression.samples import SITE, TYPE, clause, facts, rule

PLCS = clause("destination_kind", "is", "PLC")
ZONE = clause("destination_zone", "is", "Packaging 2")
SUBNET = clause("destination_subnet", "is", "10.20.4.0/24")
STATIONS = clause("source_kind", "is_one_of", "Engineering station", "HMI")
SOURCE = clause("source_device", "is", "ENG-WS-04")


@pytest.mark.parametrize(
    ("lines", "sides"),
    [
        ((), ()),
        ((SOURCE,), ()),
        ((SOURCE, PLCS), ("destination",)),
        ((SOURCE, ZONE), ("destination",)),
        ((SOURCE, SUBNET), ("destination",)),
        ((STATIONS, PLCS, ZONE), ("source", "destination")),
        ((STATIONS, clause("destination_device", "is", "PLC-4"), PLCS), ("source",)),
        ((SOURCE, clause("destination_address", "is_one_of", "10.20.4.15"), ZONE), ()),
        ((SOURCE, clause("destination_address", "within", "10.20.4.0/24"), ZONE), ("destination",)),
        ((SOURCE, clause("destination_address", "within", "10.20.4.0/24")), ()),
        ((clause("any_device", "is", "PLC-4"), PLCS), ("destination",)),
        ((clause("source_address", "is", "10.20.4.15"), STATIONS), ()),
        ((clause("zone", "is", "Packaging 2"), SOURCE), ()),
    ],
)
def test_a_side_is_a_group_where_no_line_lists_its_devices(lines, sides):
    assert grouped_sides(rule(TYPE, SITE, *lines)) == sides


def test_an_exception_names_no_group():
    assert grouped_sides(rule(TYPE, SITE, SOURCE, except_any=[PLCS])) == ()


def test_the_ends_are_told_as_the_alert_tells_them():
    alert = facts(
        site="Gdańsk",
        source_device="ENG-WS-04",
        source_address="10.20.1.4",
        source_zone="DMZ",
        destination_device="PLC-4",
        destination_address="",
        destination_zone="Packaging 2",
    )
    assert list(ends_in_groups(alert, rule(TYPE, SITE, STATIONS, PLCS))) == [
        CoveredEnd("source", "Gdańsk", "DMZ", "ENG-WS-04", "10.20.1.4"),
        CoveredEnd("destination", "Gdańsk", "Packaging 2", "PLC-4", ""),
    ]
    assert list(ends_in_groups(alert, rule(TYPE, SITE, SOURCE))) == []


@pytest.mark.parametrize(
    ("device", "address", "name", "handle"),
    [
        ("PLC-4", "00:00:BC:00:00:0A", "PLC-4", "00:00:bc:00:00:0a"),
        ("PLC-4", "", "PLC-4", "plc-4"),
        ("", "10.20.4.15", "10.20.4.15", "10.20.4.15"),
        ("", "", "", ""),
    ],
)
def test_a_device_is_found_again_by_its_address_else_by_its_name(device, address, name, handle):
    end = CoveredEnd("source", "Gdańsk", "DMZ", device, address)
    assert (end.name, end.handle) == (name, handle)


@pytest.mark.parametrize(
    ("device", "address", "handle"),
    [
        ("LAP-1", "10.20.9.57", "lap-1 10.20.9.57"),
        ("LAP-1", "", "lap-1"),
        ("", "10.20.9.57", ""),
        ("L" * 120, "10.20.9.57", "l" * 109 + " 10.20.9.57"),
    ],
)
def test_where_devices_come_and_go_an_address_alone_is_nobody(device, address, handle):
    end = CoveredEnd("source", "Gdańsk", "DMZ", device, address, comes_and_goes=True)
    assert end.handle == handle


HERE = {"kind": "PLC", "zone": "Packaging 2", "subnet": "10.20.4.0/24"}


@pytest.mark.parametrize(
    ("lines", "device", "is_in"),
    [
        ((PLCS,), {}, True),
        ((PLCS, ZONE, SUBNET), {}, True),
        ((PLCS, ZONE), {"zone": "Utilities"}, False),
        ((PLCS, ZONE), {"kind": "HMI"}, False),
        ((PLCS, SUBNET), {"subnet": ""}, False),
        ((STATIONS,), {"kind": "HMI"}, False),  # of the other side
        ((), {}, False),
    ],
)
def test_a_device_is_in_a_group_where_every_line_of_the_side_fits(lines, device, is_in):
    made = rule(TYPE, SITE, *lines)
    assert is_in_group(made, "destination", **HERE | device) is is_in
