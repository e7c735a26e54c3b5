"""Rules that say nothing, too much or something else than they seem to: one sentence each."""

import copy
import json
import pickle

import pytest
from hypothesis import given

from alerts.rules.rule import (
    NotARule,
    as_json,
    canonical,
    parse_rule,
    reasons_against_rule,
    rule_hash,
)
from alerts.rules.sentence import translated_sentence
from tests.alerts.suppression import samples
from tests.alerts.suppression.samples import DOWNLOADS, SITE, TYPE, but, clause, rule

BAD_LINES = [
    (("colour", "is", "red"), "clause.field"),
    (("at", "is", "x"), "clause.field"),
    (("__class__", "is", "x"), "clause.field"),
    (("alert_type", "contains", "PLC programming"), "clause.operator"),
    (("alert_type", "within", "PLC programming"), "clause.operator"),
    (("site", "at_most", "Ulm"), "clause.operator"),
    (("time", "is", "Tue 06:00-08:00 UTC"), "clause.operator"),
    (("alerts_in_incident", "is", 3), "clause.operator"),
    (("site", "is_one_of"), "clause.empty"),
    (("site", "is", "Ulm", "Gdańsk"), "clause.one"),
    (("severity", "at_most", "Low", "High"), "clause.one"),
    (("sensor", "is_one_of", *(f"sensor-{n}" for n in range(201))), "clause.many"),
    (("port", "is", 65536), "value.number"),
    (("port", "is", -1), "value.number"),
    (("port", "is", "102"), "value.number"),
    (("alerts_in_incident", "at_most", 0), "value.number"),
    (("alerts_in_incident", "at_most", 501), "value.number"),
    (("sensor", "is", 1234), "value.text"),
    (("sensor", "is", "s" * 301), "value.long"),
    (("severity", "is", "Critical"), "value.severity"),
    (("severity", "at_most", "Unknown"), "value.severity"),
    (("severity", "is", "high"), "value.severity"),
    (("planned_work", "within", "other"), "value.work"),
    (("techniques", "is", "T08"), "value.technique"),
    (("techniques", "is", "T0843\n"), "value.technique"),
    (("zone", "within", "Packaging 2"), "value.zone"),
    (("zone", "within", " / Packaging 2"), "value.zone"),
    (("site", "is", ""), "text.blanks"),
    (("site", "is", " "), "text.blanks"),
    (("sensor", "is", "sensor  a"), "text.blanks"),
    (("sensor", "is", "sensor-a "), "text.blanks"),
    (("source_device", "is", "PLC"), "text.short"),
    (("any_device", "is", "a"), "text.short"),
    (("alert_type", "is", "PLC"), "text.short"),
    (("alert_type", "is", "...."), "text.nothing"),
    (("source_device", "is", "ENG\u200b-WS-04"), "text.unseen"),
    (("source_device", "is", "ENG-WS-04\u202e"), "text.unseen"),
    (("source_device", "is", "ENG\n-WS-04"), "text.unseen"),
    (("source_device", "is", "ENG\x00WS-04"), "text.unseen"),
    (("source_device", "is", "ENG-WS\ud800"), "text.unseen"),
    (("function", "is", ""), "clause.empty"),  # "not specified" names no function by itself
    (("protocol", "is_one_of", "S7", ""), "text.blanks"),
    (("source_device", "is", "ЕNG-WS-04"), "text.twin"),  # the first letter is Cyrillic
    (("source_device", "is", "НМІ-0001"), "text.twin"),  # all three letters are
    (("source_device", "is", "ΡLC-0001"), "text.twin"),  # the first is Greek
    (("source_device", "is", "ＰＬＣ－０１"), "text.twin"),
    (("source_device", "is", "PLC-0001²"), "text.twin"),
    (("source_device", "is", "U\u0308bergabe"), "text.twin"),
    (("source_address", "is", "10.20.4"), "address.form"),
    (("source_address", "is", "010.20.4.15"), "address.form"),
    (("source_address", "is", "10.20.4.15/32"), "address.form"),
    (("source_address", "is", "FE80::1"), "address.form"),
    (("source_address", "is", "fe80::1%eth0"), "address.form"),
    (("source_address", "is", "0.0.0.0"), "address.everybody"),
    (("source_address", "is", "255.255.255.255"), "address.everybody"),
    (("any_address", "is", "::"), "address.everybody"),
    (("source_address", "within", "0.0.0.0/0"), "network.wide"),
    (("source_address", "within", "::/0"), "network.wide"),
    (("source_address", "within", "0.0.0.0/1", "128.0.0.0/1"), "network.wide"),
    (("source_address", "within", "10.0.0.0/7"), "network.wide"),
    (("source_address", "within", "12.0.0.0/7"), "network.wide"),
    (("source_address", "within", "2001::/31"), "network.wide"),
    (("source_address", "within", "10.20.4.15/24"), "network.form"),
    (("source_address", "within", "10.20.4.0/255.255.255.0"), "network.form"),
    (("source_address", "within", "10.20.4.0"), "network.form"),
    (("time", "within", "Tuesday 06:00-08:00 Europe/Warsaw"), "window.form"),
    (("time", "within", "Tue 06:00–08:00 Europe/Warsaw"), "window.form"),
    (("time", "within", "Tue 25:00-26:00 Europe/Warsaw"), "window.form"),
    (("time", "within", "Tue 06:00-24:30 Europe/Warsaw"), "window.form"),
    (("time", "within", "Tue 06:00-08:00"), "window.form"),
    (("time", "within", "Tue 06:00-08:00 Europe/Danzig"), "window.zone"),
    (("time", "within", "Tue 06:00-08:00 europe/warsaw"), "window.zone"),
    (("time", "within", "Tue 06:00-08:00 CET"), "window.zone"),
    (("time", "within", "Tue 06:00-08:00 ../etc/passwd"), "window.zone"),
    (("time", "within", "Tue 06:00-06:00 Europe/Warsaw"), "window.empty"),
    (("time", "within", "Tue 06:00-00:00 Europe/Warsaw"), "window.midnight"),
]


