"""A rule in one sentence leaves nothing out."""

import pytest
from django.utils.translation import override

from alerts.suppression.web.rule_sentence import closing_sentence, names_in_words, risks_of
from alerts.suppression.web.wording import clause_line
from tests.alerts.suppression import samples
from tests.alerts.suppression.samples import SITE, TUESDAY, TYPE, clause


def test_who_does_what_to_whom_where_and_when():
    assert closing_sentence(samples.DOWNLOADS) == (
        "Closes an incident when every alert in it is Unauthorized PLC Programming from ENG-WS-02"
        " or ENG-WS-04 to PLC-4, Tue 06:00–08:00 Europe/Warsaw, at Gdańsk."
    )


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            [clause("source_kind", "is", "HMI"), clause("source_zone", "is", "Utilities")],
            "from HMI of Utilities",
        ),
        (
            [clause("destination_zone", "is_one_of", "Packaging 2", "Utilities")],
            "to a device of Packaging 2 or Utilities",
        ),
        ([clause("source_subnet", "is", "10.20.4.0/24")], "from an address of 10.20.4.0/24"),
        ([clause("source_address", "within", "10.20.4.0/24")], "from an address of 10.20.4.0/24"),
        (
            [clause("source_device", "is", "HMI-1"), clause("source_address", "is", "10.0.0.1")],
            "from HMI-1 at 10.0.0.1",
        ),
        ([clause("any_device", "is", "HIST-01")], "with HIST-01"),
        ([clause("user_defined_title", "is", "Nightly backup")], "titled “Nightly backup”"),
    ],
)
def test_each_kind_of_end_has_its_words(lines, words):
    assert words in closing_sentence(samples.rule(TYPE, SITE, *lines))


def test_what_has_no_place_in_it_is_told_after_it():
    rule = samples.rule(
        TYPE,
        SITE,
        clause("source_device", "is", "HMI-1"),
        clause("source_kind", "is", "HMI"),
        clause("any_device", "is", "HIST-01"),
        clause("severity", "at_most", "Medium"),
        except_any=[clause("destination_device", "is", "PLC-4")],
    )
    sentence = closing_sentence(rule)
    for words in (
        "source kind is HMI",
        "severity at most Medium",
        "HIST-01",
        "except where destination device is PLC-4",
    ):
        assert words in sentence


def test_every_value_of_a_short_rule_is_in_its_sentence():
    rule = samples.DOWNLOADS
    sentence = closing_sentence(rule)
    assert all(value in sentence for clause in rule.clauses for value in clause_line(clause).values)


def test_of_many_names_the_first_are_told():
    names = [f"PLC-{n}" for n in range(8)]
    assert names_in_words(names) == "PLC-0, PLC-1, PLC-2, PLC-3, PLC-4 or 3 others"
    assert names_in_words([]) == ""


def test_what_could_go_wrong_names_who_and_for_how_long():
    risks = risks_of(samples.DOWNLOADS)
    assert risks.risk == (
        "Whoever controls ENG-WS-02 or ENG-WS-04 could do the same to PLC-4 unseen, 2.0 h a week."
    )
    assert risks.meaning
    assert risks.still_reported[0] == (
        "These still reach you: other alert types, other sources, other targets, other hours."
    )
    assert not any("new member" in risk for risk in risks.still_reported)
    group = samples.rule(TYPE, SITE, clause("source_kind", "is", "PLC"))
    assert "The first incident of each new member of its group goes to a person." in (
        risks_of(group).still_reported
    )
    always = risks_of(samples.rule(TYPE, SITE))
    assert always.risk == "Anybody in reach could do the same unseen, at any hour."
    assert TUESDAY not in samples.rule(TYPE, SITE).all_of


def test_what_could_go_wrong_follows_the_function():
    modbus = clause("alert_type", "is", "Unpermitted Usage of Modbus Function Code")
    read = clause("function", "is", "3 (Read Holding Registers)")
    assert "may change set points" in risks_of(samples.rule(modbus, SITE)).meaning
    assert risks_of(samples.rule(modbus, SITE, read)).meaning.startswith("Reading changes nothing.")


def test_german_nouns_keep_their_capitals():
    rule = samples.rule(TYPE, SITE, clause("protocol", "is", "Modbus/TCP"))
    with override("de"):
        assert "Protokoll ist Modbus/TCP" in closing_sentence(rule)
    assert "protocol is Modbus/TCP" in closing_sentence(rule)
