"""The plan: the order in which rules are worth a signature."""

from dataclasses import replace
from types import SimpleNamespace

from alerts.incidents.engine.catalogue import all_types
from alerts.patterns.engine.cells import DeviceGroup
from alerts.patterns.engine.mining import form_patterns
from alerts.patterns.engine.plan import IncidentPart, IncidentShape, make_plan
from alerts.patterns.models import PatternState
from alerts.patterns.services.store import plan_site
from tests.alerts.patterns.engine.plants import cell, device
from tests.conftest import NOON

SOFT = [t.title for t in all_types() if t.guard == "scoped" and t.severity == "Medium"]
GATEWAYS = [device(f"GW-{n}", kind="Gateway", zone="Water") for n in range(4)]
PANELS = [device(f"HMI-{n}", kind="HMI", zone="Hall") for n in range(4)]
HISTORIAN = device("HIST", kind="Historian", zone="Operations")
SCANNER = device("SCAN", kind="Scanner", zone="Office")
INVENTORY = {DeviceGroup("Gateway", "Water"): 4, DeviceGroup("HMI", "Hall"): 4}
CELLS = [cell(HISTORIAN, g, SOFT[0]) for g in GATEWAYS] + [
    cell(SCANNER, p, SOFT[1], days=range(10)) for p in PANELS
]


def single(index, count):
    return IncidentShape(frozenset({IncidentPart(index, 9, 8)}), count)


def test_the_largest_gain_comes_first_and_shares_add_up():
    patterns = form_patterns(CELLS, INVENTORY)
    shapes = [single(i, 20 if i < 4 else 10) for i in range(8)]
    steps = make_plan(patterns, CELLS, shapes)
    assert [step.gain for step in steps] == [80, 40]
    assert [round(step.share, 3) for step in steps] == [0.667, 1.0]


def test_an_incident_counts_only_when_all_its_alerts_are_covered():
    patterns = form_patterns(CELLS, INVENTORY)
    both = IncidentShape(frozenset({IncidentPart(0, 9, 8), IncidentPart(4, 9, 8)}), 7)
    steps = make_plan(patterns, CELLS, [single(0, 20), single(4, 10), both])
    assert [step.gain for step in steps] == [20, 17]


def test_what_living_rules_cover_adds_nothing():
    patterns = form_patterns(CELLS, INVENTORY)
    (large, small) = patterns
    steps = make_plan(patterns, CELLS, [single(0, 20), single(4, 10)], living=[large])
    assert [(step.pattern, step.gain) for step in steps] == [(small, 10)]
    assert steps[0].share == 1.0


def test_a_plan_has_at_most_so_many_rules():
    patterns = form_patterns(CELLS, INVENTORY)
    assert len(make_plan(patterns, CELLS, [single(0, 1), single(4, 1)], max_rules=1)) == 1


def test_places_that_what_lacks_evidence_leaves_empty_go_to_what_is_ready(monkeypatch):
    monkeypatch.setattr("alerts.patterns.services.store.MAX_RULES", 3)
    large, small = form_patterns(CELLS, INVENTORY)
    ready = [replace(large, cells=(0, 1)), replace(large, cells=(2, 3)), small]
    rows = [
        SimpleNamespace(obstacles=[], state=PatternState.OPEN, has_enough_evidence=is_ready)
        for is_ready in (True, True, True, False)
    ]
    shapes = [single(i, 20 if i < 4 else 5) for i in range(8)]
    history = SimpleNamespace(cells=CELLS, open_shapes=shapes)
    steps = plan_site([*ready, large], rows=rows, history=history, now=NOON)
    assert [step.gain for step in steps] == [40, 40, 20]
    assert [row.plan_order for row in rows[:3]] == [1, 2, 3]