@pytest.mark.parametrize(("line", "code"), BAD_LINES, ids=lambda value: str(value)[:60])
def test_a_line_that_says_nothing_sensible_is_refused(line, code):
    for made in (rule(TYPE, clause(*line)), rule(TYPE, except_any=[clause(*line)])):
        codes = {reason.code for reason in reasons_against_rule(made)}
        assert codes - {"clause.exception_open"} == {code}


GOOD_LINES = [
    ("site", "is", "Ulm"),
    ("zone", "is_one_of", "A1"),
    ("zone", "within", "Gdańsk / Packaging 2"),
    ("protocol", "is", "S7"),
    ("function", "is", "5"),
    ("function", "is_one_of", "5", ""),  # or not specified
    ("source_device", "is", "Клапан-01"),  # a Cyrillic word that no Latin one looks like
    ("source_device", "is", "GDAŃSK-Ö1"),
    ("source_device", "is", "ポンプ-01"),
    ("any_address", "is_one_of", "10.20.4.15", "00:00:BC:00:00:01", "fe80::1"),
    ("any_address", "within", "10.0.0.0/8", "2001:db8::/32"),
    ("time", "within", "Fri 22:00-06:00 Europe/Warsaw", "Mon 00:00-24:00 UTC"),
    ("severity", "at_most", "Medium"),
    ("techniques", "is_one_of", "T0843", "T1693.001"),
    ("port", "is_one_of", 0, 102, 65535),
    ("alerts_in_incident", "at_most", 500),
]


@pytest.mark.parametrize("line", GOOD_LINES, ids=str)
def test_a_line_that_makes_sense_is_taken(line):
    assert not reasons_against_rule(rule(TYPE, clause(*line)))


def test_an_exception_is_about_something_that_was_told():
    open_line = clause("function", "is_one_of", "5", "")
    [reason] = reasons_against_rule(rule(TYPE, except_any=[open_line]))
    assert reason.code == "clause.exception_open"


EVERY_DAY = [f"{day} 00:00-24:00 UTC" for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")]


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (rule(), "rule.empty"),
        (rule(except_any=[SITE]), "rule.negation_only"),
        (rule(clause("severity", "at_most", "High")), "rule.match_all"),
        (
            rule(clause("severity", "is_one_of", "Informational", "Low", "Medium", "High")),
            "rule.match_all",
        ),
        (rule(clause("entities_in_incident", "at_most", 500)), "rule.match_all"),
        (rule(clause("time", "within", *EVERY_DAY)), "rule.match_all"),
        (rule(TYPE, except_any=[clause("time", "within", *EVERY_DAY)]), "rule.never"),
        (rule(*[TYPE] * 21), "rule.many"),
        (rule(TYPE, except_any=[SITE] * 21), "rule.many"),
        (rule(TYPE, title="Rec"), "text.short"),
        (rule(TYPE, title="Rec\u200bipe downloads"), "text.unseen"),
        (rule(TYPE, title="R" * 201), "value.long"),
        (rule(TYPE, actions=()), "rule.actions"),
        (rule(TYPE, actions=("close", "run")), "rule.actions"),
        (rule(TYPE, enforcement="everywhere"), "rule.enforcement"),
        (
            rule(
                clause(
                    "alert_type", "is", "Unauthorized Operation was detected by a User Defined Rule"
                )
            ),
            "rule.generic_title",
        ),
    ],
)
def test_a_rule_for_everything_or_nothing_is_refused(made, code):
    assert [reason.code for reason in reasons_against_rule(made)] == [code]


