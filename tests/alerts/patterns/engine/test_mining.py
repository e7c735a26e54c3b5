"""A pattern is a process of the plant, not a pair (suppression §3)."""

from collections import Counter
from dataclasses import replace

import pytest

from alerts.incidents.engine.catalogue import all_types
from alerts.patterns.engine.cells import CellEnd, DeviceGroup, put_busier_end_first
from alerts.patterns.engine.hours import learn_hours
from alerts.patterns.engine.mining import form_patterns
from alerts.patterns.engine.rule_text import rule_for
from alerts.patterns.engine.sides import Rung
from alerts.rules.guards.never import HIGH
from alerts.rules.rule import Clause, reasons_against_rule
from tests.alerts.patterns.engine.plants import cell, device, happened, outside
from tests.conftest import NOON

SOFT = [t.title for t in all_types() if t.guard == "scoped" and t.severity == "Medium"][:4]
BOXED = next(t.title for t in all_types() if t.guard == "timeboxed" and t.severity == "Medium")
NEVER = next(t.title for t in all_types() if t.guard == "never")
HISTORIAN = device("HIST-01", kind="Historian", zone="Operations")
GATEWAYS = [device(f"GW-{n}", kind="Gateway", zone="Water") for n in range(1, 6)]
INVENTORY = {DeviceGroup("Gateway", "Water"): 6, DeviceGroup("Historian", "Operations"): 1}


def one_pattern(cells, inventory=INVENTORY):
    (pattern,) = form_patterns(cells, inventory)
    return pattern


def test_one_source_and_its_targets_of_one_kind_are_one_pattern():
    pattern = one_pattern([cell(HISTORIAN, target, SOFT[0]) for target in GATEWAYS])
    assert pattern.source.members == ("HIST-01",)
    assert pattern.destination.rung == Rung.GROUP
    assert pattern.destination.kinds == ("Gateway",)
    assert pattern.alerts == 100


def test_a_group_is_named_only_when_half_of_it_was_seen():
    pattern = one_pattern(
        [cell(HISTORIAN, target, SOFT[0]) for target in GATEWAYS],
        {DeviceGroup("Gateway", "Water"): 11},
    )
    assert pattern.destination.rung == Rung.LISTED
    assert len(pattern.destination.members) == 5


def test_two_members_are_listed_and_not_a_group():
    pattern = one_pattern([cell(HISTORIAN, target, SOFT[0]) for target in GATEWAYS[:2]])
    assert pattern.destination.rung == Rung.LISTED


@pytest.mark.parametrize(
    ("known_devices", "rung"),
    [
        ({"Station 1": 2, "Station 2": 2, "Yard": 9}, Rung.GROUP),  # not half of the site's
        ({"Station 1": 2, "Station 2": 5, "Yard": 9}, Rung.LISTED),  # not half of one zone's
    ],
)
def test_a_few_of_a_kind_in_each_zone_are_a_group_over_their_zones(known_devices, rung):
    plcs = [device(f"PLC-{z}{n}", zone=f"Station {z}") for z in (1, 2) for n in (1, 2)]
    inventory = {DeviceGroup("PLC", zone): count for zone, count in known_devices.items()}
    side = one_pattern([cell(HISTORIAN, target, SOFT[0]) for target in plcs], inventory).destination
    assert side.rung == rung
    assert side.zones == ("Station 1", "Station 2")
    assert side.covers(device("PLC-13", zone="Station 1")) == (rung == Rung.GROUP)
    assert not side.covers(device("PLC-31", zone="Yard"))


def test_what_is_rare_for_each_pair_is_frequent_for_the_kind():
    laptops = [device(f"LAPTOP-{n}", kind="Laptop", zone="Office") for n in range(8)]
    server = device("DHCP-01", kind="Server", zone="Office")
    cells = [cell(laptop, server, SOFT[0], days=[n]) for n, laptop in enumerate(laptops)]
    pattern = one_pattern(cells, {DeviceGroup("Laptop", "Office"): 10})
    assert pattern.source.rung == Rung.GROUP
    assert pattern.destination.members == ("DHCP-01",)


def test_types_of_one_source_that_go_to_the_same_places_are_one_pattern():
    cells = [cell(HISTORIAN, target, title) for target in GATEWAYS for title in SOFT[:3]]
    assert len(one_pattern(cells).types) == 3


