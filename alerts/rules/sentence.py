"""Sentences with a code, so that English is read here and other languages can be looked up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from alerts.rules.wording import DAY_NAMES, JOINING, MORE, NAMING, NOUNS, TEMPLATES

_LAST: Final = "\N{NO-BREAK SPACE}"  # before the last of a list, so that its joint is found again
_DAY: Final = re.compile(rf"\b({'|'.join(DAY_NAMES)})(?= [0-9]{{2}}:[0-9]{{2}}-)")
_WITH_DAYS: Final = frozenset({"windows", "wanted", "value"})
_VALUES: Final = frozenset(
    {  # details that hold a number or a moment
        "at",
        "count",
        "days",
        "end",
        "harmless",
        "hours",
        "judged",
        "least",
        "limit",
        "minutes",
        "most",
        "needed",
        "share",
        "since",
        "total",
    }
)


class Sentence(str):
    """A sentence a person can act on. `code` and `detail` stay, for translation and for tests."""

    __slots__ = ("code", "detail")
    code: str
    detail: dict[str, str]

    def __new__(cls, code: str, **detail: object) -> Sentence:
        """The English sentence of this code."""
        texts = {name: str(value) for name, value in detail.items()}
        plain = {name: value.replace(_LAST, " ") for name, value in texts.items()}
        sentence = super().__new__(cls, TEMPLATES[code].format(**plain))
        sentence.code, sentence.detail = code, texts
        return sentence

    def translated(self, translate: Callable[[str], str], write: Callable[[str], str] = str) -> str:
        """The same in another language."""
        return translated_sentence(self, translate, write)

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, str]]:
        """Copies and pickles are made anew from the code."""
        return (self.code,), self.detail


def read_sentence(text: str, codes: Iterable[str]) -> str:
    """Return the sentence of one of these codes that was stored as this English text, so that it
    can be translated; the text itself where it is none of them.
    """
    for code in codes:
        template = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(TEMPLATES[code]))
        if found := re.fullmatch(template, text):
            return Sentence(code, **found.groupdict())
    return text


def translated_sentence(
    sentence: Sentence,
    translate: Callable[[str], str] = str,
    write: Callable[[str], str] = str,
) -> str:
    """The sentence in another language: `translate` gets the template, the nouns, weekdays and
    joints in it, `write` its numbers and moments; what the plant or a person said stays as it is.
    """
    translated = {
        name: write(value) if name in _VALUES else _detail_text(name, value, translate)
        for name, value in sentence.detail.items()
    }
    return translate(TEMPLATES[sentence.code]).format(**translated)


def days_in_words(text: str, translate: Callable[[str], str]) -> str:
    """Weekly windows with their weekdays in another language."""
    return _DAY.sub(lambda found: translate(found[1]), text)


def listed(values: Iterable[object], joined: str = "or") -> str:
    """`A, B or C`, and no more than six of them. For the details of a sentence."""
    texts = [str(value) for value in values]
    if len(texts) > 6:
        texts = [*texts[:5], MORE.format(n=len(texts) - 5)]
        joined = "and"
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {joined}{_LAST}{texts[-1]}"


def _detail_text(name: str, value: str, translate: Callable[[str], str]) -> str:
    """One detail of a sentence: a text, or a list as `listed` makes it."""
    before, mark, last = value.rpartition(_LAST)
    first, _, joint = before.rpartition(" ")
    if not mark or joint not in JOINING:
        return _part(name, value, translate)
    parts = [_part(name, part, translate) for part in first.split(", ")]
    end = _part(name, last, translate)
    if found := re.fullmatch(re.escape(MORE).replace(r"\{n\}", "([0-9]+)"), last):
        end = translate(MORE).format(n=found[1])
    return f"{', '.join(parts)} {translate(joint)} {end}"


def _part(name: str, text: str, translate: Callable[[str], str]) -> str:
    if (name in NAMING and text in NOUNS) or (name == "day" and text in DAY_NAMES):
        return translate(text)
    return days_in_words(text, translate) if name in _WITH_DAYS else text
