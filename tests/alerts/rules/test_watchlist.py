"""The list of routine pairs: which rules are in it, and that Sentinel's reading of it leaves out
exactly the alerts that the rules themselves cover.
"""

import json
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alerts.incidents.engine.catalogue import all_types
from alerts.rules.fields import SEVERITIES
from alerts.rules.rule import reasons_against_rule
from alerts.rules.watchlist import (
    FORMAT,
    MAX_PAIRS,
    MAX_ROW_BYTES,
    RoutinePair,
    gate_row,
    row_leaves_out,
    watchlist_rows_of,
)
from tests.alerts.rules.exclusion import (
    ADDRESSES,
    DEVICES,
    PAIR,
    SIGNED,
    SINCE,
    TITLES,
    a_row,
    about,
    covered_of,
    facts_of,
    items_of,
    left_out_by_kql,
    left_out_by_rules,
    routine,
    some_alert,
)
from tests.alerts.suppression.samples import (
    NOW,
    SITE,
    TUESDAY,
    WINDOWS,
    but,
    clause,
    rule,
)

ONE_SOURCE = replace(PAIR, except_any=(clause("source_device", "is", "ENG-WS-02"),))


def reasons(of, **more):
    return {reason.code for reason in routine(of, **more).reasons}


# ---------------------------------------------------------------------------------- which rules


def test_a_pair_by_name_with_its_place_is_in_the_list():
    found = routine(PAIR)
    assert found.reasons == ()
    assert [pair.key for pair in found.pairs] == [
        "Modbus Exception|name:ENG-WS-02|name:PLC-4",
        "Modbus Exception|name:ENG-WS-04|name:PLC-4",
    ]
    assert found.conditions == {"Site": ("Gdańsk",)}
    assert found.severities == ("Informational", "Low", "Medium")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (clause("source_kind", "is", "PLC"), "watchlist.line"),
        (clause("planned_work", "within", "backup"), "watchlist.line"),
        (clause("alerts_in_incident", "at_most", 1), "watchlist.line"),
        (clause("techniques", "is", "T0843"), "watchlist.line"),
        (clause("any_device", "is", "PLC-4"), "watchlist.line"),
        (clause("engine", "is", "OPERATIONAL"), "watchlist.line"),
        (clause("function", "is_one_of", "Write", ""), "watchlist.line"),
        (clause("workspace", "is", "south"), "sentinel.not_here"),
    ],
)
def test_a_line_that_the_exclusion_cannot_say_keeps_the_rule_out(more, code):
    assert reasons(but(PAIR, more)) == {code}


def test_high_severity_is_never_in_the_list():
    high = but(PAIR, clause("severity", "is", "High"))
    assert reasons(but(high, TUESDAY)) == {"watchlist.nothing"}
    assert reasons(high) == {"watchlist.nothing", "watchlist.hours"}
    also = routine(but(PAIR, TUESDAY, clause("severity", "is_one_of", "Medium", "High")))
    assert also.severities == ("Medium",)


@pytest.mark.parametrize("field", ["source_device", "destination_device"])
def test_a_rule_that_leaves_a_side_open_is_out(field):
    lines = [line for line in PAIR.all_of if line.field != field]
    assert reasons(replace(PAIR, all_of=tuple(lines))) == {"watchlist.side"}


def test_a_network_is_no_end():
    lines = (*PAIR.all_of[:3], clause("destination_address", "within", "10.20.4.0/24"))
    assert reasons(replace(PAIR, all_of=lines)) == {"watchlist.line", "watchlist.side"}


def test_never_types_unknown_titles_and_boxed_types_without_hours_are_out():
    def of(title):
        return replace(PAIR, all_of=(clause("alert_type", "is", title), *PAIR.all_of[1:]))

    for kind in all_types():
        if kind.guard == "never":
            assert "never.type" in reasons(of(kind.title))
        elif kind.guard == "timeboxed" or kind.severity == "High":
            assert reasons(of(kind.title)) == {"watchlist.hours"}
            assert reasons(but(of(kind.title), TUESDAY)) == set()
        else:
            assert reasons(of(kind.title)) == set(), kind.title
    assert reasons(of("Quelque chose de neuf")) == {"watchlist.unlisted"}
    assert reasons(of("MODBUS EXCEPTION")) == {"watchlist.unlisted"}