@pytest.mark.parametrize(("laptops", "count"), [(3, 1), (2, 2)])
def test_types_of_many_devices_of_a_kind_are_one_pattern_whoever_of_them_does_each(laptops, count):
    first = [device(f"LAPTOP-{n}", kind="Laptop", zone="Office") for n in range(laptops)]
    others = [device(f"LAPTOP-{n}", kind="Laptop", zone="Office") for n in range(5, 7)]
    cells = [cell(target, gateway, SOFT[0]) for target in first for gateway in GATEWAYS]
    cells += [cell(target, GATEWAYS[0], SOFT[1], days=range(8)) for target in others]
    patterns = form_patterns(cells, INVENTORY)
    assert len(patterns) == count
    stranger = cell(device("LAPTOP-9", kind="Laptop", zone="Yard"), GATEWAYS[0], SOFT[1])
    assert not any(pattern.covers_cell(stranger) for pattern in patterns)


def test_types_of_many_devices_of_a_kind_that_go_elsewhere_stay_apart():
    laptops = [device(f"LAPTOP-{n}", kind="Laptop", zone="Office") for n in range(6)]
    cells = [cell(target, gateway, SOFT[0]) for target in laptops[:3] for gateway in GATEWAYS]
    cells += [cell(target, device("PLC-1"), SOFT[1]) for target in laptops[3:]]
    assert len(form_patterns(cells, INVENTORY)) == 2


def test_a_pattern_is_named_by_what_happens_most():
    often = max(SOFT[:3])
    cells = [cell(HISTORIAN, GATEWAYS[0], title, days=range(8)) for title in SOFT[:3]]
    cells.append(cell(HISTORIAN, GATEWAYS[1], often))
    assert one_pattern(cells).types[0] == (often, "")


def test_types_at_other_hours_stay_apart():
    cells = [cell(HISTORIAN, target, SOFT[0], hour=2) for target in GATEWAYS]
    cells += [cell(HISTORIAN, target, SOFT[1], hour=14) for target in GATEWAYS]
    assert len(form_patterns(cells, INVENTORY)) == 2


@pytest.mark.parametrize(("last", "patterns"), [(9, 1), (3, 2)])
def test_what_is_too_rare_to_show_hours_belongs_to_those_inside_which_it_lies(last, patterns):
    shift = [happened([day], 6 + day % 12)[0] for day in range(60)]
    rare = [happened([day * 9], hour)[0] for day, hour in enumerate((7, 16, 10, 13, last))]
    cells = [
        cell(HISTORIAN, CellEnd(address="20.10.1.9", is_outside=True), SOFT[0], occurrences=shift),
        cell(HISTORIAN, CellEnd(address="52.30.7.1", is_outside=True), SOFT[0], occurrences=rare),
    ]
    assert learn_hours(Counter(rare)) is None
    assert len(form_patterns(cells, INVENTORY)) == patterns


def test_types_that_are_never_suppressed_make_no_pattern():
    assert form_patterns([cell(HISTORIAN, target, NEVER) for target in GATEWAYS], INVENTORY) == []


def test_crown_jewels_are_left_out_by_name():
    cells = [cell(HISTORIAN, target, SOFT[0]) for target in GATEWAYS[:4]]
    jewel = device("GW-9", kind="Gateway", zone="Water", is_critical=True)
    pattern = one_pattern([*cells, cell(HISTORIAN, jewel, SOFT[0])])
    assert "GW-9" not in pattern.destination.members
    assert pattern.alerts == 80


def test_strict_types_name_each_device_and_keep_to_hours():
    cells = [cell(HISTORIAN, target, BOXED, hour=6) for target in GATEWAYS]
    pattern = one_pattern(cells)
    assert pattern.destination.rung == Rung.LISTED
    assert pattern.hours is not None
    assert pattern.obstacle == ""


@pytest.mark.parametrize(("severity", "is_strict"), [(HIGH - 1, False), (HIGH, True)])
def test_any_type_is_strict_at_high_severity(severity, is_strict):
    pattern = one_pattern(
        [cell(HISTORIAN, target, SOFT[0], hour=6, severity=severity) for target in GATEWAYS]
    )
    assert pattern.is_strict == is_strict
    assert (pattern.destination.rung == Rung.LISTED) == is_strict


