"""A rule matches, or says which line failed first and why."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.rules.index import Bucket, RuleIndex
from alerts.rules.match import holds, matches
from alerts.rules.sentence import Sentence
from tests.alerts.suppression import samples
from tests.alerts.suppression.samples import (
    DOWNLOADS,
    SITE,
    SOURCE,
    TUESDAY,
    TYPE,
    but,
    clause,
    facts,
    rule,
)

AT_14_10 = datetime(2026, 11, 24, 13, 10, tzinfo=UTC)
AT_05_10 = datetime(2026, 11, 24, 4, 10, tzinfo=UTC)
WEDNESDAY = datetime(2026, 11, 25, 6, 10, tzinfo=UTC)


def test_a_download_on_a_tuesday_morning_matches():
    found = matches(DOWNLOADS, facts())
    assert (found.holds, found.failed, found.why) == (True, None, None)


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"at": AT_14_10}, "time", "it came at 14:10, but the rule's hours end at 08:00"),
        ({"at": AT_05_10}, "time", "it came at 05:10, but the rule's hours begin at 06:00"),
        (
            {"at": WEDNESDAY},
            "time",
            "it came on Wed at 07:10, but the rule's hours are Tue 06:00-08:00 Europe/Warsaw",
        ),
        (
            {"source_device": "LAPTOP-9"},
            "source_device",
            "the source device was LAPTOP-9, but the rule asks for ENG-WS-02 or ENG-WS-04",
        ),
        (
            {"source_device": ""},
            "source_device",
            "the alert names no source device, but the rule asks for ENG-WS-02 or ENG-WS-04",
        ),
        ({"site": "Ulm", "at": AT_14_10}, "site", "the site was Ulm, but the rule asks for Gdańsk"),
    ],
)
def test_the_first_line_that_failed_is_explained(values, field, words):
    found = matches(DOWNLOADS, facts(**values))
    assert not found.holds
    assert (found.failed.field, found.is_exception) == (field, False)
    assert found.why == f"Not closed: {words}."


@pytest.mark.parametrize(
    ("line", "values", "words"),
    [
        (("severity", "at_most", "Low"), {}, "the severity was Medium, but the rule stops at Low"),
        (
            ("severity", "at_most", "High"),
            {"severity": 0},
            "the alert names no severity, but the rule asks for High",
        ),
        (
            ("alerts_in_incident", "at_most", 1),
            {"alerts_in_incident": 3},
            "the number of alerts in the incident was 3, but the rule stops at 1",
        ),
        (
            ("source_address", "within", "10.30.0.0/16"),
            {},
            "the source address was 10.20.4.15, which is outside 10.30.0.0/16",
        ),
        (
            ("zone", "within", "Ulm / Utilities"),
            {},
            "the zone was Gdańsk / Packaging 2, which is outside Ulm / Utilities",
        ),
        (
            ("any_device", "is", "HIST-01"),
            {},
            "the device was ENG-WS-04 and PLC-4, but the rule asks for HIST-01",
        ),
        (("port", "is", 102), {}, "the alert names no port, but the rule asks for 102"),
    ],
)
def test_each_kind_of_line_has_its_words(line, values, words):
    assert matches(rule(clause(*line)), facts(**values)).why == f"Not closed: {words}."


def test_a_line_may_hold_for_alerts_that_tell_no_function():
    polls = rule(TYPE, clause("function", "is_one_of", "", "3 (Read Holding Registers)", "Read"))
    assert matches(polls, facts(function="Read")).holds
    assert matches(polls, facts(function="")).holds
    assert matches(polls, facts(function="Stop")).why == (
        "Not closed: the function was Stop, but the rule asks for 3 (Read Holding Registers) or "
        "Read."
    )
    assert not matches(rule(TYPE, clause("function", "is", "Read")), facts(function="")).holds


def test_an_exception_is_explained_as_one():
    spared = but(DOWNLOADS, except_any=(clause("function", "is_one_of", "Upload", "Stop PLC"),))
    assert matches(spared, facts(function="Download")).holds
    found = matches(spared, facts(function="Upload"))
    assert (found.holds, found.is_exception, found.failed.field) == (False, True, "function")
    assert found.why == (
        "Not closed: the rule makes an exception for the function Stop PLC or Upload."
    )
    hours = rule(TYPE, except_any=[TUESDAY])
    assert matches(hours, facts()).why.endswith("for Tue 06:00-08:00 Europe/Warsaw.")


def test_a_rule_without_a_line_matches_nothing():
    assert not holds(rule(), facts())
    assert not matches(rule(), facts()).holds
    index = RuleIndex({1: rule(), 2: rule(except_any=[SITE])})
    assert index.matching(facts()) == []


TWINS = {"E": "Е", "P": "Р", "C": "С", "S": "Ѕ", "a": "а", "o": "о", "d": "ԁ", "n": "п", "U": "Ս"}


def shaped(name):
    """Ways to write something else that a tired reader takes for this name."""
    yield from {name.lower(), name.upper(), name.swapcase()} - {name}
    yield from (f" {name}", f"{name} ", f"{name}\t", f"{name}\n", f"\u00a0{name}", f"{name}.")
    yield from (f"{name}\u200b", f"\u2060{name}", f"{name}\u202e", f"{name[:3]}\u00ad{name[3:]}")
    yield from (
        name[:-1],
        name + name[-1],
        f"{name}0",
        f"{name},{name}",
        f"%{name}%",
        ".*",
        "*",
        "",
    )
    yield from (name.replace("-", "‐"), name.replace("-", "–"), name.replace("-", "_"))
    yield from (name.replace(" ", "\u2009"), name.replace(" ", "  "), name.replace("0", "O"))
    yield from (name.replace(letter, twin, 1) for letter, twin in TWINS.items())
    yield from (f"{name}' OR '1'='1", f"{name}\\", f"{name}\0", f"(MDIoT) {name}", f"{name}/..")


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("source_device", "ENG-WS-04"),
        ("destination_device", "PLC-4"),
        ("alert_type", samples.PROGRAMMING),
        ("site", "Gdańsk"),
        ("workspace", "north"),
        ("function", "Program download"),
    ],
)
def test_names_shaped_to_look_like_the_rules_do_not_match(field, name):
    made = but(
        DOWNLOADS, clause("function", "is", "Program download"), clause("workspace", "is", "north")
    )
    index = RuleIndex({1: made})
    honest = facts(function="Program download")
    assert holds(made, honest)
    assert index.matching(honest) == [1]
    tried = {value for value in shaped(name) if value != name}
    assert len(tried) > 25
    for value in tried:
        alert = replace(honest, **{field: value})
        assert not holds(made, alert), value
        assert index.matching(alert) == [], value


def test_a_side_of_the_rule_on_the_other_side_does_not_match():
    turned = facts(source_device="PLC-4", destination_device="ENG-WS-04")
    assert not holds(DOWNLOADS, turned)


@settings(max_examples=60)
@given(st.lists(samples.rules(), max_size=8), samples.any_facts())
def test_the_index_finds_what_a_loop_finds(made, alert):
    index = RuleIndex(dict(enumerate(made)))
    expected = [number for number, rule in enumerate(made) if holds(rule, alert)]
    assert sorted(index.matching(alert)) == expected
    for number in list(range(0, len(made), 2)):
        index.drop(number)
    assert sorted(index.matching(alert)) == [number for number in expected if number % 2]


@given(samples.rules(), samples.any_facts())
def test_explaining_and_deciding_agree(made, alert):
    found = matches(made, alert)
    assert found.holds is holds(made, alert)
    assert found.holds is (found.failed is None)
    assert found.holds or isinstance(found.why, Sentence)


@pytest.mark.parametrize(
    ("made", "bucket"),
    [
        (rule(TYPE, SITE, SOURCE), "type+site"),
        (rule(TYPE, SOURCE), "type"),
        (rule(SITE, SOURCE), "site"),
        (rule(SOURCE), "neither"),
    ],
)
def test_a_rule_stands_in_the_bucket_of_what_it_names(made, bucket):
    assert RuleIndex({7: made}).bucket_of(7) == bucket


def test_a_rule_over_very_many_pairs_stands_under_its_types():
    kinds = clause("alert_type", "is_one_of", *(f"Kind {n}" for n in range(20)))
    sites = clause("site", "is_one_of", *(f"Site {n}" for n in range(20)))
    index = RuleIndex({1: rule(kinds, sites)})
    assert index.bucket_of(1) == "type"
    assert index.matching(facts(alert_type="Kind 3", site="Site 4")) == [1]
    assert index.matching(facts(alert_type="Kind 3", site="Ulm")) == []


def test_editing_a_rule_touches_its_own_bucket_only(monkeypatch):
    ulm = rule(TYPE, clause("site", "is", "Ulm"))
    index = RuleIndex({1: rule(TYPE, SITE), 2: ulm, 3: rule(TYPE), 4: rule(SITE), 5: rule(SOURCE)})
    touched = []
    add = Bucket.add
    monkeypatch.setattr(Bucket, "add", lambda self, *a: touched.append(self) or add(self, *a))
    index.put(1, rule(TYPE, SITE, SOURCE))
    assert len(touched) == 1
    assert len(index) == 5
    assert index.matching(facts(source_device="LAPTOP-9")) == [3, 4]
    assert index.matching(facts(source_device="LAPTOP-9", site="Ulm")) == [2, 3]


def test_two_devices_of_one_line_find_the_rule_once():
    both = rule(TYPE, clause("any_device", "is_one_of", "ENG-WS-04", "PLC-4"))
    assert RuleIndex({1: both}).matching(facts()) == [1]
