"""The engine's sentences in the language of the reader."""

import string

import pytest
from django.utils import translation
from django.utils.translation import gettext

from alerts.suppression.engine.fields import FIELDS
from alerts.suppression.engine.wording import NOUNS, TEMPLATES
from alerts.suppression.engine.words import Sentence, words


def places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", TEMPLATES)
def test_a_german_sentence_has_the_places_of_the_english_one(code):
    with translation.override("de"):
        spoken = gettext(TEMPLATES[code])
    assert spoken != TEMPLATES[code]
    assert places(spoken) == places(TEMPLATES[code])


def test_every_field_has_a_name_in_each_language():
    assert {field.label for field in FIELDS.values()} <= NOUNS


def test_nouns_are_translated_and_what_the_plant_said_is_not():
    said = Sentence("miss.other", label="source device", said="site", wanted="ENG-WS-04")
    with translation.override("de"):
        assert words(said, gettext) == (
            "nicht geschlossen: Quellgerät war site, die Regel verlangt ENG-WS-04"
        )
    assert words(said) == str(said)
