"""What of a text people see, and that every obligatory reason is judged by it."""

import re

import pytest

from portal.text import visible_text
from tests.architecture.tree import HOME

# The names that obligatory texts have; `visible_text` stands where they are trimmed.
_TRIMMED = re.compile(r"(?<!attribution\.)\b(?:reason|note|message|question|why)\.strip\(\)")


@pytest.mark.parametrize(
    "text",
    [
        *("", "  \t\n", "\u200b", "\u200b\u200c\u200d\u2060\ufeff", "\u00ad", "\u202e", "\u3164"),
        *("\u2800", "\u115f\u1160", "\ufe0f", "\U000e0041", "\x00\x1f", "\ue000", "\u2028\u00a0"),
    ],
)
def test_what_nobody_sees_is_empty(text):
    assert visible_text(text) == ""


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("It scans.", "It scans."),
        ("  Über die Straße \n zwei\tZeilen ", "Über die Straße \n zwei\tZeilen"),
        ("\u200bIt\u202e scans.\u3164", "It scans."),
        ("Łódź – 7 °C", "Łódź – 7 °C"),
    ],
)
def test_what_people_write_stays(text, seen):
    assert visible_text(text) == seen


def test_no_obligatory_text_is_trimmed_of_blanks_only():
    places = [
        path for room in ("alerts", "portal", "training") for path in (HOME / room).rglob("*.py")
    ]
    found = [
        f"{path.relative_to(HOME)}:{number}"
        for path in places
        if "demo" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if _TRIMMED.search(line)
    ]
    assert found == []