def test_strict_types_keep_to_the_hours_that_were_judged():
    station, plc = device("ENG-WS-04", kind="Engineering"), device("PLC-07")
    tuesdays = happened(range(1, 90, 7), 6, 2)
    nights = happened([2, 11, 16, 24, 32, 40], 3)
    calm = cell(station, plc, BOXED, occurrences=tuesdays + nights, verdicts=["routine"] * 6)
    suspect = cell(station, plc, BOXED, occurrences=happened([30, 36], 3), verdicts=["suspicious"])
    pattern = one_pattern([calm, suspect])
    assert (pattern.hours.weekdays, pattern.hours.start, pattern.hours.length) == ((1,), 5, 3)
    assert pattern.evidence.suspicious == 0
    unjudged = one_pattern([cell(station, plc, BOXED, occurrences=tuesdays + nights)])
    assert unjudged.hours.hours_a_week > 3  # nobody told which of them are meant


def test_strict_types_without_hours_keep_to_planned_work_of_a_kind():
    anytime = [happened([day], hour=day * 5 % 24)[0] for day in range(40)]
    assert (
        one_pattern([cell(HISTORIAN, GATEWAYS[0], BOXED, occurrences=anytime)]).obstacle
        == "needs_hours"
    )
    planned = [happened([d], hour=d * 5 % 24, works=["vendor-visit"])[0] for d in range(40)]
    pattern = one_pattern([cell(HISTORIAN, GATEWAYS[0], BOXED, occurrences=planned)])
    assert pattern.planned_work == "vendor-visit"
    assert pattern.obstacle == ""
    rule = rule_for(pattern, time_zone="UTC", now=NOON)
    assert Clause("planned_work", "within", ("vendor-visit",)) in rule.all_of
    assert reasons_against_rule(rule) == []


@pytest.mark.parametrize(("inside", "kind"), [(36, "vendor-visit"), (35, "")])
def test_planned_work_must_hold_nine_of_ten_alerts(inside, kind):
    occurrences = [happened([d], hour=d * 5 % 24, works=["vendor-visit"])[0] for d in range(inside)]
    others = [happened([d], hour=d * 5 % 24)[0] for d in range(inside, 40)]
    pattern = one_pattern([cell(HISTORIAN, GATEWAYS[0], BOXED, occurrences=occurrences + others)])
    assert pattern.planned_work == kind


@pytest.mark.parametrize(("days", "count"), [(4, 0), (5, 1)])
def test_a_pattern_has_at_least_five_alerts(days, count):
    assert (
        len(form_patterns([cell(HISTORIAN, GATEWAYS[0], SOFT[0], days=range(days))], INVENTORY))
        == count
    )


def test_work_of_no_kind_makes_no_rule():
    planned = [happened([d], hour=d * 5 % 24, works=["other"])[0] for d in range(40)]
    pattern = one_pattern([cell(HISTORIAN, GATEWAYS[0], BOXED, occurrences=planned)])
    assert pattern.obstacle == "needs_planned_work"


def test_a_suspicious_cell_is_left_out_and_named_as_an_exception():
    cells = [cell(HISTORIAN, target, SOFT[0]) for target in GATEWAYS]
    odd = device("GW-7", kind="Gateway", zone="Water")
    pattern = one_pattern(
        [*cells, cell(HISTORIAN, odd, SOFT[0], days=[3], verdicts=["suspicious"])]
    )
    assert pattern.exceptions == ("GW-7",)
    assert pattern.evidence.suspicious == 0


def test_a_pattern_of_suspicion_alone_cannot_become_a_rule():
    cells = [cell(HISTORIAN, GATEWAYS[0], SOFT[0], days=range(10))]
    cells += [cell(HISTORIAN, GATEWAYS[0], SOFT[0], verdicts=["suspicious"], function="Write")]
    assert [p for p in form_patterns(cells, INVENTORY) if not p.obstacle and not p.exceptions] == []


def test_a_destination_outside_is_a_network_of_at_least_ten_addresses():
    few = [cell(HISTORIAN, outside(f"52.10.{n}.9"), SOFT[0]) for n in range(5)]
    assert one_pattern(few).destination.networks == tuple(f"52.10.{n}.9/32" for n in range(5))
    many = [cell(HISTORIAN, outside(f"52.10.{n}.9"), SOFT[0]) for n in range(12)]
    assert one_pattern(many).destination.networks == ("52.10.0.0/20",)


