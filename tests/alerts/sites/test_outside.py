"""What stands outside a plant: public addresses that nobody has in an inventory."""

import pytest

from alerts.sites.engine.devices import is_public_address
from alerts.sites.models import Criticality, Device


@pytest.mark.parametrize(
    "address",
    ["203.0.113.66", "8.8.8.8", "53.12.1.4", "2001:4860:4860::8888", "::ffff:8.8.8.8", " 8.8.4.4"],
)
def test_public_addresses(address):
    assert is_public_address(address)


@pytest.mark.parametrize(
    "address",
    [
        *("10.20.1.7", "172.16.0.1", "172.31.255.255", "192.168.10.15", "100.64.0.1"),
        *("169.254.3.4", "224.0.0.251", "255.255.255.255", "127.0.0.1", "fe80::1%eth0", "fd00::5"),
        *("::ffff:10.1.2.3", "00:1d:9c:00:26:00", "ENG-WS-04", "", "10.20.1", "8.8.8.8 +2"),
    ],
)
def test_local_addresses_macs_and_names_are_not(address):
    assert not is_public_address(address)


def test_what_lies_just_outside_a_private_network_is_public():
    assert is_public_address("172.32.0.1")
    assert is_public_address("172.15.255.255")
    assert is_public_address("11.0.0.1")


def test_a_device_that_only_alerts_named_is_outside():
    assert Device(address="203.0.113.66", name="203.0.113.66").is_outside
    assert not Device(address="10.1.2.3").is_outside


@pytest.mark.parametrize(
    "described",
    [
        {"kind": "PLC"},
        {"vendor": "Siemens"},
        {"is_authorized": False},
        {"purdue_level": 0.0},
        {"criticality": Criticality.SAFETY},
    ],
)
def test_a_plant_may_number_its_own_devices_with_public_addresses(described):
    assert not Device(address="53.12.1.4", **described).is_outside
