"""The same process is known again in the next mining, although members come and go."""

from dataclasses import replace

from alerts.incidents.engine.catalogue import all_types
from alerts.patterns.engine.cells import DeviceGroup
from alerts.patterns.engine.mining import form_patterns
from alerts.patterns.engine.pattern import MinedPattern
from alerts.patterns.engine.process import process_key, recognise
from tests.alerts.patterns.engine.plants import cell, device

SOFT = [t.title for t in all_types() if t.guard == "scoped" and t.severity == "Medium"][:4]
HISTORIAN = device("HIST-01", kind="Historian", zone="Operations")
GATEWAYS = [device(f"GW-{n}", kind="Gateway", zone="Water") for n in range(1, 9)]
PANELS = [device(f"HMI-{n}", kind="HMI", zone="Hall") for n in range(1, 5)]
INVENTORY = {DeviceGroup("Gateway", "Water"): 8, DeviceGroup("HMI", "Hall"): 4}


def polling(gateways, **more):
    return [cell(HISTORIAN, target, SOFT[0], **more) for target in gateways]


def test_its_key_stays_when_members_join():
    few, many = polling(GATEWAYS[:5]), polling(GATEWAYS)
    (before,), (after,) = form_patterns(few, INVENTORY), form_patterns(many, INVENTORY)
    assert before != after
    assert process_key(before, few) == process_key(after, many)


def test_keys_tell_processes_apart():
    cells = polling(GATEWAYS) + [cell(HISTORIAN, target, SOFT[1], hour=3) for target in PANELS]
    keys = {process_key(pattern, cells) for pattern in form_patterns(cells, INVENTORY)}
    assert len(keys) == 2


def test_it_is_recognised_by_what_it_covers():
    few, many = polling(GATEWAYS[:5]), polling(GATEWAYS)
    others = [cell(HISTORIAN, target, SOFT[1], hour=3) for target in PANELS]
    (before,) = form_patterns(few, INVENTORY)
    cells = [*others, *many]
    patterns = form_patterns(cells, INVENTORY)
    (place,) = (n for n, pattern in enumerate(patterns) if pattern.types == before.types)
    assert recognise({"old": before}, patterns, cells) == {place: "old"}


def test_another_process_does_not_continue_it():
    (before,) = form_patterns(polling(GATEWAYS), INVENTORY)
    cells = [cell(PANELS[0], target, SOFT[1]) for target in GATEWAYS]
    assert recognise({"old": before}, form_patterns(cells, INVENTORY), cells) == {}


def test_each_former_pattern_goes_on_in_one_only():
    cells = polling(GATEWAYS)
    patterns = form_patterns(cells, INVENTORY)
    assert recognise({"one": patterns[0], "two": patterns[0]}, patterns, cells) == {0: "one"}


def test_a_device_with_two_addresses_is_one_member_of_its_group():
    pair = [
        device("GW-1", kind="Gateway", zone="Water", address=f"10.0.0.{n}") for n in range(1, 4)
    ]
    (pattern,) = form_patterns(polling(pair), {DeviceGroup("Gateway", "Water"): 2})
    assert pattern.destination.members == ("GW-1",)
    assert not pattern.destination.kinds


def test_it_is_recognised_whichever_device_is_named_first():
    cells = polling(GATEWAYS)
    for target in cells:
        target.key = replace(target.key, is_directed=False)
    patterns = form_patterns(cells, INVENTORY)
    for target in cells:
        target.key = replace(
            target.key, source=target.key.destination, destination=target.key.source
        )
    assert recognise({"old": patterns[0]}, patterns, cells) == {0: "old"}


def test_each_is_compared_only_with_alerts_that_name_its_devices(monkeypatch):
    cells = [
        cell(
            device(f"EWS-{n}", kind="Workstation", zone=f"Hall {n}", address=f"10.1.0.{n}"),
            device(f"HMI-{n}", kind="HMI", zone=f"Hall {n}", address=f"10.2.0.{n}"),
            SOFT[0],
        )
        for n in range(40)
    ]
    patterns = form_patterns(cells, {})
    compared, covers_cell = [], MinedPattern.covers_cell
    monkeypatch.setattr(
        MinedPattern,
        "covers_cell",
        lambda self, candidate: compared.append(candidate) or covers_cell(self, candidate),
    )
    former = dict(enumerate(patterns))
    assert recognise(former, patterns, cells) == {place: place for place in former}
    assert len(compared) == sum(len(pattern.cells) for pattern in patterns) < 100
