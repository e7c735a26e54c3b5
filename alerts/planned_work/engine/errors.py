"""What is wrong with a plan: a code and its details, so that pages can show it in any language."""

from collections.abc import Callable
from typing import Final


def gettext_noop(text: str) -> str:
    """Marks a sentence for the catalogues; nothing is looked up here."""
    return text


SENTENCES: Final = {
    "rule.form": gettext_noop(
        "“{text}” is not a recurrence. They look like FREQ=WEEKLY;BYDAY=TU (RFC 5545)."
    ),
    "rule.part": gettext_noop("“{part}” is not a part of a recurrence that Tagout knows."),
    "rule.value": gettext_noop("“{text}” is not a valid value of {part} in a recurrence."),
    "rule.often": gettext_noop(
        "FREQ={freq} repeats too often. Use DAILY, WEEKLY, MONTHLY or YEARLY."
    ),
    "rule.many": gettext_noop(
        "The work would take place more than {most} times in {days} days. Plan it as one longer "
        "work."
    ),
    "rule.never": gettext_noop("The recurrence never takes place."),
    "zone.unknown": gettext_noop("“{zone}” is not a time zone. They look like Europe/Warsaw."),
    "time.form": gettext_noop("“{text}” is not a date with a time, such as 2026-11-26 14:00."),
    "time.far": gettext_noop("{text} is too far away. Use a year from 2000 to 2099."),
    "time.order": gettext_noop("The work ends before it begins."),
    "time.long": gettext_noop("The work lasts longer than {most} days. Plan it in parts."),
    "time.end": gettext_noop("Say when the work ends."),
    "file.form": gettext_noop("This is not a calendar: it does not begin with BEGIN:VCALENDAR."),
    "file.text": gettext_noop("The file is not text in UTF-8."),
    "file.large": gettext_noop("The file is larger than {most} MB."),
    "file.many": gettext_noop(
        "The file names more than {most} works. Divide it into smaller ones."
    ),
    "file.header": gettext_noop("Column “{name}” is missing. A file needs: {needed}."),
    "file.column": gettext_noop("Column “{name}” is not known. Known: {known}."),
    "file.twice": gettext_noop("The same work ({uid}) is in line {line} too."),
    "file.cut": gettext_noop("The event that begins here does not end."),
    "file.line": gettext_noop("This line is not a property of a calendar: “{text}”."),
    "entry.title": gettext_noop("The work has no title."),
    "entry.long": gettext_noop("The {name} is longer than {most} characters."),
    "entry.uid": gettext_noop("The event has no UID."),
    "entry.start": gettext_noop("The event has no DTSTART."),
    "entry.kind": gettext_noop("“{kind}” is not a kind of work. Use {known}."),
    "entry.cells": gettext_noop("The line has {count} cells, the heading has {wanted}."),
    "entry.moved": gettext_noop("The moved event belongs to no event of this file."),
}


class PlanError(ValueError):
    """Something about a plan or a file that makes no sense. `str` is the English sentence."""

    def __init__(self, code: str, **detail: object) -> None:
        self.code = code
        self.detail = {name: str(value) for name, value in detail.items()}
        super().__init__(SENTENCES[code].format(**self.detail))

    def translated(self, translate: Callable[[str], str]) -> str:
        """Return the sentence in another language."""
        return translate(SENTENCES[self.code]).format(**self.detail)
