"""CHANGELOG.md is a list of releases that an operator can read: newest first, one line an entry."""

import re
from datetime import date

from tests.architecture.tree import HOME

SECTIONS = ("Before you upgrade", "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
MAX_ENTRY = 200  # characters: one sentence, the rest belongs into docs
_RELEASE = re.compile(r"^## (\d+)\.(\d+)\.(\d+) - (\d{4}-\d\d-\d\d)$")


def _releases() -> list[tuple[str, list[str]]]:
    """Return the heading of each release with its lines, in the order of the file."""
    text = (HOME / "CHANGELOG.md").read_text(encoding="utf-8")
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    return [(part.splitlines()[0], part.splitlines()[1:]) for part in parts]


def test_unreleased_changes_come_first_and_releases_go_back_in_time():
    headings = [heading for heading, _ in _releases()]
    assert headings[0] == "## Unreleased"
    matches = [_RELEASE.match(heading) for heading in headings[1:]]
    assert all(matches), headings
    versions = [tuple(int(number) for number in match.groups()[:3]) for match in matches]
    days = [date.fromisoformat(match[4]) for match in matches]
    assert versions == sorted(set(versions), reverse=True)
    assert days == sorted(days, reverse=True)


def test_a_release_has_the_usual_sections_in_their_order():
    for heading, lines in _releases()[1:]:
        sections = [line.removeprefix("### ") for line in lines if line.startswith("### ")]
        assert sections == [name for name in SECTIONS if name in sections], heading


def test_an_entry_of_a_release_is_one_line_and_said_once():
    for heading, lines in _releases()[1:]:
        entries = [line for line in lines if line.startswith("- ")]
        assert entries and len(entries) == len(set(entries)), heading
        assert not [line for line in lines if len(line) > MAX_ENTRY], heading
        assert not [line for line in lines if line.startswith("  ")], heading
