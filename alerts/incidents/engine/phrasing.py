"""Fills the sentences of the data files: names where known, fitting nouns where not."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "de")
MAX_TITLE_LENGTH = 90

_DATA = Path(__file__).parent.parent / "data"
_PLACEHOLDER = re.compile(r"\{(source|destination|device|pair|title)(?:_([a-z]+))?\}")


@dataclass(frozen=True, slots=True)
class Sides:
    """Who took part, as far as known, and what to call a side whose name nobody knows."""

    source: str = ""
    destination: str = ""
    source_noun: str = "device"
    destination_noun: str = "device"
    title: str = ""

    @property
    def known(self) -> tuple[str, ...]:
        """The names that are known, the source first."""
        return tuple(name for name in (self.source, self.destination) if name)


def language_of(language: str) -> str:
    """The language whose sentences are used: `de` for `de-AT`, English for all we have not."""
    base = language.lower().replace("_", "-").split("-", 1)[0]
    return base if base in LANGUAGES else LANGUAGES[0]


@cache
def sentences(language: str) -> dict[str, Any]:
    """The sentence file of one language, read once."""
    path = _DATA / f"sentences.{language}.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def fill(template: str, sides: Sides, language: str) -> str:
    """Put names or nouns into one template. A noun that opens a sentence gets a capital."""
    words = sentences(language)
    seen: list[str] = []

    def put(match: re.Match[str]) -> str:
        role, case = match[1], match[2] or ""
        text, is_noun = _text(role, case, sides, words, seen)
        opens = match.start() == 0 or template[: match.start()].endswith((". ", "? "))
        return text[:1].upper() + text[1:] if is_noun and opens else text

    return _PLACEHOLDER.sub(put, template)


def _text(
    role: str, case: str, sides: Sides, words: Mapping[str, Any], seen: list[str]
) -> tuple[str, bool]:
    """What stands for one placeholder, and whether it begins with a noun of ours."""
    if role == "title":
        return shortened(sides.title), False
    if role == "pair":
        return _pair(case, sides, words)
    name, noun = _side(role, sides)
    form = "other" if noun in seen else "one"
    seen.append(noun)
    if name:
        return name, False
    return _noun(words, noun, form, case), True


def _side(role: str, sides: Sides) -> tuple[str, str]:
    if role == "destination":
        return sides.destination, sides.destination_noun
    if role == "device":
        return sides.source or sides.destination, sides.source_noun
    return sides.source, sides.source_noun


def _pair(case: str, sides: Sides, words: Mapping[str, Any]) -> tuple[str, bool]:
    joined = f" {words['and']} "
    first, second = sides.source_noun, sides.destination_noun
    if sides.source and sides.destination:
        return joined.join(sides.known), False
    if sides.source or sides.destination:
        missing = second if sides.source else first
        form = "other" if first == second else "one"
        return sides.known[0] + joined + _noun(words, missing, form, case), False
    if first == second:
        return _noun(words, first, "two", case), True
    return joined.join(_noun(words, noun, "one", case) for noun in (first, second)), True


def _noun(words: Mapping[str, Any], noun: str, form: str, case: str) -> str:
    forms: Mapping[str, str] = words["nouns"][noun]
    return forms[f"{form}_{case}" if case else form]


def shortened(title: str) -> str:
    """A title that fits on a phone: one line, cut where it is very long."""
    flat = " ".join(title.split())
    return flat if len(flat) <= MAX_TITLE_LENGTH else flat[: MAX_TITLE_LENGTH - 1].rstrip() + "…"
