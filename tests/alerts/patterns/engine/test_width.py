"""Each rung that a pattern took has its reason."""

from alerts.incidents.engine.catalogue import all_types
from alerts.patterns.engine.cells import DeviceGroup
from alerts.patterns.engine.mining import form_patterns
from alerts.patterns.engine.width import critical_pairs, reasons_for_width
from tests.alerts.patterns.engine.plants import cell, device, outside

SOFT = [t.title for t in all_types() if t.guard == "scoped" and t.severity == "Medium"][:4]
BOXED = next(t.title for t in all_types() if t.guard == "timeboxed" and t.severity == "Medium")
HISTORIAN = device("HIST-01", kind="Historian", zone="Operations")
GATEWAYS = [device(f"GW-{n}", kind="Gateway", zone="Water") for n in range(1, 6)]
INVENTORY = {DeviceGroup("Gateway", "Water"): 6}


def reasons(cells, inventory=INVENTORY):
    (pattern,) = form_patterns(cells, inventory)
    rows = reasons_for_width(pattern, cells, critical_pairs(cells))
    return {(reason.part, reason.code): reason.detail for reason in rows}


def test_one_device_that_did_it_all_was_not_widened():
    assert reasons([cell(HISTORIAN, target, SOFT[0]) for target in GATEWAYS])["source", "single"]


def test_a_group_says_how_many_of_those_known_were_seen():
    by_part = reasons([cell(HISTORIAN, target, SOFT[0]) for target in GATEWAYS])
    assert by_part["destination", "group"] == {"seen": 5, "known": 6}


def test_what_is_no_group_is_listed():
    by_part = reasons(
        [cell(HISTORIAN, target, SOFT[0]) for target in GATEWAYS],
        {DeviceGroup("Gateway", "Water"): 20},
    )
    assert by_part["destination", "listed"] == {"seen": 5}


def test_strict_types_are_never_widened():
    by_part = reasons([cell(HISTORIAN, target, BOXED, hour=6) for target in GATEWAYS])
    assert by_part["destination", "strict"] == {"seen": 5}
    assert by_part["hours", "plant"]["outside"] == 0


def test_addresses_outside_name_their_networks():
    cells = [cell(HISTORIAN, outside(f"52.10.{n}.9"), SOFT[0]) for n in range(12)]
    assert reasons(cells)["destination", "network"] == {"seen": 12, "networks": 1}


def test_a_set_of_types_says_how_many_were_judged():
    cells = [cell(HISTORIAN, target, title) for target in GATEWAYS for title in SOFT[:3]]
    cells[0].verdicts.extend(cell(HISTORIAN, GATEWAYS[0], SOFT[0], verdicts=["routine"]).verdicts)
    assert reasons(cells)["types", "set"] == {"types": 3, "judged": 1}


def test_what_is_left_out_is_named():
    odd = device("GW-7", kind="Gateway", zone="Water")
    jewel = device("GW-9", kind="Gateway", zone="Water", is_critical=True)
    cells = [cell(HISTORIAN, target, SOFT[0]) for target in GATEWAYS]
    cells += [
        cell(HISTORIAN, odd, SOFT[0], days=[3], verdicts=["suspicious"]),
        cell(HISTORIAN, jewel, SOFT[0]),
    ]
    by_part = reasons(cells)
    assert by_part["exceptions", "suspicious"] == {"names": ["GW-7"], "count": 1}
    assert by_part["exceptions", "critical"] == {"names": ["GW-9"], "count": 1}
