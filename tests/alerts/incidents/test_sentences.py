"""Every alert type can be said in plain words, in every language, with whatever sides are known."""

import re
from functools import partial

import pytest

from alerts.incidents.engine.catalogue import (
    LANGUAGES,
    USER_RULE_TITLE,
    all_types,
    headline,
    sentence,
    sentences,
    why_it_matters,
)

STATION, PLC = "ENG-WS-04", "PLC-PL2-07"
SIDES = [(STATION, PLC), (STATION, ""), ("", PLC), ("", "")]
CASES = {"en": {""}, "de": {"", "_dative"}}
ROLES = ("source", "destination", "device", "pair")
JARGON = re.compile(r"\b(PLC|DNP3|ASDU|CIP|SMB|RPC|TCP|UDP|IIN|master|slave|payload)\b", re.I)

every_language = pytest.mark.parametrize("language", LANGUAGES)


def spoken(language):
    for entry in all_types():
        for source, destination in SIDES:
            yield (
                entry,
                headline(entry.title, source=source, destination=destination, language=language),
                sentence(entry.title, source=source, destination=destination, language=language),
            )


@every_language
def test_every_type_has_words_and_no_words_are_left_over(language):
    assert set(sentences(language)["alerts"]) == {entry.title for entry in all_types()}
    assert set(sentences(language)["why"]) == (
        {entry.why for entry in all_types()} | {"unknown", "read"}
    )


@every_language
def test_only_known_placeholders_are_used_and_each_at_most_once(language):
    allowed = {role + case for role in ROLES for case in CASES[language]}
    for title, texts in sentences(language)["alerts"].items():
        both = texts.get("both", {})
        assert set(texts) - {"both"} == {"headline", "plain"}, title
        assert set(both) in ({"headline", "plain"}, set()), title
        for text in (texts["headline"], texts["plain"], *both.values()):
            used = re.findall(r"\{(.*?)\}", text)
            assert set(used) <= allowed, (title, text)
            roles = [name.split("_")[0] for name in used]
            assert len(roles) == len(set(roles)), (title, text)


@every_language
def test_every_noun_has_every_form(language):
    needed = {form + case for form in ("one", "other", "two") for case in CASES[language]}
    for entry in all_types():
        for noun in (entry.source_noun, entry.destination_noun):
            assert set(sentences(language)["nouns"][noun]) == needed


@every_language
def test_words_are_short_whole_and_plain(language):
    for entry, head, plain in spoken(language):
        assert len(head) <= 80, head
        assert len(plain) <= 140, plain
        assert len(why_it_matters(entry.title, language=language)) <= 140
        assert "{" not in head + plain
        assert head[0].isupper()
        assert plain[0].isupper()
        assert not head.endswith(".")
        assert plain.endswith(".")
        assert not JARGON.search((head + plain).replace(PLC, "")), plain


@every_language
def test_a_known_name_is_said_and_an_unknown_one_leaves_no_hole(language):
    for entry in all_types():
        if entry.about == "sensor":
            continue
        plain = sentence(entry.title, source=STATION, destination=PLC, language=language)
        assert STATION in plain, plain
        blank = sentence(entry.title, language=language)
        assert "  " not in blank
        assert STATION not in blank


def test_the_sentence_of_the_main_story_reads_well():
    names = {"source": STATION, "destination": PLC}
    title = "(MDIoT) Unauthorized PLC Programming"
    assert headline(title, **names) == "Someone loaded a program into PLC-PL2-07"
    assert headline(title, **names, language="de") == (
        "Jemand hat ein Programm in PLC-PL2-07 geladen"
    )
    assert headline(title) == "Someone loaded a program into a controller"
    assert headline(title, language="de-CH") == (
        "Jemand hat ein Programm in eine Steuerung geladen"
    )


@every_language
def test_no_sentence_claims_that_something_is_new(language):
    """Sensors report what they have not learned; pages count how often that came before."""
    novelty = re.compile(r"\b(new|first time|never|unfamiliar|neue[rsnm]?|ungewohnt\w*)\b")
    for _, head, plain in spoken(language):
        assert not novelty.search(head + plain), head + plain