def test_exceptions_take_rows_out_and_nothing_else():
    taken = replace(PAIR, except_any=(clause("source_device", "is", "ENG-WS-02"),))
    assert [pair.source for pair in routine(taken).pairs] == ["name:ENG-WS-04"]
    either = replace(PAIR, except_any=(clause("any_device", "is", "ENG-WS-04"),))
    assert [pair.source for pair in routine(either).pairs] == ["name:ENG-WS-02"]
    unsaid = replace(PAIR, except_any=(clause("protocol", "is", "MODBUS"),))
    assert reasons(unsaid) == {"watchlist.exception"}
    everyone = replace(PAIR, except_any=(clause("destination_device", "is", "PLC-4"),))
    assert reasons(everyone) == {"watchlist.nothing"}


def test_a_rule_of_too_many_pairs_and_a_row_that_is_too_large_are_out():
    many = clause(
        "source_device", "is_one_of", *(f"STATION-{n}" for n in range(MAX_PAIRS // 2 + 1))
    )
    two = clause("destination_device", "is_one_of", "PLC-4", "PLC-5")
    assert reasons(replace(PAIR, all_of=(PAIR.all_of[0], SITE, many, two))) == {"watchlist.many"}
    wide = clause("function", "is_one_of", *(f"{n:03d}" + "f" * 117 for n in range(90)))
    assert reasons(but(PAIR, wide)) == {"watchlist.large"}


def test_a_row_says_whose_it_is_in_texts_alone():
    found = watchlist_rows_of(routine(but(PAIR, TUESDAY)), SIGNED)
    for row in found.values():
        assert all(isinstance(value, str) for value in row.values())
        assert len(json.dumps(row, ensure_ascii=False).encode()) <= MAX_ROW_BYTES
        assert (row["Rule"], row["Version"], row["RuleHash"]) == ("R-12", "3", "0" * 64)
        assert (row["From"], row["Until"]) == ("2026-03-01T00:00:20Z", "2026-11-28T12:00:30Z")
    assert {row["Pair"] for row in found.values()} == {pair.key for pair in found}


# ---------------------------------------------------------------------------------------- keys


ENDS = st.text("|:%27C-nameaddress", max_size=12)


@given(st.tuples(ENDS, ENDS), st.tuples(ENDS, ENDS))
@example(("A", "B|name:C"), ("A|name:B", "C"))
@example(("A%7CB", "C"), ("A|B", "C"))
def test_two_pairs_never_have_one_key(some, others):
    title = "Modbus Exception"
    one, other = (RoutinePair(title, f"name:{a}", f"name:{b}") for a, b in (some, others))
    assert (one.key == other.key) == (some == others)


def test_conditions_that_cannot_be_read_leave_nothing_out():
    """Not everything: an alert of any other site, port or function would be left out."""
    texts = ["", "{", "null", "[]", '"Site"', "none", '{"Site": ["Gdansk"']
    rows = [a_row(SINCE, n, DestinationDevice=f"PLC-{n}") for n in range(len(texts) + 1)]
    *pairs, gate = items_of([about(f"PLC-{n}", ONE_SOURCE) for n in range(len(rows))])
    everything = {row["SystemAlertId"] for row in rows}
    assert left_out_by_kql(rows, [*pairs, gate], now=NOW) == everything
    assert len(pairs) == len(rows)
    spoiled = [{**pair, "Conditions": text} for pair, text in zip(pairs, texts, strict=False)]
    whole = rows[-1]["SystemAlertId"]
    assert left_out_by_kql(rows, [*spoiled, pairs[-1], gate], now=NOW) == {whole}
    for row, pair in zip(rows, spoiled, strict=False):
        assert not row_leaves_out(pair, facts_of(row))


def test_no_type_of_the_catalogue_holds_the_separator_of_keys():
    assert not [kind.title for kind in all_types() if "|" in kind.title]


def test_the_exclusion_tells_apart_what_a_bar_in_a_name_would_confuse():
    ends = (clause("source_device", "is", "A|name:B"), clause("destination_device", "is", "C"))
    pair = rule(PAIR.all_of[0], SITE, *ends)
    ends = [("A|name:B", "C"), ("A", "B|name:C"), ("A%7Cname:B", "C")]
    rows = [
        a_row(SINCE, number, SourceDevice=source, DestinationDevice=destination)
        for number, (source, destination) in enumerate(ends)
    ]
    (wanted, *_) = [row["SystemAlertId"] for row in rows]
    assert covered_of(rows, [pair]) == {wanted}
    assert left_out_by_kql(rows, items_of([pair]), now=NOW) == {wanted}


# ----------------------------------------------------------- the same alerts, by both readings

BY_NAME, BY_ADDRESS = (("device", DEVICES),), (("address", ADDRESSES),)


def some_rules(chance, count):
    """Rules that a person could have written, most of which the list can say."""
    found = []
    while len(found) < count:
        lines = [clause("alert_type", "is_one_of", *chance.sample(TITLES, chance.randint(1, 2)))]
        lines.append(
            clause("site", "is_one_of", *chance.sample(("Gdańsk", "Ulm"), chance.randint(1, 2)))
        )
        for side in ("source", "destination"):
            for kind, pool in chance.choice((BY_NAME, BY_ADDRESS, BY_NAME + BY_ADDRESS)):
                values = chance.sample(pool, chance.randint(1, 3))
                lines.append(clause(f"{side}_{kind}", "is_one_of", *values))
        extra = [
            clause("time", "within", *chance.sample(WINDOWS, chance.randint(1, 3))),
            clause("function", "is_one_of", *chance.sample(("Read", "Write", "Download"), 2)),
            clause("protocol", "is", chance.choice(("MODBUS", "Siemens S7"))),
            clause("severity", "at_most", chance.choice(SEVERITIES[1:])),
            clause("zone", "is", "Packaging 2"),
            clause("zone", "within", "Gdańsk / Packaging 2"),
            clause("port", "is_one_of", 102, 502),
            clause("sensor", "is", "sensor-a"),
            clause("source_kind", "is", "PLC"),
        ]
        weights = (6, 4, 3, 3, 2, 2, 2, 2, 1)
        lines += list(dict.fromkeys(chance.choices(extra, weights, k=chance.randint(0, 3))))
        beside = []
        if chance.random() < 0.3:
            beside = [
                chance.choice(
                    [
                        clause("source_device", "is", chance.choice(DEVICES)),
                        clause("any_device", "is", chance.choice(DEVICES)),
                        clause("time", "within", chance.choice(WINDOWS)),
                        clause("severity", "is", "Low"),
                    ]
                )
            ]
        drawn = rule(*lines, except_any=beside)
        if not reasons_against_rule(drawn):
            found.append(drawn)
    return found


def agree(count, *, seed):
    chance = random.Random(seed)
    drawn = some_rules(chance, 120)
    listed = [each for each in drawn if routine(each).is_listed]
    assert 40 <= len(listed) < len(drawn), "most rules have to be in the list, and some out of it"
    rows = [some_alert(chance, number) for number in range(count)]
    by_rules = left_out_by_rules(rows, listed)
    assert count / 100 < len(by_rules) < count / 2
    assert left_out_by_kql(rows, items_of(drawn), now=NOW) == by_rules
    some = rows[: count // 20]
    assert covered_of(some, listed) == by_rules & {row["SystemAlertId"] for row in some}


def test_the_exclusion_leaves_out_what_the_rules_cover(request):
    """With --all-pairs over 100,000 alerts."""
    agree(100_000 if request.config.getoption("--all-pairs") else 4_000, seed=11)


def test_without_an_open_gate_the_list_says_nothing():
    chance = random.Random(3)
    drawn = some_rules(chance, 60)
    rows = [some_alert(chance, number) for number in range(500)]
    items = items_of(drawn)
    assert left_out_by_kql(rows, items, now=NOW)
    assert not left_out_by_kql(rows, items, now=NOW + timedelta(days=1, seconds=1))
    assert not left_out_by_kql(rows, items[:-1], now=NOW)
    shut = {**items[-1], **gate_row(until=None)}
    assert not left_out_by_kql(rows, [*items[:-1], shut], now=NOW)
    by_hand = {**items[-1], **gate_row(until=NOW + timedelta(days=900))}
    assert not left_out_by_kql(rows, [*items[:-1], shut, by_hand], now=NOW), "there is one gate"
    assert not left_out_by_kql(rows, [*items, by_hand], now=NOW)
    assert not left_out_by_kql(rows, [], now=NOW), "a list that is not there breaks no rule"
    other = [{**item, "Format": "2"} for item in items]
    assert FORMAT == "1"
    assert not left_out_by_kql(rows, other, now=NOW)
