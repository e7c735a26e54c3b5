"""S1: what an open case keeps open is its devices, by zone and address at their site."""

from datetime import timedelta

import pytest

from alerts.rules.guards.holds import (
    AlertEnds,
    DeviceRef,
    Hold,
    IncidentEnds,
    blocking_labels,
    can_exclude,
    case_end,
    ends_of_alert,
    is_same_device,
)
from tests.alerts.suppression.samples import NOW, clause, facts, rule

HERE = {"site": "Gdańsk", "zone": "Packaging 2"}
PLC = DeviceRef(**HERE, name="PLC-21", address="10.20.2.21")
EWS = DeviceRef(**HERE, name="EWS-07", address="10.20.1.7")
HMI = DeviceRef(**HERE, name="HMI-02", address="10.20.1.2")


def at(**values):
    return DeviceRef(**HERE | values)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PLC, PLC),
        (PLC, at(name="plc-21")),
        (PLC, at(zone="Office", name="PLC-21", address="10.9.9.9")),
        (PLC, at(address="10.20.2.21")),
        (PLC, at(name="OTHER", address="10.20.2.21")),
        (PLC, at(zone="", address="10.20.2.21")),
        (PLC, at(site="", zone="", address="10.20.2.21")),
        (PLC, at(site="gdańsk", zone="packaging 2", address="10.20.2.21")),
        (at(address="FE80::1"), at(address="fe80::1")),
    ],
    ids=[
        "itself",
        "name in other letters",
        "name in another zone",
        "address",
        "renamed",
        "zone unknown",
        "site unknown",
        "place in other letters",
        "address in other letters",
    ],
)
def test_devices_that_may_be_the_same_are_the_same(one, other):
    assert is_same_device(one, other)
    assert is_same_device(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PLC, EWS),
        (PLC, at(site="Ulm", name="PLC-21", address="10.20.2.21")),
        (PLC, at(zone="Office", address="10.20.2.21")),
        (PLC, at(zone="Office", name="OTHER", address="10.20.2.21")),
        (at(name="PLC-21"), at(address="10.20.2.21")),
        (at(name="", address=""), at(name="", address="")),
        (at(name="A", address=""), at(name="B", address="")),
    ],
    ids=[
        "another device",
        "another site",
        "address of another zone",
        "both in another zone",
        "nothing in common",
        "nothing known",
        "other names without address",
    ],
)
def test_other_devices_are_other_devices(one, other):
    assert not is_same_device(one, other)
    assert not is_same_device(other, one)


def alert(source=EWS, destination=PLC, *others):
    return AlertEnds(source=source, destination=destination, others=others)


def incident(*alerts, entities=()):
    return IncidentEnds(alerts=alerts, entities=entities)


WIDE = Hold(ends=incident(alert()))
NARROW = Hold(ends=incident(alert()), is_narrow=True)


def test_a_case_holds_everything_that_touches_one_of_its_devices():
    assert blocking_labels([WIDE], incident(alert(HMI, PLC))) == ("PLC-21",)
    assert blocking_labels([WIDE], incident(alert(EWS, HMI))) == ("EWS-07",)
    assert blocking_labels([WIDE], incident(alert(HMI, None, PLC))) == ("PLC-21",)
    assert blocking_labels([WIDE], incident(alert(HMI, None), entities=(PLC,))) == ("PLC-21",)
    assert blocking_labels([WIDE], incident(alert(HMI, None))) == ()
    assert blocking_labels([], incident(alert())) == ()


def test_devices_among_the_entities_of_the_case_are_its_devices_too():
    case = Hold(ends=incident(alert(EWS, None), entities=(PLC,)))
    assert blocking_labels([case], incident(alert(HMI, PLC))) == ("PLC-21",)


def test_narrow_it_holds_exactly_its_source_and_destination():
    assert blocking_labels([NARROW], incident(alert())) == ("EWS-07", "PLC-21")
    assert blocking_labels([NARROW], incident(alert(HMI, EWS), alert())) == ("EWS-07", "PLC-21")
    assert blocking_labels([NARROW], incident(alert(HMI, PLC))) == ()
    assert blocking_labels([NARROW], incident(alert(EWS, HMI))) == ()
    assert blocking_labels([NARROW], incident(alert(PLC, EWS))) == ()
    assert blocking_labels([NARROW], incident(alert(HMI, None), entities=(EWS, PLC))) == ()


def test_narrow_it_holds_what_names_both_ends_without_direction():
    assert blocking_labels([NARROW], incident(alert(None, None, EWS, PLC))) == ("EWS-07", "PLC-21")
    assert blocking_labels([NARROW], incident(alert(EWS, None, PLC))) == ("EWS-07", "PLC-21")
    assert blocking_labels([NARROW], incident(alert(None, None, EWS))) == ()
    assert blocking_labels([NARROW], incident(alert(EWS, None))) == ()


