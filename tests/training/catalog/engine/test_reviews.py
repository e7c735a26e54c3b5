"""Every fault in a file of reviews of alert types is named with its line and its column."""

from datetime import date

import pytest

from training.catalog.engine.faults import Report, Source, Vocabulary
from training.catalog.engine.reviews import check_reviews, load_reviews

KNOWN = Vocabulary(date(2026, 11, 27), frozenset({"Controller Stop", "Address Scan Detected"}))
FILE = """\
reviewer: Tagout curriculum
date: 2026-11-27
attack_version: "19.1"
reviews:
  - alert_type: Controller Stop
    techniques: [T0858]
    note: A stop is a change of mode. Microsoft adds T0843 and the old T0855.
  - alert_type: Address Scan Detected
    techniques: []
    note: >-
      Names no act, for the sake of the test.
"""

STOP = "  - alert_type: Controller Stop\n    techniques: [T0858]\n"
NOTE = "    note: A stop is a change of mode. Microsoft adds T0843 and the old T0855.\n"

# Code, what stands there, what an author makes of it. § is the place.
SEEDED = [
    ("YAML-SYNTAX", "[T0858]", "[T0858\n    note§: open"),
    ("YAML-DUPLICATE", "techniques: [T0858]", "techniques: [T0858]\n    §techniques: []"),
    ("MISSING-KEY", "reviewer: Tagout curriculum\n", "§"),
    ("MISSING-KEY", STOP + NOTE, "§" + STOP),
    ("WRONG-VALUE", NOTE, '    note: §" "\n'),
    ("WRONG-VALUE", "techniques: []", "techniques: §none"),
    ("WRONG-VALUE", "date: 2026-11-27", "date: §yesterday"),
    ("UNKNOWN-KEY", "techniques: []", "techniques: []\n    §by: me"),
    ("ATTACK-VERSION", '"19.1"', '§"18.1"'),
    ("UNKNOWN-TECHNIQUE", "[T0858]", "[T0858, §T0999]"),
    ("UNKNOWN-TECHNIQUE", "adds T0843", "adds §T0998"),
    ("REVOKED-TECHNIQUE", "[T0858]", "[§T0855]"),
    ("DEPRECATED-TECHNIQUE", "[T0858]", "[§T0818]"),
    ("TECHNIQUE-TWICE", "[T0858]", "[T0858, §T0858]"),
    ("UNKNOWN-ALERT-TYPE", "Controller Stop", "§Controller Stops"),
    ("REVIEWED-TWICE", "alert_type: Address Scan Detected", "alert_type: §Controller Stop"),
    (
        "NOT-REVIEWED",
        "  - alert_type: Address Scan Detected\n    techniques: []\n    note: >-\n"
        "      Names no act, for the sake of the test.\n",
        "",
    ),
]


def faults_of(text):
    report = Report()
    check_reviews(Source.of("reviews.yaml", text, report), KNOWN)
    return report.faults


@pytest.mark.parametrize(("code", "old", "new"), SEEDED)
def test_a_seeded_fault_is_named_with_line_and_column(code, old, new):
    assert old in FILE
    before, _, after = FILE.replace(old, new, 1).partition("§")
    place = (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    if code == "NOT-REVIEWED":
        before, after, place = FILE.replace(old, new, 1), "", (5, 3)
    found = [(fault.code, (fault.line, fault.column)) for fault in faults_of(before + after)]
    assert (code, place) in found, found
    assert len(found) <= 3


def test_a_file_without_faults_is_read_as_it_stands():
    assert faults_of(FILE) == []
    reviews = load_reviews(FILE)
    stop = reviews["Controller Stop"]
    assert (stop.techniques, stop.reviewer, stop.attack_version) == (
        ("T0858",),
        "Tagout curriculum",
        "19.1",
    )
    assert stop.shipped_on == date(2026, 11, 27) and stop.note.startswith("A stop is a change")
    assert reviews["Address Scan Detected"].techniques == ()
