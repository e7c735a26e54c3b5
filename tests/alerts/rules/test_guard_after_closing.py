"""S7 and S10: what stops a rule afterwards, and what each close says about itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.rules.guards.closing import (
    CloseOutcome,
    ledger_differences,
    reasons_of_outcome,
    stops_rule,
    to_review_again,
)
from alerts.rules.sentinel_comments import (
    MAX_TEXT_LENGTH,
    Attribution,
    reasons_against_closing_text,
    rule_closing_text,
)
from tests.alerts.suppression.samples import NOW

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def outcome(kind, after):
    return CloseOutcome(incident="#7", kind=kind, closed_at=NOW - after, seen_at=NOW, what="PLC-4")


@pytest.mark.parametrize(
    ("kind", "after", "codes"),
    [
        ("reopened", DAY, ["stop.reopened"]),
        ("reopened", 30 * DAY, ["stop.reopened"]),
        ("true_positive", 30 * DAY, ["stop.true_positive"]),
        ("joined", DAY, ["stop.joined"]),
        ("linked", 14 * DAY, ["stop.linked"]),
        ("linked", 14 * DAY + SECOND, []),
        ("held", 30 * DAY, ["stop.linked"]),
        ("something new", DAY, ["stop.unknown"]),
        ("", DAY, ["stop.unknown"]),
    ],
)
def test_what_becomes_of_a_closed_incident_is_put_on_record(kind, after, codes):
    reasons = reasons_of_outcome(outcome(kind, after))
    assert [reason.code for reason in reasons] == codes
    assert all("#7" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("kind", "stops"),
    [
        ("reopened", True),
        ("true_positive", True),
        ("joined", True),
        ("linked", False),
        ("held", False),
        ("something new", True),
    ],
)
def test_a_wrong_close_stops_the_rule_and_a_shared_device_does_not(kind, stops):
    assert stops_rule(kind) == stops


def test_what_the_rule_closed_in_its_last_week_is_reviewed_again():
    closed = [("a", NOW - 8 * DAY), ("b", NOW - 7 * DAY), ("c", NOW - DAY), ("d", NOW + SECOND)]
    closed += [("e", NOW), ("f", NOW - 7 * DAY - SECOND)]
    assert to_review_again(closed, stopped_at=NOW) == ("e", "c", "b")


TOLD = Attribution(
    number=12,
    version=3,
    rule_hash="ab" * 32,
    proposer="Oda",
    approver="Leo",
    reason="Recipe download, WO-20917",
    expires_at=NOW + 30 * DAY,
    link="https://tagout.example/rules/12/",
)


def test_the_text_of_a_close_says_who_why_and_until_when():
    text = rule_closing_text(TOLD)
    assert reasons_against_closing_text(text, TOLD) == []
    assert text == (
        "Closed by Tagout, rule R-12, version 3: Recipe download, WO-20917\n"
        "Proposed by Oda, approved by Leo. Ends 2026-12-24T12:00:00Z.\n"
        f"Rule hash {'ab' * 32}\nhttps://tagout.example/rules/12/"
    )


def test_a_long_reason_is_cut_and_never_a_name():
    for reason in ("x" * 9000, "x" * (MAX_TEXT_LENGTH - 200), "{reason} {0} %s", "a\n\nb"):
        attribution = replace(TOLD, reason=reason)
        text = rule_closing_text(attribution)
        assert len(text) <= MAX_TEXT_LENGTH
        assert reasons_against_closing_text(text, attribution) == []
    assert len(rule_closing_text(replace(TOLD, reason="x" * 9000))) == MAX_TEXT_LENGTH


@pytest.mark.parametrize(
    "gap",
    [
        {"number": 13},
        {"version": 4},
        {"rule_hash": "cd" * 32},
        {"proposer": "Olaf"},
        {"approver": "Lena"},
        {"expires_at": NOW},
        {"link": "https://elsewhere.example/"},
        {"rule_hash": ""},
        {"proposer": ""},
        {"approver": " "},
        {"link": ""},
        {"reason": " "},
    ],
)
def test_a_text_that_leaves_something_out_is_found(gap):
    text = rule_closing_text(TOLD)
    attribution = replace(TOLD, **gap)
    assert len(reasons_against_closing_text(text, attribution)) == 1
    if "" in gap.values() or " " in gap.values():
        assert len(reasons_against_closing_text(rule_closing_text(attribution), attribution)) == 1


def test_ledger_and_sentinel_are_compared_both_ways():
    assert ledger_differences({"a": "R-1 x"}, {"a": "R-1 x"}) == []
    found = ledger_differences(
        {"a": "R-1 x", "b": "R-1 x", "c": "R-1 x"}, {"a": "R-1 x", "c": "R-1 y", "d": "R-2 z"}
    )
    assert [reason.code for reason in found] == [
        "ledger.only_here",
        "ledger.other",
        "ledger.only_there",
    ]
