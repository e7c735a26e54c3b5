"""The alert types we know: their facts, and sentences about them in words a plant engineer uses."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from alerts.incidents.engine.functions import are_reads

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
    def names(self) -> tuple[str, ...]:
        """The names that are not empty, the source first."""
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
    nouns: list[str] = []

    def put(match: re.Match[str]) -> str:
        role, case = match[1], match[2] or ""
        text, is_noun = _text(role, case, sides, words, nouns)
        opens = match.start() == 0 or template[: match.start()].endswith((". ", "? "))
        return text[:1].upper() + text[1:] if is_noun and opens else text

    return _PLACEHOLDER.sub(put, template)


def _text(
    role: str, case: str, sides: Sides, words: Mapping[str, Any], nouns: list[str]
) -> tuple[str, bool]:
    """What replaces one placeholder, and whether it begins with a noun of ours."""
    if role == "title":
        return shortened(sides.title), False
    if role == "pair":
        return _pair(case, sides, words)
    name, noun = _side(role, sides)
    form = "other" if noun in nouns else "one"
    nouns.append(noun)
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
        return joined.join(sides.names), False
    if sides.source or sides.destination:
        missing = second if sides.source else first
        form = "other" if first == second else "one"
        return sides.names[0] + joined + _noun(words, missing, form, case), False
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


type Guard = Literal["never", "timeboxed", "scoped"]
type About = Literal["pair", "device", "sensor"]

USER_RULE_TITLE = "Unauthorized Operation was detected by a User Defined Rule"

_BY_FUNCTION = ("new-command", "old-command", "new-data")  # harm that depends on the function
_FILE = Path(__file__).parent.parent / "data" / "alert_types.json"
_PREFIX = "(mdiot)"


@dataclass(frozen=True, slots=True)
class AlertType:
    """One type of alert, as Defender for IoT defines it, with our guard and our nouns beside it."""

    title: str
    engine: str
    component: str
    severity: str
    category: str
    protocol: str | None
    techniques: tuple[str, ...]
    techniques_current: tuple[str, ...]
    tactics: tuple[str, ...]
    guard: Guard
    learnable: bool
    aggregated: bool | None
    solution_rules: tuple[str, ...]
    summary: str
    about: About
    source_noun: str
    destination_noun: str
    why: str

    @property
    def becomes_incident(self) -> bool:
        """Whether a rule of the Sentinel solution makes an incident of it."""
        return bool(self.solution_rules)


def bare_title(title: str) -> str:
    """The title without the mark that analytics rules put before it, and without odd blanks."""
    flat = " ".join(title.split())
    while flat.lower().startswith(_PREFIX):
        flat = flat[len(_PREFIX) :].lstrip()
    return flat


def alert_type_for(title: str) -> AlertType | None:
    """The alert type behind a title; None for one that is not in the catalogue, which is normal."""
    types = _by_exact_title()
    return types.get(title) or _by_key().get(_key(title))


def alert_type_of(title: str) -> str:
    """Return the catalogue's title for a title of an alert or incident, or the bare title."""
    catalogued = alert_type_for(title)
    return catalogued.title if catalogued else bare_title(title)[:300]


def all_types() -> tuple[AlertType, ...]:
    """Every alert type of the catalogue, in the order of the file."""
    return tuple(_by_exact_title().values())


def sentence(
    title: str,
    *,
    source: str = "",
    destination: str = "",
    language: str = "en",
    user_title: str = "",
) -> str:
    """What happened, in one plain sentence. Sides may be unknown, and so may the title."""
    return _sentence_for("plain", title, Sides(source, destination, title=user_title), language)


def headline(
    title: str,
    *,
    source: str = "",
    destination: str = "",
    language: str = "en",
    user_title: str = "",
) -> str:
    """What happened, in as few words as a phone's heading bears. Has no full stop."""
    return _sentence_for("headline", title, Sides(source, destination, title=user_title), language)


def why_it_matters(title: str, *, functions: Iterable[str] = (), language: str = "en") -> str:
    """One line on what this can mean for the plant. What only reads commands nothing."""
    alert_type = alert_type_for(title)
    sentences_by_key: Mapping[str, str] = sentences(language_of(language))["why"]
    if alert_type is not None and alert_type.why in _BY_FUNCTION and are_reads(functions):
        return sentences_by_key["read"]
    return sentences_by_key[alert_type.why if alert_type else "unknown"]


def _sentence_for(kind: str, title: str, names: Sides, language: str) -> str:
    language = language_of(language)
    words, alert_type = sentences(language), alert_type_for(title)
    source, destination = names.source.strip(), names.destination.strip()
    if alert_type is None:
        sides = Sides(source, destination, title=bare_title(title))
        return fill(_unknown(words["unknown"], kind, sides), sides, language)
    own_title = names.title.strip() if alert_type.title == USER_RULE_TITLE else ""
    texts = words["sensor_rule"] if own_title else words["alerts"][alert_type.title]
    if source and destination:
        texts = texts.get("both", texts)
    sides = Sides(
        source, destination, alert_type.source_noun, alert_type.destination_noun, own_title
    )
    return fill(texts[kind], sides, language)


def _unknown(texts: Mapping[str, str], kind: str, sides: Sides) -> str:
    if kind == "headline" or not sides.names:
        return texts[kind]
    return texts["plain_pair" if len(sides.names) == 2 else "plain_device"]


def _key(title: str) -> str:
    return "".join(bare_title(title).casefold().split())


@cache
def _by_exact_title() -> dict[str, AlertType]:
    rows: list[dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))["alert_types"]
    types = (AlertType(**{name: _frozen(value) for name, value in row.items()}) for row in rows)
    return {alert_type.title: alert_type for alert_type in types}


@cache
def _by_key() -> dict[str, AlertType]:
    return {_key(alert_type.title): alert_type for alert_type in all_types()}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
