"""What devices of several kinds in one zone do alike is offered as one pattern beside those of each
kind, so that one signature does for both; nothing is offered that only one of them does.
"""

import pytest

from alerts.patterns.engine.cells import DeviceGroup
from alerts.patterns.engine.mining import form_patterns
from alerts.patterns.engine.sides import Rung
from tests.alerts.patterns.engine.plants import cell, device
from tests.alerts.patterns.engine.test_mining import SOFT

NAMES, FILES = (device(name, kind="Server", zone="Servers") for name in ("DC-01", "FS-01"))
LAPTOPS, PHONES = (
    [device(f"{kind}-{n}", kind=kind, zone="Visitors") for n in range(6)]
    for kind in ("Laptop", "Phone")
)
INVENTORY = {DeviceGroup("Laptop", "Visitors"): 7, DeviceGroup("Phone", "Visitors"): 6}


def queries(devices, *, to=NAMES, hour=9, function="Query"):
    return [cell(source, to, SOFT[0], hour=hour, function=function) for source in devices]


def found_of_both(cells):
    """The patterns that begin at laptops and phones."""
    return [
        pattern
        for pattern in form_patterns(cells, INVENTORY)
        if pattern.covers_cell(cells[0]) and pattern.covers_cell(cells[-1])
    ]


def test_kinds_of_one_zone_that_do_the_same_are_offered_as_one_pattern():
    (both,) = found_of_both([*queries(LAPTOPS), *queries(PHONES)])
    assert (both.source.rung, both.source.kinds) == (Rung.GROUP, ("Laptop", "Phone"))
    assert both.source.zones == ("Visitors",)
    assert both.destination.members == ("DC-01",)
    assert len(form_patterns([*queries(LAPTOPS), *queries(PHONES)], INVENTORY)) == 3


@pytest.mark.parametrize(
    "other",
    [
        queries(PHONES, function="Update"),
        queries(PHONES, to=device("CAM-1", kind="Camera", zone="Video")),
        queries(PHONES, hour=20),
        queries([device(f"P-{n}", kind="Phone", zone="Office") for n in range(6)]),
    ],
    ids=["another function", "another place", "other hours", "another zone"],
)
def test_kinds_that_differ_in_what_they_do_stay_apart(other):
    assert found_of_both([*queries(LAPTOPS), *other]) == []


def test_a_kind_that_does_more_is_not_offered_with_one_that_does_less():
    more = [cell(source, NAMES, SOFT[0], function="Update") for source in LAPTOPS]
    assert found_of_both([*queries(LAPTOPS), *more, *queries(PHONES)]) == []
