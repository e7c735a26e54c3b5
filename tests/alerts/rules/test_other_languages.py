"""The engine's sentences in the language of the reader."""

import string

import pytest
from django.utils import translation
from django.utils.translation import gettext

from alerts.rules.fields import FIELDS
from alerts.rules.guards.closing import reason_in_words
from alerts.rules.sentence import Sentence, listed, translated_sentence
from alerts.rules.wording import NOUNS, TEMPLATES
from alerts.suppression.backtesting.bound_sentence import bound_sentence
from alerts.suppression.backtesting.redaction import ListedNames
from alerts.suppression.signing.notify import in_words
from alerts.suppression.web.backtest import sample_alert_of


def places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", TEMPLATES)
def test_a_german_sentence_has_the_places_of_the_english_one(code):
    with translation.override("de"):
        spoken = gettext(TEMPLATES[code])
    assert spoken != TEMPLATES[code]
    assert places(spoken) == places(TEMPLATES[code])


def test_moments_are_on_the_clock_of_the_plant():
    before = Sentence("miss.before", at="2026-11-24T11:50:00Z", since="2026-07-24T11:50:00Z")
    assert in_words(before, "Europe/Warsaw") == (
        "Not closed: it came at 24 Nov 2026, 12:50 CET, before the rule began at "
        "24 Jul 2026, 13:50 CEST."
    )
    with translation.override("de"):
        assert "24. Nov. 2026, 12:50 CET" in in_words(before, "Europe/Warsaw")


def test_every_field_has_a_name_in_each_language():
    assert {field.label for field in FIELDS.values()} <= NOUNS


def test_nouns_are_translated_and_what_the_plant_said_is_not():
    sentence = Sentence("miss.other", label="source device", said="site", wanted="ENG-WS-04")
    with translation.override("de"):
        assert translated_sentence(sentence, gettext) == (
            "Nicht geschlossen: Quellgerät war site, die Regel verlangt aber ENG-WS-04."
        )
    assert translated_sentence(sentence) == str(sentence)


def test_a_list_is_joined_in_the_language_of_the_reader():
    sentence = Sentence(
        "miss.other", label="port", said="and", wanted=listed(["A and B", "C", "D"])
    )
    assert str(sentence).endswith("the rule asks for A and B, C or D.")
    with translation.override("de"):
        assert translated_sentence(sentence, gettext).endswith(
            "die Regel verlangt aber A and B, C oder D."
        )
        many = Sentence("never.unexplained", names=listed("ABCDEFGH", "and"))
        assert translated_sentence(many, gettext).endswith("A, B, C, D, E und 3 weitere.")


def test_nouns_in_a_list_are_translated():
    sentence = Sentence("box.hours", what=listed(["Program Upload", "High severity"], "and"))
    with translation.override("de"):
        assert f"Program Upload und {gettext('High severity')}" in translated_sentence(
            sentence, gettext
        )


def test_weekdays_of_a_window_are_translated_and_the_window_is_not():
    window = "Tue 06:00-08:00 Europe/Warsaw"
    sentence = Sentence("miss.time", day="Wed", hour="03:10", windows=window)
    with translation.override("de"):
        spoken = translated_sentence(sentence, gettext)
    assert "Mi" in spoken
    assert "Di 06:00-08:00 Europe/Warsaw" in spoken
    assert sentence.detail["windows"] == window


@pytest.mark.parametrize("reason", ["controller-backup-job", "Scheduled backup"])
def test_a_cause_is_named_in_words_however_it_was_given(reason):
    assert reason_in_words(reason) == "Scheduled backup"
    assert reason_in_words(reason, "de") != reason


def test_a_persons_own_words_stay():
    assert reason_in_words("The station polls.", "de") == "The station polls."


def test_what_a_back_test_froze_is_read_in_the_language_of_the_page():
    stored = {
        "traits": {},
        "at": "2026-11-01T10:00:00Z",
        "site": "",
        "incidents": [],
        "why": "…",
        "reason": ["look.new_trait", {"label": "source", "value": "LAPTOP-9"}],
    }
    with translation.override("de"):
        (reason,) = sample_alert_of(stored, ListedNames({}, {})).reasons
        assert "LAPTOP-9" in reason and "Quelle" in reason
        assert "mindestens 86,1 %" in bound_sentence(0, 20, is_strict=True)
    assert "at least 86.1 %" in bound_sentence(0, 20, is_strict=True)
