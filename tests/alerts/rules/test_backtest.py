"""The back-test counts what a rule would have done and says how little is known."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from alerts.rules.backtest import back_test
from alerts.rules.backtest_body import HandlingBody, frozen
from alerts.rules.bound import MIN_JUDGED, bound_words, is_little
from alerts.rules.evidence import EvidenceRow, NearCase, judged_in, traits_of
from alerts.rules.guards.never import SiteShare
from alerts.rules.looks import check_these
from tests.alerts.suppression.samples import facts

START = datetime(2026, 8, 26, 22, 0, tzinfo=UTC)  # midnight in Warsaw
END = START + timedelta(days=90)
USUAL = {
    "start": START,
    "end": END,
    "zone": "Europe/Warsaw",
    "incidents_by_site": {"Gdańsk": 100, "Ulm": 10},
    "alerts_of_type": 400,
    "is_strict": False,
    "minutes_per_incident": 8.0,
}


def row(number, day=1.0, *, incidents=None, site="Gdańsk", verdict="", note=None, **columns):
    verdicts = ((note or f"n{number}", verdict),) if verdict else ()
    return EvidenceRow(
        alert=number,
        incidents=(number,) if incidents is None else incidents,
        at=START + timedelta(days=day),
        site=site,
        verdicts=verdicts,
        **columns,
    )


def test_the_bound_is_phrased_from_its_good_side():
    assert bound_words(0, 27, is_strict=True) == (
        "27 of 27 harmless, so at least 89.5 % of all is harmless (95 % sure)."
    )
    assert bound_words(1, 57, is_strict=True).startswith("56 of 57 harmless, so at least ")
    none = "Nobody has judged any of it yet, so nothing can be said."
    assert bound_words(0, 0, is_strict=False) == none
    assert bound_words(5, 5, is_strict=False) == "All 5 were suspicious."


def test_little_is_fewer_than_three_trials_or_ten_where_hours_are_needed():
    assert [is_little(n, is_strict=False) for n in (2, 3)] == [True, False]
    assert [is_little(n, is_strict=True) for n in (9, 10)] == [True, False]
    assert bound_words(0, 9, is_strict=True).endswith(
        "at least 71.7 % of all is harmless (95 % sure). Little evidence."
    )
    assert bound_words(0, 9, is_strict=False).endswith("(95 % sure).")
    nine = [row(n, verdict="routine") for n in range(9)]
    assert not back_test(nine, **USUAL).judged.is_little
    assert back_test(nine, **USUAL | {"is_strict": True}).judged.is_little


def test_what_was_said_of_soft_alerts_is_no_trial_of_a_strict_rule_but_a_suspicion_stops_it():
    ten = [row(n, verdict="routine", is_soft=n > 3) for n in range(10)]
    strict = back_test(ten, **USUAL | {"is_strict": True}).judged
    assert (strict.trials, strict.is_little) == (4, True)
    assert back_test(ten, **USUAL).judged.trials == 10
    odd = back_test(
        [*ten, row(10, verdict="suspicious", is_soft=True)], **USUAL | {"is_strict": True}
    )
    assert (odd.judged.suspicious, len(odd.stops)) == (1, 1)


@pytest.mark.parametrize(
    ("suspicious", "judged", "counts"),
    [(0, 1, "1 of 1"), (1, 1, "0 of 1"), (0, 2, "2 of 2"), (1, 2, "1 of 2")],
)
def test_too_little_evidence_is_said_instead_of_a_limit(suspicious, judged, counts):
    assert bound_words(suspicious, judged, is_strict=False) == (
        f"{counts} harmless: too little evidence to say more."
    )
    assert "%" in bound_words(0, MIN_JUDGED, is_strict=True)


def test_counts_days_shares_and_minutes():
    rows = [row(1, 0.0), row(2, 0.5), row(3, 1.5, incidents=(2,)), row(4, 89.9, site="Ulm")]
    outside = [row(5, -0.01), row(6, 90.0)]
    found = back_test(rows + outside, **USUAL)
    assert (found.alerts, found.incidents, found.minutes_saved) == (4, 3, 24.0)
    assert len(found.per_day) == 90
    assert found.per_day[0] == (date(2026, 8, 27), 2)
    assert found.per_day[1] == (date(2026, 8, 28), 1)
    assert sum(count for _, count in found.per_day) == 4
    assert sum(count for _, count in found.closed_per_day) == 3
    assert found.closed_per_day[0] == (date(2026, 8, 27), 2)  # on the day of the first alert
    assert found.sites == (SiteShare("Gdańsk", 2, 100), SiteShare("Ulm", 1, 10))
    assert found.share_of_type == 0.01


def test_a_period_of_whole_days_has_no_empty_day_at_its_end():
    found = back_test([], **USUAL | {"end": datetime(2026, 9, 1, 22, 0, tzinfo=UTC)})
    assert [day.day for day, _ in found.per_day] == [27, 28, 29, 30, 31, 1]
    assert (found.alerts, found.share_of_type, found.judged.limit) == (0, 0.0, 1.0)


def test_one_annotation_is_one_trial_and_not_sure_is_none():
    rows = [row(n, verdict="routine", note="tap") for n in range(14)]
    rows += [row(20, verdict="maintenance"), row(21, verdict="not-sure"), row(22)]
    judged = judged_in(rows, is_strict=False)
    assert (judged.trials, judged.suspicious) == (2, 0)
    assert judged.by_verdict == (("maintenance", 1), ("not-sure", 1), ("routine", 1))
    found = back_test(rows, **USUAL)
    assert found.unjudged_alerts == 2
    assert found.judged.is_little


def test_whatever_was_ever_suspicious_is_a_stop_the_worst_first():
    rows = [
        row(1, verdict="suspicious"),
        row(2, outcomes=frozenset({"reopened"})),
        row(3, outcomes=frozenset({"linked", "reopened"}), incidents=(9,)),
        row(4, outcomes=frozenset({"true_positive"}), incidents=(9, 10)),
        row(5, outcomes=frozenset({"true_positive"}), incidents=()),
        row(6, verdict="routine"),
    ]
    found = back_test(rows, **USUAL)
    assert [stop.alert for stop in found.stops] == [4, 5, 3, 2, 1]
    assert found.stops[2].stoppers == ("linked", "reopened")
    assert found.true_positives == 3  # incidents 9 and 10, and the alert without one
    assert found.judged.suspicious == 1


@pytest.mark.parametrize(
    ("outcome", "counted"), [("true_positive", 1), ("linked", 1), ("reopened", 0)]
)
def test_what_was_merged_into_a_true_positive_counts_as_one(outcome, counted):
    rows = [row(1, outcomes=frozenset({outcome}), incidents=(9,))]
    assert back_test(rows, **USUAL).true_positives == counted


def trait(**traits):
    return tuple(sorted(traits.items()))


def test_the_unjudged_least_like_the_judged_come_first_and_alike_ones_once():
    usual, guest = trait(source="ENG-WS-04", hour="6"), trait(source="LAPTOP-9", hour="6")
    night = trait(source="LAPTOP-9", hour="3")
    rows = [row(n, traits=usual, verdict="routine") for n in range(5)]
    rows += [row(10 + n, n, traits=usual) for n in range(4)]
    rows += [row(20, traits=guest), row(21, 2, traits=guest), row(30, traits=night)]
    looks = check_these(rows, most=10)
    assert [(look.row.alert, look.times) for look in looks] == [(30, 1), (21, 2), (13, 4)]
    assert [look.unlike for look in looks] == [2.0, 1.0, 0.0]
    assert [look.row.alert for look in check_these(rows, most=1)] == [30]


def test_each_unjudged_match_says_in_what_it_differs():
    usual = trait(source="ENG-WS-04", destination="PLC-4", hour="6", weekend="False")
    rows = [row(n, traits=usual, verdict="routine") for n in range(9)]
    rows.append(
        row(9, traits=trait(source="ENG-WS-02", destination="PLC-4", hour="6"), verdict="routine")
    )
    odd = {
        20: trait(source="LAPTOP-9", destination="PLC-4", hour="6", weekend="False"),
        21: trait(source="ENG-WS-02", destination="PLC-4", hour="6", weekend="False"),
        22: trait(source="ENG-WS-04", destination="PLC-4", hour="2", weekend="False"),
        23: trait(source="ENG-WS-04", destination="PLC-4", hour="6", weekend="True"),
        24: trait(source="ENG-WS-04", destination="PLC-4", hour="6", severity="3"),
        25: usual,
    }
    rows += [row(number, traits=traits) for number, traits in odd.items()]
    assert {look.row.alert: str(look.why) for look in check_these(rows, most=10)} == {
        20: "No judged match has the source LAPTOP-9.",
        21: "Only 1 of 10 judged matches had the source ENG-WS-02.",
        22: "No judged match came in the hour from 02:00.",
        23: "It came on a weekend, and no judged match did.",
        24: "No judged match has the severity Medium.",
        25: "It looks like the judged ones, but nobody has judged it.",
    }


def test_matches_near_one_true_positive_are_one_thing_to_check():
    near = [
        row(n, traits=trait(hour=str(n)), near_case=NearCase(77, "HIST-01", days))
        for n, days in enumerate((9, 3, 12))
    ]
    other = row(9, near_case=NearCase(77, "PLC-4", 0))
    looks = check_these([*near, other, row(10)], most=10)
    assert [(look.row.alert, look.times, str(look.why)) for look in looks] == [
        (1, 3, "HIST-01 was in a true positive 3 days before or after."),
        (9, 1, "PLC-4 was in a true positive on the same day."),
        (10, 1, "Nobody has judged any of the matches yet."),
    ]


def test_every_alert_and_every_incident_is_counted_under_one_verdict():
    rows = [
        row(1, verdict="routine"),
        row(2, verdict="maintenance"),
        replace(row(3), verdicts=(("a", "routine"), ("b", "suspicious"))),
        replace(row(4), verdicts=(("c", "not-sure"), ("d", "routine"))),
        row(5, verdict="not-sure"),
        row(6),
        row(7, verdict="routine", incidents=(70,)),
        row(8, incidents=(70,)),  # beside an alert that was judged: its incident is not judged
        row(9, verdict="suspicious", incidents=(90,)),
        row(10, incidents=(90,)),
    ]
    found = back_test(rows, **USUAL)
    assert {total.verdict: (total.alerts, total.incidents) for total in found.totals} == {
        "routine": (3, 2),
        "maintenance": (1, 1),
        "suspicious": (2, 2),
        "not-sure": (1, 1),
        "not-judged": (3, 2),
    }
    assert sum(total.alerts for total in found.totals) == found.alerts == 10
    assert sum(total.incidents for total in found.totals) == found.incidents == 8


def test_where_nothing_is_judged_the_rarest_come_first():
    rows = [row(n, traits=trait(source="ENG-WS-04")) for n in range(9)]
    looks = check_these([*rows, row(50, traits=trait(source="LAPTOP-9"))], most=2)
    assert [look.row.alert for look in looks] == [50, 8]


def test_the_nearest_misses_are_those_most_like_the_matches_and_suspicious_ones_lead():
    usual = trait(source="ENG-WS-04", hour="6")
    rows = [row(n, traits=usual) for n in range(5)]
    near = [
        (row(60, traits=trait(source="X", hour="9")), "far"),
        (row(61, traits=trait(source="ENG-WS-04", hour="9")), "hour"),
        (row(62, traits=trait(source="X", hour="9"), verdict="suspicious"), "source"),
    ]
    looks = back_test(rows, near=near, **USUAL).nearest
    assert [(look.row.alert, look.why) for look in looks] == [
        (62, "source"),
        (61, "hour"),
        (60, "far"),
    ]


def test_evidence_of_two_thirds_is_held_against_the_last_third():
    rows = [row(1, 59.9, verdict="routine"), row(2, 60.0, verdict="suspicious"), row(3, 80)]
    found = back_test(rows, **USUAL)
    assert (found.evidence.trials, found.evidence.suspicious) == (1, 0)
    assert (found.outcome.trials, found.outcome.suspicious) == (1, 1)


def test_traits_are_what_a_person_would_notice():
    traits = dict(traits_of(facts(port=102), zone="Europe/Warsaw"))
    assert traits["source"] == "ENG-WS-04"
    assert (traits["hour"], traits["weekend"], traits["port"]) == ("7", "False", "102")
    nameless = replace(facts(), source_device="", port=None)
    traits = dict(traits_of(nameless, zone="UTC"))
    assert (traits["source"], traits["hour"], traits["port"]) == ("10.20.4.15", "6", "")


def test_what_is_frozen_is_plain_data_with_its_rule_and_period():
    rows = [row(1, verdict="routine"), row(2, outcomes=frozenset({"reopened"})), row(3)]
    found = back_test(rows, near=[(row(4), "hour")], **USUAL)
    snapshot = frozen(
        found,
        rule_hash="h1",
        start=START,
        end=END,
        ran_at=END,
        after_each=(412, 3),
        total=412,
        of_type=30,
        history_days=90,
        handling=HandlingBody(minutes=None, closings=0, of="all"),
        outside_hours=None,
        deployed=[],
    )
    assert json.loads(json.dumps(snapshot)) == snapshot
    assert (snapshot["rule_hash"], snapshot["start"]) == ("h1", "2026-08-26T22:00:00Z")
    assert (snapshot["alerts"], snapshot["after_each"]) == (3, [412, 3])
    assert snapshot["judged"]["words"].startswith("1 of 1 harmless: too little evidence")
    assert [(stop["alert"], stop["why"]) for stop in snapshot["stops"]] == [(2, ["reopened"])]
    assert [look["alert"] for look in snapshot["nearest"]] == [4]
    assert {look["alert"] for look in snapshot["check_these"]} <= {2, 3}