@pytest.mark.parametrize(
    "ends",
    [
        incident(alert(EWS, None)),
        incident(alert(None, PLC), alert()),
        incident(alert(None, None, EWS, PLC)),
    ],
    ids=["no destination", "one alert without source", "no direction"],
)
def test_a_case_without_a_pair_does_not_narrow(ends):
    case = Hold(ends=ends, is_narrow=True)
    touched = incident(alert(HMI, PLC), alert(EWS, HMI))
    assert blocking_labels([case], touched) == blocking_labels([Hold(ends=ends)], touched) != ()


def test_a_case_without_alerts_holds_the_devices_among_its_entities():
    case = Hold(ends=incident(entities=(PLC,)), is_narrow=True)
    assert blocking_labels([case], incident(alert(HMI, PLC))) == ("PLC-21",)


def test_the_ends_of_an_alert_are_devices_of_its_site():
    alert = facts(
        site="Gdańsk",
        zone="Sensor zone",
        source_device="EWS-07",
        source_address="10.20.1.7",
        source_zone="Office",
        destination_device="",
        destination_address="10.20.2.21",
        destination_zone="",
        any_device=("EWS-07", "HMI-02"),
        any_address=("10.20.1.7", "10.20.2.21", "10.20.3.3"),
    )
    assert ends_of_alert(alert) == AlertEnds(
        source=DeviceRef(site="Gdańsk", zone="Office", name="EWS-07", address="10.20.1.7"),
        destination=DeviceRef(site="Gdańsk", address="10.20.2.21"),
        others=(
            DeviceRef(site="Gdańsk", name="HMI-02"),
            DeviceRef(site="Gdańsk", address="10.20.3.3"),
        ),
    )
    empty = facts(
        source_device="",
        source_address="",
        destination_device="",
        destination_address="",
        any_device=(),
        any_address=(),
    )
    assert ends_of_alert(empty) == AlertEnds()


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("changes", "until"),
    [
        ({}, NOW + 72 * HOUR),
        ({"work_ends": NOW + 20 * DAY}, NOW + 14 * DAY),
        ({"work_ends": NOW + 5 * DAY}, NOW + 5 * DAY),
        ({"work_ends": NOW + DAY}, NOW + 72 * HOUR),
        ({"agreed": NOW + HOUR}, NOW + HOUR),
        ({"agreed": NOW + 60 * DAY, "work_ends": NOW + 20 * DAY}, NOW + 60 * DAY),
        ({"is_open": True}, None),
        ({"is_open": True, "agreed": NOW + HOUR}, None),
    ],
    ids=[
        "closed",
        "in work",
        "work that ended",
        "work that ended at once",
        "agreed",
        "agreed longer",
        "open",
        "open whatever was agreed",
    ],
)
def test_how_long_a_true_positive_holds(changes, until):
    usual = {"is_open": False, "changed_at": NOW, "work_ends": None, "agreed": None}
    assert case_end(**usual | changes) == until


TYPE = clause("alert_type", "is", "Modbus Exception")
HELD = {"plc-21", "10.20.2.21"}


@pytest.mark.parametrize(
    ("lines", "excludes"),
    [
        (
            [clause("source_device", "is", "EWS-07"), clause("destination_device", "is", "P-1")],
            True,
        ),
        (
            [clause("source_device", "is", "EWS-07"), clause("destination_device", "is", "PLC-21")],
            False,
        ),
        (
            [
                clause("source_address", "is", "10.20.2.21"),
                clause("destination_device", "is", "P-1"),
            ],
            False,
        ),
        ([clause("source_device", "is", "EWS-07")], False),
        (
            [clause("source_device", "is", "EWS-07"), clause("source_address", "is", "10.1.1.1")],
            False,
        ),
        ([clause("any_device", "is", "EWS-07"), clause("any_device", "is", "P-1")], False),
        (
            [
                clause("any_device", "is", "EWS-07"),
                clause("any_device", "is_one_of", "EWS-07", "P-1"),
            ],
            False,
        ),
        ([clause("any_device", "is", "EWS-07"), clause("any_address", "is", "10.1.1.1")], False),
        (
            [clause("source_device", "is", "EWS-07"), clause("destination_zone", "is", "Office")],
            False,
        ),
        ([], False),
    ],
    ids=[
        "both ends listed",
        "held at one end",
        "held by its address",
        "one end open",
        "one end twice",
        "two lists of any device",
        "lists that overlap",
        "a name and maybe its address",
        "a zone is no list",
        "no end",
    ],
)
def test_a_rule_leaves_a_held_device_out_only_where_it_lists_others_at_both_ends(lines, excludes):
    assert can_exclude(rule(TYPE, *lines), HELD) == excludes