def test_a_network_that_two_sources_show_together_stands_for_the_few_addresses_of_each():
    patch = device("PATCH-01", kind="Server", zone="DMZ")
    cells = [cell(HISTORIAN, outside(f"52.10.{n}.9"), SOFT[0]) for n in range(6)]
    cells += [cell(patch, outside(f"52.10.{n}.9"), SOFT[0]) for n in range(6, 12)]
    cells += [cell(patch, outside("9.9.9.9"), SOFT[0])]
    networks = {p.source.members: p.destination.networks for p in form_patterns(cells, INVENTORY)}
    assert networks == {
        (HISTORIAN.name,): ("52.10.0.0/20",),
        ("PATCH-01",): ("52.10.0.0/20", "9.9.9.9/32"),
    }


def test_strict_alerts_are_told_by_their_own_addresses_alone():
    patch = device("PATCH-01", kind="Server", zone="DMZ")
    cells = [cell(patch, outside(f"52.10.{n}.9"), SOFT[0]) for n in range(12)]
    cells += [cell(HISTORIAN, outside(f"52.10.{n}.9"), BOXED) for n in range(3)]
    (strict,) = [p for p in form_patterns(cells, INVENTORY) if p.is_strict]
    assert strict.destination.networks == tuple(f"52.10.{n}.9/32" for n in range(3))


def test_what_one_kind_does_in_several_zones_is_offered_as_one_pattern():
    pairs = [
        (
            device(f"HMI-{n}", kind="HMI", zone=f"Station {n}"),
            device(f"REL-{n}", kind="Relay", zone=f"Station {n}"),
        )
        for n in range(6)
    ]
    patterns = form_patterns(
        [cell(*pair, SOFT[0], days=range(n, n + 6)) for n, pair in enumerate(pairs)], {}
    )
    assert patterns[0].alerts == 36
    assert len(patterns[0].source.members) == 6


def test_addresses_outside_that_share_no_network_are_listed_as_long_as_people_can_read_them():
    cells = [cell(HISTORIAN, outside(f"{n}.10.1.9"), SOFT[0]) for n in range(20, 50)]
    side = one_pattern(cells).destination
    assert (side.rung, len(side.networks)) == (Rung.NETWORK, 30)
    assert side.covers(outside("20.10.1.9"))
    assert not side.covers(outside("20.10.1.10"))


def test_addresses_outside_that_share_no_network_make_no_pattern():
    cells = [cell(HISTORIAN, outside(f"{n}.10.1.9"), SOFT[0]) for n in range(20, 60)]
    assert form_patterns(cells, INVENTORY) == []


@pytest.mark.parametrize("days", [[0, 1], [0]])
def test_what_happened_on_two_days_is_no_pattern(days):
    cells = [cell(HISTORIAN, target, SOFT[0], days=days) for target in GATEWAYS]
    assert form_patterns(cells, INVENTORY) == []


def test_functions_that_were_seen_are_kept_and_another_is_not_covered():
    cells = [cell(HISTORIAN, target, SOFT[0], function="Read") for target in GATEWAYS]
    pattern = one_pattern(cells)
    assert pattern.functions == ("Read",)
    assert not pattern.covers_cell(cell(HISTORIAN, GATEWAYS[0], SOFT[0], function="Write"))


def test_types_with_and_without_functions_are_one_pattern_that_a_command_stays_out_of():
    cells = [cell(HISTORIAN, target, SOFT[0], function="Read") for target in GATEWAYS]
    cells += [cell(HISTORIAN, target, SOFT[1]) for target in GATEWAYS]
    pattern = one_pattern(cells)
    assert (set(pattern.types), pattern.functions) == ({(t, "") for t in SOFT[:2]}, ("", "Read"))
    for title in SOFT[:2]:
        command = cell(HISTORIAN, GATEWAYS[0], title, function="Direct Operate")
        assert not pattern.covers_cell(command)
    [rule] = [
        target
        for target in rule_for(pattern, time_zone="UTC", now=NOON).all_of
        if target.field == "function"
    ]
    assert (rule.operator, rule.values) == ("is_one_of", ("", "Read"))


def test_evidence_is_pooled_over_the_pattern_and_one_annotation_is_one_trial():
    cells = [cell(HISTORIAN, target, SOFT[0], verdicts=["routine"]) for target in GATEWAYS[:4]]
    cells.append(cell(HISTORIAN, GATEWAYS[4], SOFT[0]))
    evidence = one_pattern(cells).evidence
    assert (evidence.harmless, evidence.judged_share, evidence.is_enough) == (4, 0.8, True)
    assert evidence.open_units == ((("target", "GW-5"), 20),)


