"""The client's address, behind any number of proxies."""

import subprocess
import sys
from os import environ

import pytest
from django.test import RequestFactory

from portal.checks import name_missing_settings
from portal.runtime import proxies as proxies_module
from portal.runtime.proxies import client_address, counted_as
from tests.architecture.tree import HOME

PEER = "10.9.9.9"


@pytest.fixture
def address_of(settings):
    def found(forwarded, proxies, peer=PEER):
        settings.TRUSTED_PROXIES = proxies
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers))

    return found


@pytest.mark.abuse("A06")
@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        ("192.0.2.1", 0, PEER),
        ("192.0.2.1", 1, "192.0.2.1"),
        ("198.51.100.66, 192.0.2.1", 1, "192.0.2.1"),
        ("198.51.100.66, 192.0.2.1, 10.0.0.2", 2, "192.0.2.1"),
        ("", 1, PEER),
        ("192.0.2.1", 2, PEER),  # it came past one of the proxies
        ("unknown", 1, PEER),
        ("192.0.2.1, ", 1, PEER),
        ("192.0.2.1:4711", 1, "192.0.2.1"),
        ("[2001:db8::1]:4711", 1, "2001:db8::1"),
        ("2001:DB8:0::1", 1, "2001:db8::1"),
        ("::ffff:192.0.2.1", 1, "192.0.2.1"),
        ("fe80::1%eth0", 1, "fe80::1"),
        ("192.0.2.1\x00", 1, PEER),
        ("1" * 5000, 1, PEER),
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(address_of, forwarded, proxies, address):
    assert address_of(forwarded, proxies) == address


@pytest.mark.parametrize(
    ("forwarded", "proxies", "words"),
    [
        ("192.0.2.1", 0, "not believed: TRUSTED_PROXIES is 0"),
        ("", 1, "fewer proxies than TRUSTED_PROXIES"),
        ("192.0.2.1", 2, "fewer proxies than TRUSTED_PROXIES"),
        ("", 0, ""),
        ("198.51.100.66, 192.0.2.1", 1, ""),
    ],
)
def test_a_number_that_does_not_fit_is_told_once(address_of, caplog, forwarded, proxies, words):
    proxies_module._warn_once.cache_clear()
    for host in range(3):
        address_of(forwarded, proxies, peer=f"10.9.9.{host}")
    assert len(caplog.messages) == bool(words)
    assert words in caplog.text


def test_without_a_network_there_is_no_address(address_of):
    assert address_of("", 0, peer="") is None


@pytest.mark.abuse("A06")
@pytest.mark.parametrize(
    ("address", "counted"),
    [
        (None, None),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("2001:db8:1:ffff::7", "2001:db8:1::"),
        ("2001:db8:2::7", "2001:db8:2::"),
    ],
)
def test_whoever_has_a_network_of_ipv6_counts_once(address, counted):
    assert counted_as(address) == counted


@pytest.mark.parametrize("value", ["two", "-1", "6", "1.5"])
def test_a_number_that_makes_no_sense_stops_the_start(value):
    done = subprocess.run(
        [sys.executable, "-c", "import portal.settings"],
        cwd=HOME,
        text=True,
        check=False,
        stderr=subprocess.PIPE,
        env=environ | {"TRUSTED_PROXIES": value},
    )
    assert done.returncode
    assert "TRUSTED_PROXIES" in done.stderr and "from 0 to 5" in done.stderr


def test_the_check_for_production_asks_for_the_number_until_it_is_given(monkeypatch):
    def asks():
        return "tagout.TRUSTED_PROXIES" in {check.id for check in name_missing_settings(None)}

    monkeypatch.delenv("TRUSTED_PROXIES", raising=False)
    assert asks()
    monkeypatch.setenv("TRUSTED_PROXIES", "0")
    assert not asks()