@every_language
def test_a_read_commands_nothing(language):
    title = "Unpermitted Usage of Modbus Function Code"
    read, write = "3 (Read Holding Registers)", "16 (Write Multiple Registers)"
    words = partial(why_it_matters, title, language=language)
    assert words(functions=[read]) == sentences(language)["why"]["read"]
    assert words(functions=[read, write]) == words(functions=[read, ""]) == words()
    stop = partial(why_it_matters, "Controller Stop", language=language)
    assert stop(functions=[read]) == stop()


def test_a_second_unnamed_device_is_another_one():
    title = "Unauthorized SSH Access"
    assert headline(title) == "A device opened a remote session to another device"
    assert headline(title, source=STATION) == "ENG-WS-04 opened a remote session to another device"
    assert headline(title, destination=PLC) == "A device opened a remote session to PLC-PL2-07"
    assert headline(title, language="de") == (
        "Ein Gerät hat eine Fernsitzung zu einem anderen Gerät geöffnet"
    )


def test_a_pair_is_two_devices_when_nobody_knows_them():
    assert sentence("Modbus Exception") == (
        "A request between two devices was answered with an error."
    )
    assert sentence("Modbus Exception", destination=PLC, language="de") == (
        "Eine Anfrage zwischen PLC-PL2-07 und einem anderen Gerät"
        " wurde mit einem Fehler beantwortet."
    )


def test_an_alert_about_one_device_takes_the_side_that_is_known():
    title = "Device is Suspected to be Disconnected (Unresponsive)"
    assert headline(title, destination=PLC) == "PLC-PL2-07 no longer answers"
    assert headline(title, source=PLC) == "PLC-PL2-07 no longer answers"


def test_nobody_is_blamed_where_the_direction_does_not_tell_who_it_was():
    title = "Device is Suspected to be Disconnected (Unresponsive)"
    assert headline(title, source=STATION, destination=PLC) == (
        "No answer between ENG-WS-04 and PLC-PL2-07"
    )
    assert headline(title, source=STATION, destination=PLC, language="de") == (
        "Keine Antwort zwischen ENG-WS-04 und PLC-PL2-07"
    )


@every_language
def test_what_is_said_for_two_names_names_both(language):
    for title, texts in sentences(language)["alerts"].items():
        if "both" in texts:
            text = sentence(title, source=STATION, destination=PLC, language=language)
            assert STATION in text
            assert PLC in text


def test_an_unknown_title_is_quoted():
    assert headline("(MDIoT) New Port Discovery") == "The sensor reported “New Port Discovery”"
    assert sentence("New Port Discovery", source=PLC) == (
        "The sensor reported “New Port Discovery” at PLC-PL2-07."
    )
    assert sentence("New Port Discovery", source=STATION, destination=PLC, language="de") == (
        "Der Sensor meldet „New Port Discovery“ zwischen ENG-WS-04 und PLC-PL2-07."
    )
    assert why_it_matters("New Port Discovery")


def test_what_came_from_outside_is_never_read_as_a_placeholder():
    assert headline("{source} {pair}") == "The sensor reported “{source} {pair}”"
    assert "{destination}" in sentence("Controller Stop", source="{destination}", destination=PLC)


def test_a_very_long_title_is_cut():
    assert len(headline("Strange " * 60)) < 120


def test_the_title_of_a_sensor_rule_is_said_where_it_is_known():
    assert headline(USER_RULE_TITLE, user_title="Illegal Beckhoff AMS Command") == (
        "A sensor rule has fired: “Illegal Beckhoff AMS Command”"
    )
    assert headline(USER_RULE_TITLE) == "A rule set on the sensor has fired"


@pytest.mark.parametrize("language", ["en", "en-GB", "fr", "", "pl_PL"])
def test_a_language_we_do_not_have_is_english(language):
    assert headline("Controller Stop", destination=PLC, language=language) == (
        "Someone stopped PLC-PL2-07"
    )