def test_the_generic_title_is_taken_with_the_sensors_own():
    generic = clause(
        "alert_type", "is", "Unauthorized Operation was detected by a User Defined Rule"
    )
    assert not reasons_against_rule(rule(generic, clause("user_defined_title", "is", "Beckhoff")))


def test_one_line_that_narrows_is_enough():
    assert not reasons_against_rule(rule(TYPE, clause("severity", "at_most", "High")))


def test_each_reason_can_be_said_in_another_language():
    reason = reasons_against_rule(rule(TYPE, clause("site", "is", "")))[0]
    assert reason == ("The site is empty, starts or ends with a space, or has two spaces in a row.")
    for again in (pickle.loads(pickle.dumps(reason)), copy.deepcopy(reason)):
        assert (again, again.code, again.detail) == (reason, reason.code, reason.detail)
    assert translated_sentence(reason, lambda text: text.replace("The", "Die")).startswith(
        "Die site"
    )


def test_the_hash_sees_each_member_but_not_the_order_of_values():
    same = but(DOWNLOADS)
    turned = rule(*(clause(c.field, c.operator, *reversed(c.values)) for c in DOWNLOADS.all_of))
    assert rule_hash(DOWNLOADS) == rule_hash(same) == rule_hash(turned)
    others = [
        but(DOWNLOADS, clause("port", "is", 102)),
        but(DOWNLOADS, except_any=(SITE,)),
        but(DOWNLOADS, title="Recipe download"),
        but(DOWNLOADS, reason="recipe"),
        but(DOWNLOADS, evidence=("a1",)),
        but(DOWNLOADS, owner_ot="oda"),
        but(DOWNLOADS, owner_soc="leo"),
        but(DOWNLOADS, enforcement="sentinel"),
        but(DOWNLOADS, expires_at=None),
        but(DOWNLOADS, expires_at=samples.NOW),
    ]
    assert len({rule_hash(definition) for definition in (DOWNLOADS, *others)}) == 11


def test_the_hash_is_a_promise_that_outlives_this_code():
    assert canonical(as_json(rule(SITE, title="Fixed", expires_at=None))).decode() == (
        '{"actions":["close"],"all_of":[{"field":"site","operator":"is","values":["Gdańsk"]}],'
        '"enforcement":"tagout","evidence":[],"except_any":[],"expires_at":null,"owner_ot":"",'
        '"owner_soc":"","reason":"","title":"Fixed","version":1}'
    )


@given(samples.rules())
def test_what_was_written_is_read_back(made):
    again = parse_rule(canonical(as_json(made)))
    assert again == made
    assert rule_hash(again) == rule_hash(made)


def _spoilt(**members):
    data = as_json(DOWNLOADS) | members
    return json.dumps({name: value for name, value in data.items() if value != "gone"})


LINE = {"field": "site", "operator": "is", "values": ["Ulm"]}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "json.form"),
        ("[]", "json.form"),
        ("null", "json.form"),
        ("{", "json.form"),
        (b"\xff{}", "json.form"),
        ("[" * 100_000, "json.form"),
        (_spoilt(title=float("nan")), "json.form"),
        ("x" * 256_001, "json.large"),
        ('{"version": 1, "version": 1}', "json.twice"),
        (_spoilt(approved_by="leo"), "json.unknown"),
        (_spoilt(title="gone"), "json.missing"),
        (_spoilt(all_of="gone"), "json.missing"),
        (_spoilt(version=2), "json.version"),
        (_spoilt(version=True), "json.version"),
        (_spoilt(title=5), "json.text"),
        (_spoilt(evidence="a1"), "json.texts"),
        (_spoilt(evidence=[1]), "json.texts"),
        (_spoilt(all_of={}), "json.clauses"),
        (_spoilt(all_of=["site"]), "json.clauses"),
        (_spoilt(all_of=[LINE | {"or": []}]), "json.unknown"),
        (_spoilt(all_of=[{"field": "site"}]), "json.missing"),
        (_spoilt(except_any=[LINE | {"field": 1}]), "json.text"),
        (_spoilt(all_of=[LINE | {"values": "Ulm"}]), "json.values"),
        (_spoilt(all_of=[LINE | {"values": [True]}]), "json.values"),
        (_spoilt(all_of=[LINE | {"values": [["Ulm"]]}]), "json.values"),
        (_spoilt(all_of=[LINE | {"values": [1.5]}]), "json.values"),
        (_spoilt(expires_at="2027-02-30T00:00:00Z"), "json.instant"),
        (_spoilt(expires_at="2027-02-01T00:00:00+01:00"), "json.instant"),
        (_spoilt(expires_at=1), "json.instant"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_json_that_spells_no_rule_is_refused_in_words(text, code):
    with pytest.raises(NotARule) as refused:
        parse_rule(text)
    assert [reason.code for reason in refused.value.reasons] == [code]
