"""Priority is the sum of the parts that the page lists, always."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.incidents.engine.priority import (
    Priority,
    PriorityFacts,
    PriorityPart,
    part_words,
    priority_of,
)

QUIET = {"severity": "Low"}


def parts_of(**facts):
    return {part.code: part.points for part in priority_of(PriorityFacts(**facts)).parts}


@pytest.mark.parametrize(
    ("severity", "points"),
    [("High", 40), ("Medium", 25), ("Low", 12), ("Informational", 5), ("high", 40), ("?", 5)],
)
def test_severity(severity, points):
    assert parts_of(severity=severity) == {"severity": points}


@pytest.mark.parametrize(
    ("facts", "code", "points"),
    [
        ({"guard": "never"}, "guard", 25),
        ({"guard": "timeboxed"}, "guard", 10),
        ({"guard": "scoped"}, "guard", None),
        ({"guard": None}, "guard", None),
        ({"criticality": "safety"}, "criticality", 20),
        ({"criticality": "crown-jewel"}, "criticality", 20),
        ({"criticality": "important"}, "criticality", 10),
        ({"criticality": "normal"}, "criticality", None),
        ({"crosses_levels": True}, "crosses", 10),
        ({"tactics": ("Inhibit Response Function",)}, "tactic", 10),
        ({"tactics": ("ImpairProcessControl", "Discovery")}, "tactic", 10),
        ({"tactics": ("Impact", "Impair Process Control")}, "tactic", 10),
        ({"tactics": ("Discovery", "Persistence")}, "tactic", None),
        ({"other_products": ("Microsoft Defender for Endpoint",)}, "second-product", 15),
        ({"is_new_pair": True}, "new-pair", 10),
        ({"times_suspicious": 1}, "was-suspicious", 15),
        ({"times_suspicious": 7}, "was-suspicious", 15),
        ({"routine_share_lower": 0.95}, "routine-share", -20),
        ({"routine_share_lower": 0.9}, "routine-share", -20),
        ({"routine_share_lower": 0.899}, "routine-share", -10),
        ({"routine_share_lower": 0.7}, "routine-share", -10),
        ({"routine_share_lower": 0.699}, "routine-share", None),
        ({"routine_share_lower": None}, "routine-share", None),
        ({"in_planned_work": True}, "planned-work", -25),
        ({"is_overrun": True}, "overrun", 10),
        ({"is_answer_late": True}, "answer-late", 10),
    ],
)
def test_each_line_of_the_table(facts, code, points):
    assert parts_of(**QUIET, **facts).get(code) == points


def test_too_much_is_taken_back_by_a_part_of_its_own():
    facts = PriorityFacts(
        severity="High",
        guard="never",
        criticality="safety",
        crosses_levels=True,
        tactics=("Impact",),
        other_products=("Microsoft Sentinel Fusion",),
        is_new_pair=True,
    )
    priority = priority_of(facts)
    assert priority.score == 100
    assert priority.parts[-1] == PriorityPart("capped", -30)


def test_too_little_is_lifted_to_nothing():
    facts = PriorityFacts(severity="Informational", in_planned_work=True, routine_share_lower=0.97)
    assert priority_of(facts) == Priority(
        0,
        (
            PriorityPart("severity", 5, "Informational"),
            PriorityPart("routine-share", -20, "97"),
            PriorityPart("planned-work", -25, ""),
            PriorityPart("capped", 40),
        ),
    )


any_facts = st.builds(
    PriorityFacts,
    severity=st.sampled_from(["High", "Medium", "Low", "Informational", "", "odd"]),
    guard=st.sampled_from(["never", "timeboxed", "scoped", None]),
    criticality=st.sampled_from(["normal", "important", "crown-jewel", "safety"]),
    crosses_levels=st.booleans(),
    crossing=st.sampled_from(["", "Level 3 to Level 1"]),
    tactics=st.lists(st.sampled_from(["Impact", "InhibitResponseFunction", "Discovery"])).map(
        tuple
    ),
    other_products=st.lists(st.just("Fusion"), max_size=2).map(tuple),
    is_new_pair=st.booleans(),
    times_suspicious=st.integers(0, 50),
    routine_share_lower=st.none() | st.floats(0, 1),
    in_planned_work=st.booleans(),
    is_overrun=st.booleans(),
    work_order=st.sampled_from(["", "WO-20917"]),
    is_answer_late=st.booleans(),
)


@given(any_facts)
def test_parts_always_add_up_and_can_be_said(facts):
    priority = priority_of(facts)
    assert 0 <= priority.score <= 100
    assert sum(part.points for part in priority.parts) == priority.score
    assert all(part.points for part in priority.parts)
    codes = [part.code for part in priority.parts]
    assert len(codes) == len(set(codes))
    for part in priority.parts:
        for language in ("en", "de"):
            text = part_words(part, language)
            assert text
            assert "{" not in text


@pytest.mark.parametrize(
    ("detail", "language", "text"),
    [
        ("crown-jewel: PLC-PL2-07", "en", "PLC-PL2-07 is a crown jewel"),
        ("crown-jewel: PLC-1, PLC-2", "en", "PLC-1, PLC-2 are crown jewels"),
        ("safety: SIS-01", "de", "SIS-01 ist ein Sicherheitssystem"),
        ("crown-jewel", "en", "A crown jewel is involved"),  # stored before names were kept
    ],
)
def test_the_critical_device_that_is_meant_is_named(detail, language, text):
    assert part_words(PriorityPart("criticality", 20, detail), language) == text


def test_only_the_devices_of_the_gravest_kind_are_named():
    facts = PriorityFacts(**QUIET, criticality="crown-jewel", critical_devices=("A", "B"))
    assert PriorityPart("criticality", 20, "crown-jewel: A, B") in priority_of(facts).parts


def test_parts_are_said_in_plain_words():
    assert part_words(PriorityPart("severity", 40, "High")) == "High severity"
    assert part_words(PriorityPart("planned-work", -25, "WO-20917")) == (
        "Inside planned work for these devices (WO-20917)"
    )
    assert part_words(PriorityPart("planned-work", -25, ""), "de") == (
        "Innerhalb geplanter Arbeit an diesen Geräten"
    )
    assert part_words(PriorityPart("routine-share", -20, "93"), "de-AT") == (
        "Mindestens 93 % solcher Fälle waren harmlos (zu 95 % sicher)"
    )
    assert (
        part_words(PriorityPart("was-suspicious", 15, "1"))
        == "The same pattern was judged suspicious once"
    )


def test_the_routine_share_is_never_rounded_up():
    facts = PriorityFacts(severity="High", routine_share_lower=0.9999)
    assert priority_of(facts).parts[-1].detail == "99"