def test_too_little_of_a_pattern_was_judged():
    cells = [cell(HISTORIAN, GATEWAYS[0], SOFT[0], verdicts=["routine"])]
    cells += [cell(HISTORIAN, target, SOFT[0]) for target in GATEWAYS[1:]]
    assert not one_pattern(cells).evidence.is_enough


def undirected(one_pattern, other, **more):
    """A cell as an analytics rule leaves it: names of two devices, and nothing about them."""
    first, second = sorted((one_pattern, other))
    directed = cell(CellEnd(first), CellEnd(second), SOFT[0], **more)
    directed.key = replace(directed.key, is_directed=False)
    return directed


def test_without_direction_one_master_is_a_process_and_another_pair_is_not():
    cells = [undirected("SCADA-02", target) for target in ("AN-01", "GW-11", "VFD-04")]
    cells.append(undirected("EDGE-02", "GW-11", days=range(3), verdicts=["suspicious"]))
    cells.append(undirected("EDGE-02", "VFD-04", days=range(3)))
    put_busier_end_first(cells)
    (pattern,) = form_patterns(cells, INVENTORY)
    assert pattern.source.members == ("SCADA-02",)
    assert pattern.destination.members == ("AN-01", "GW-11", "VFD-04")
    assert pattern.cells == (0, 1, 2)
    assert pattern.covers_cell(undirected("VFD-04", "SCADA-02"))  # whichever comes first


def test_what_is_left_out_without_direction_is_left_out_at_either_end():
    cells = [undirected("SCADA-02", target) for target in ("AN-01", "GW-11")]
    cells.append(undirected("SCADA-02", "GW-11", verdicts=["suspicious"]))
    put_busier_end_first(cells)
    (pattern,) = form_patterns(cells, INVENTORY)
    assert pattern.exceptions == ("GW-11",)
    rule = rule_for(pattern, time_zone="Europe/Warsaw", now=NOON)
    assert rule.except_any == (Clause("any_device", "is", ("GW-11",)),)


def test_who_chance_kept_to_most_of_the_week_joins_who_comes_at_any_hour():
    always = [cell(HISTORIAN, target, SOFT[0], occurrences=all_hours()) for target in GATEWAYS[:2]]
    rare = cell(HISTORIAN, device("SW-1", kind="Switch"), SOFT[0], occurrences=all_hours(but=8))
    night = cell(HISTORIAN, device("SW-2", kind="Switch", zone="Line 2"), SOFT[0], hour=2)
    assert learn_hours(Counter(rare.occurrences)).hours_a_week < 168
    patterns = form_patterns([*always, rare, night], INVENTORY)
    assert [len(pattern.destination.members) for pattern in patterns] == [3, 1]


def all_hours(but=0):
    """Each hour of the day on each of forty days, but for so many hours after midnight."""
    return [moment for hour in range(but, 24) for moment in happened(range(40), hour)]


@pytest.mark.parametrize(
    ("days", "obstacle"),
    [
        (lambda n: [n], "one_off"),  # each was seen once, as what is newly installed
        (lambda n: [n, n + 7], ""),
        (lambda n: [n, n + 7] if n < 4 else [n], "one_off"),  # 4 of 16 alerts came back
    ],
)
def test_a_list_of_devices_that_never_came_back_is_no_rule(days, obstacle):
    switch = device("SW-1", kind="Switch", zone="Water")
    newcomers = [device(f"NEW-{n}", kind="") for n in range(12)]
    cells = [cell(target, switch, SOFT[0], days=days(n)) for n, target in enumerate(newcomers)]
    pattern = one_pattern(cells, {})
    assert pattern.source.rung == Rung.LISTED
    assert pattern.obstacle == obstacle


def test_newcomers_of_one_kind_are_named_by_their_kind_and_need_not_come_back():
    new = [device(f"CAM-{n}", kind="Camera", zone="Water") for n in range(6)]
    cells = [cell(target, HISTORIAN, SOFT[0], days=[n]) for n, target in enumerate(new)]
    pattern = one_pattern(cells, {DeviceGroup("Camera", "Water"): 6})
    assert (pattern.source.rung, pattern.obstacle) == (Rung.GROUP, "")
