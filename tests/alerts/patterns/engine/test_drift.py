"""What a signed rule no longer fits, and the one line that would be worded anew."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.patterns.engine.drift import DriftKind, find_drifts
from alerts.patterns.engine.drift_facts import DeviceRecord
from alerts.patterns.engine.sightings import RuleOnCells, SiteCells
from alerts.rules.rule import Clause, RuleDefinition
from tests.alerts.patterns.engine.plants import MONDAY, cell, device, happened, outside

LOGIN = "FTP Login Failed"
SMB = "Modbus Exception"
SIGNED = MONDAY  # the rule was worded on the first Monday
OLD = device("SRV-BKP-1", "Server", "Operations")
NEW = device("SRV-BKP-2", "Server", "Operations")
TARGETS = [device(f"PLC-{n}") for n in range(1, 6)]
CHANGED = 29  # a Tuesday, days from the first Monday
TODAY = MONDAY + CHANGED + 2
IN_INVENTORY = {"srv-bkp-2": DeviceRecord(is_described=True, first_day=MONDAY + CHANGED)}


def line(field, *values):
    if field in ("time", "planned_work"):
        return Clause(field, "within", values)
    return Clause(field, "is" if len(values) == 1 else "is_one_of", values)


def rule_of(*more, types=(LOGIN,)):
    lines = (line("site", "Gdańsk"), line("alert_type", *types), *more)
    return RuleDefinition(title="Backup", all_of=lines)


BACKUP = rule_of(
    line("source_device", "SRV-BKP-1"), line("destination_device", *(t.name for t in TARGETS))
)


def backup(source, days, hour=3, targets=TARGETS, alert_type=LOGIN, **more):
    return [
        cell(source, target, alert_type, occurrences=happened(days, hour), **more)
        for target in targets
    ]


def drifts(rule, cells, *, today=TODAY, signed=SIGNED, described=IN_INVENTORY):
    return find_drifts(rule, SiteCells(cells), signed_day=signed, today=today, described=described)


def codes(facts):
    return [code for code, _ in facts]


USUAL = backup(OLD, range(CHANGED))
SINCE = backup(NEW, range(CHANGED, CHANGED + 2))


def test_a_device_that_does_what_a_silent_one_did_is_its_replacement():
    (drift,) = drifts(BACKUP, USUAL + SINCE)
    assert (drift.kind, drift.before, drift.after) == ("replaced", "SRV-BKP-1", "SRV-BKP-2")
    assert drift.new_line == line("source_device", "SRV-BKP-2")
    assert (drift.latest_day, drift.first_day) == (MONDAY + CHANGED - 1, MONDAY + CHANGED)
    assert (drift.alerts, drift.days, drift.more) == (10, 2, ())
    assert codes(drift.against) == ["no_work"]
    assert codes(drift.in_favour) == ["partners", "hours", "inventory", "name", "silent"]


def test_it_is_found_after_two_days():
    first = backup(NEW, [CHANGED])
    assert not drifts(BACKUP, USUAL + first, today=TODAY - 1)
    assert drifts(BACKUP, USUAL + SINCE, today=TODAY)


def test_in_a_list_it_takes_the_place_of_the_one_that_fell_silent():
    other = device("SRV-BKP-9", "Server", "Operations")
    rule = rule_of(line("source_device", "SRV-BKP-1", "SRV-BKP-9"), BACKUP.all_of[-1])
    cells = USUAL + SINCE + backup(other, range(CHANGED + 2))
    (drift,) = drifts(rule, cells)
    assert drift.new_line == line("source_device", "SRV-BKP-2", "SRV-BKP-9")


def test_a_silent_target_is_replaced_as_a_source_is():
    new = device("PLC-77")
    cells = backup(OLD, range(CHANGED + 2), targets=TARGETS[1:])
    cells += backup(OLD, range(CHANGED), targets=TARGETS[:1])
    cells += backup(OLD, range(CHANGED, CHANGED + 2), targets=[new])
    (drift,) = drifts(BACKUP, cells)
    assert (drift.kind, drift.before, drift.after) == ("replaced", "PLC-1", "PLC-77")


def test_a_new_address_of_the_same_name_is_a_renumbered_device():
    old, new = (replace_address(OLD, address) for address in ("10.0.0.9", "10.0.7.9"))
    rule = rule_of(line("source_address", "10.0.0.9"), BACKUP.all_of[-1])
    cells = backup(old, range(CHANGED)) + backup(new, range(CHANGED, CHANGED + 2))
    (drift,) = drifts(rule, cells, described={"10.0.7.9": IN_INVENTORY["srv-bkp-2"]})
    assert (drift.kind, drift.new_line) == ("renumbered", line("source_address", "10.0.7.9"))
    assert "same_name" in codes(drift.in_favour)


def replace_address(end, address):
    return end._replace(address=address)


def test_one_more_that_behaves_like_the_rest_of_a_list_has_joined():
    pumps = [device(f"PUMP-{n}", "Drive", "Line 2") for n in range(1, 5)]
    new = device("PUMP-5", "Drive", "Line 2")
    rule = rule_of(line("source_device", *(pump.name for pump in pumps)), BACKUP.all_of[-1])
    cells = [c for pump in pumps for c in backup(pump, range(CHANGED + 2))]
    (drift,) = drifts(rule, cells + backup(new, range(CHANGED, CHANGED + 2)))
    assert (drift.kind, drift.before, drift.after) == ("joined", "", "PUMP-5")
    assert set(drift.new_line.texts) == {*(pump.name for pump in pumps), "PUMP-5"}


def test_a_job_at_another_hour_has_moved():
    windows = [f"{day} 02:00-05:00 Europe/Warsaw" for day in ("Mon", "Tue", "Wed", "Thu", "Fri")]
    windows += [f"{day} 02:00-05:00 Europe/Warsaw" for day in ("Sat", "Sun")]
    rule = rule_of(*BACKUP.all_of[2:], line("time", *windows))
    moved = [
        cell(OLD, target, LOGIN, occurrences=happened(range(CHANGED), 3) + late)
        for target in TARGETS
        for late in [happened(range(CHANGED, CHANGED + 2), 23)]
    ]
    (drift,) = drifts(rule, moved)
    assert drift.kind == DriftKind.MOVED
    assert sorted(drift.new_line.texts)[0] == "Fri 22:00-01:00 Europe/Warsaw"
    assert len(drift.new_line.values) == 7


@pytest.mark.parametrize(
    "cells",
    [
        [*USUAL, *SINCE, *backup(OLD, [CHANGED + 1])],
        USUAL + backup(NEW, [CHANGED, CHANGED + 1], targets=[*TARGETS[:1]], alert_type=SMB),
        USUAL + backup(NEW, [CHANGED]),
        USUAL + backup(outside("93.184.216.34"), [CHANGED, CHANGED + 1]),
        [*USUAL[:4], *backup(OLD, [25, 26, 28], targets=TARGETS[4:])],
        backup(OLD, [0, 14, 28]) + SINCE,
    ],
    ids=["the old one is alive", "another type", "one day", "outside", "nothing new", "seldom"],
)
def test_what_is_no_drift(cells):
    assert drifts(BACKUP, cells) == []


def test_what_was_there_before_the_rule_was_worded_is_no_drift():
    assert drifts(BACKUP, USUAL + SINCE, signed=MONDAY + CHANGED) == []


def test_a_rule_that_cells_do_not_show_is_left_alone():
    with_port = replace(BACKUP, all_of=(*BACKUP.all_of, Clause("port", "is", (21,))))
    assert drifts(with_port, USUAL + SINCE) == []


SOURCES = st.sampled_from(["SRV-BKP-1", "SRV-BKP-2", "SRV-BKP-3"])
SPOTS = st.tuples(
    SOURCES,
    st.sampled_from(["Operations", "Office"]),
    st.integers(0, 6),
    st.sampled_from([LOGIN, SMB, "Suspicion of Conficker Malware"]),
    st.sets(st.integers(0, CHANGED + 1), min_size=1, max_size=30),
    st.integers(0, 23),
    st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(SPOTS, min_size=1, max_size=12))
def test_whatever_happened_only_one_line_changes_and_covers_no_more_than_before(spots):
    cells = [
        cell(
            device(source, "Server", zone, is_critical=is_critical),
            device(f"PLC-{target}"),
            alert_type,
            occurrences=happened(sorted(days), hour),
        )
        for source, zone, target, alert_type, days, hour, is_critical in spots
    ]
    site = SiteCells(cells)
    for drift in find_drifts(BACKUP, site, signed_day=SIGNED, today=TODAY, described=IN_INVENTORY):
        lines = tuple(drift.new_line if line == drift.line else line for line in BACKUP.all_of)
        amended = replace(BACKUP, all_of=lines)
        assert set(BACKUP.all_of) - set(amended.all_of) == {drift.line}
        covered = RuleOnCells(amended, site).fitting()
        new = [at for at in covered if cells[at].key.source.name == drift.after]
        assert sorted(new) == sorted(drift.cells)
        done = {
            (c.key.alert_type, c.key.destination.name)
            for c in cells
            if c.key.source.name == drift.before
        }
        assert {(cells[at].key.alert_type, cells[at].key.destination.name) for at in new} <= done
        assert not any(cells[at].key.source.is_critical for at in covered if at in new)
        assert site.latest_of(drift.before) <= min(
            o.day * 24 + o.slot % 24 for at in new for o in cells[at].occurrences
        )


def test_what_it_does_under_nothing_but_its_address_is_more_too():
    by_address = cell(NEW._replace(device=""), device("DB-1"), SMB, days=[CHANGED])
    (drift,) = drifts(BACKUP, [*USUAL, *SINCE, by_address])
    assert [deed[-1] for deed in drift.more] == [">DB-1"]


def test_who_is_heard_of_under_nothing_but_its_address_is_not_silent():
    by_address = cell(OLD._replace(device=""), device("DB-1"), SMB, days=[CHANGED + 1])
    assert not drifts(BACKUP, [*USUAL, *SINCE, by_address])


def test_a_newcomer_of_whom_a_type_of_the_never_list_came_anywhere_is_not_asked_about():
    grave = cell(NEW, device("DB-1"), "Suspicion of Conficker Malware", days=[CHANGED])
    assert not drifts(BACKUP, [*USUAL, *SINCE, grave])


@pytest.mark.parametrize(
    "name, day, is_in_favour",
    [
        ("srv-bkp-2", CHANGED, True),
        ("srv-bkp-2", CHANGED - 14, True),
        ("srv-bkp-2", CHANGED - 15, False),
        ("srv-bkp-2", CHANGED + 1, False),
        ("srv-bkp-1", CHANGED, False),
    ],
)
def test_only_work_that_names_the_newcomer_and_began_before_it_is_in_favour(
    name, day, is_in_favour
):
    works = ((MONDAY + day, "Change of servers"),)
    described = IN_INVENTORY | {name: replace(IN_INVENTORY.get(name, DeviceRecord()), works=works)}
    (drift,) = drifts(BACKUP, USUAL + SINCE, described=described)
    assert ("work" in codes(drift.in_favour)) == is_in_favour
    assert ("no_work" in codes(drift.against)) != is_in_favour


def test_a_whole_day_has_no_other_hours():
    days = [f"{day} 00:00-24:00 Europe/Warsaw" for day in ("Mon", "Tue", "Wed")]
    rule = rule_of(*BACKUP.all_of[2:], line("time", *days))
    usual = [day for day in range(28) if day % 7 < 3]
    cells = [
        cell(OLD, target, LOGIN, occurrences=[*happened(usual, 22), *happened([31, 38], 3)])
        for target in TARGETS
    ]
    assert not drifts(rule, cells, today=MONDAY + 40)
