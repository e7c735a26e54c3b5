"""Why an alert was raised, as OT says it: causes that fit a title and a verdict, best first."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

type VerdictCode = Literal["routine", "maintenance", "suspicious", "not-sure"]
type Kind = Literal["catalogue", "general", "other"]

VERDICT_CODES: tuple[VerdictCode, ...] = ("routine", "maintenance", "suspicious", "not-sure")
MAX_ON_A_PHONE = 6
OTHER = "other"

_FILE = Path(__file__).parent.parent / "data" / "routine_causes.json"
_BENIGN = ("routine", "maintenance")


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A case that resembles a cause and is not it."""

    id: str
    alert_titles: tuple[str, ...]
    difference: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Cause:
    """One reason that OT can give. Catalogue causes ask for evidence; general reasons do not."""

    id: str
    name: str
    kind: Kind
    verdict: VerdictCode | None
    labels: Mapping[str, str]
    helps: Mapping[str, str]
    evidence_by_language: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alert_titles: tuple[str, ...] = ()
    also_titles: tuple[str, ...] = ()
    safe_scope: tuple[str, ...] = ()
    never_when: tuple[str, ...] = ()
    longest_days: int | None = None
    better_fix: str = ""
    basis: tuple[str, ...] = ()
    unconfirmed: bool = False
    lookalikes: tuple[Lookalike, ...] = ()

    def label(self, language: str = "en") -> str:
        """The words on the chip, at most 22 characters."""
        return _in(self.labels, language)

    def help(self, language: str = "en") -> str:
        """One line that says when this cause is the right one."""
        return _in(self.helps, language)

    @property
    def evidence(self) -> tuple[str, ...]:
        """What to ask of the engineer, in English; see `evidence_in` for a page."""
        return self.evidence_in("en")

    def evidence_in(self, language: str) -> tuple[str, ...]:
        """What to ask of the engineer, in the language of the page."""
        return _in(self.evidence_by_language, language) if self.evidence_by_language else ()


def causes_for(title: str, verdict: str) -> list[Cause]:
    """The causes to offer for an alert title and a verdict: at most six, then "other"."""
    key = _key(title)
    ranked: list[Cause] = []
    if verdict in _BENIGN:
        own, related = _matching(key)
        ranked += [cause for cause in own if cause.verdict == verdict]
        ranked += [cause for cause in related if cause.verdict == verdict][:2]
    ranked += [cause for cause in _book().general if cause.verdict == verdict]
    if verdict in _BENIGN:
        ranked += [cause for cause in own + related if cause.verdict != verdict]
    return [*ranked[:MAX_ON_A_PHONE], _book().other]


def all_causes() -> tuple[Cause, ...]:
    """The catalogue of routine causes, without general reasons and "other"."""
    return _book().catalogue


def all_reasons() -> tuple[Cause, ...]:
    """Everything that can be given as a reason: the catalogue, general reasons and "other"."""
    return tuple(_book().by_id.values())


def cause(cause_id: str) -> Cause | None:
    """One cause by its id, general reasons and "other" included."""
    return _book().by_id.get(cause_id)


@dataclass(frozen=True, slots=True)
class _Book:
    catalogue: tuple[Cause, ...]
    general: tuple[Cause, ...]
    other: Cause
    by_id: Mapping[str, Cause]


@cache
def _book() -> _Book:
    data: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    catalogue = tuple(_from_catalogue(row, data["lookalikes"]) for row in data["causes"])
    general = tuple(_plain(row, "general") for row in data["reasons"])
    other = _plain(data["other"], "other")
    by_id = {reason.id: reason for reason in (*catalogue, *general, other)}
    return _Book(catalogue, general, other, by_id)


def _plain(row: Mapping[str, Any], kind: Kind) -> Cause:
    return Cause(
        id=row["id"],
        name=row["label"]["en"],
        kind=kind,
        verdict=row["verdict"],
        labels=row["label"],
        helps=row["help"],
    )


def _from_catalogue(row: Mapping[str, Any], lookalikes: Iterable[Mapping[str, Any]]) -> Cause:
    return Cause(
        id=row["id"],
        name=row["name"],
        kind="catalogue",
        verdict=row["verdict"],
        labels=row["label"],
        helps=row["help"],
        evidence_by_language={name: tuple(items) for name, items in row["evidence"].items()},
        alert_titles=tuple(row["alert_titles"]),
        also_titles=tuple(row["also_titles"]),
        safe_scope=tuple(row["safe_scope"]),
        never_when=tuple(row["never_when"]),
        longest_days=row["longest_days"],
        better_fix=row["better_fix"],
        basis=tuple(row["basis"]),
        unconfirmed=row["unconfirmed"],
        lookalikes=tuple(
            Lookalike(lookalike["id"], tuple(lookalike["alert_titles"]), lookalike["difference"])
            for lookalike in lookalikes
            if lookalike["cause"] == row["id"]
        ),
    )


def _matching(key: str) -> tuple[list[Cause], list[Cause]]:
    """Causes typical for a title, the most typical first, and causes of related titles."""
    own, related = _places().get(key, ()), _related().get(key, ())
    return [cause for _, cause in sorted(own, key=lambda place: place[0])], list(related)


@cache
def _places() -> dict[str, list[tuple[int, Cause]]]:
    places: dict[str, list[tuple[int, Cause]]] = {}
    for cause in all_causes():
        for place, title in enumerate(cause.alert_titles):
            places.setdefault(_key(title), []).append((place, cause))
    return places


@cache
def _related() -> dict[str, list[Cause]]:
    related: dict[str, list[Cause]] = {}
    for cause in all_causes():
        for title in cause.also_titles:
            related.setdefault(_key(title), []).append(cause)
    return related


def _key(title: str) -> str:
    return "".join(title.casefold().split()).removeprefix("(mdiot)")


def _in[T](texts: Mapping[str, T], language: str) -> T:
    base = language.lower().replace("_", "-").split("-", 1)[0]
    return texts[base] if base in texts else texts["en"]
