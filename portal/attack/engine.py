"""MITRE ATT&CK® for ICS: techniques and tactics by id, and where a retired id went."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"

# The product's page and Sentinel say "Defense Evasion" for what ICS calls "Evasion".
_SENTINEL_NAMES = {"Evasion": "DefenseEvasion"}


@dataclass(frozen=True, slots=True)
class Tactic:
    """What somebody is after. `order` is its column in the matrix, from 1."""

    id: str
    name: str
    shortname: str
    order: int

    @property
    def sentinel_name(self) -> str:
        """How Sentinel writes it: without blanks, and DefenseEvasion for Evasion."""
        joined = "".join(word[:1].upper() + word[1:] for word in self.name.split())
        return _SENTINEL_NAMES.get(self.name, joined)


@dataclass(frozen=True, slots=True)
class Technique:
    """One technique of ATT&CK. Retired ids are kept; `current_id` is the replacement."""

    id: str
    name: str
    full_name: str
    tactics: tuple[str, ...]  # names, in the order of the matrix
    parent: str | None
    is_deprecated: bool
    is_revoked: bool
    current_id: str  # its own, unless it was replaced
    former_id: str | None

    @property
    def is_current(self) -> bool:
        """Whether the release still uses this id."""
        return not (self.is_deprecated or self.is_revoked)

    @property
    def is_subtechnique(self) -> bool:
        """Whether it is one way of doing another technique."""
        return self.parent is not None


def technique(technique_id: str) -> Technique | None:
    """The technique of this id, old or current; None for an id that was never given."""
    return _techniques().get(technique_id.strip().upper())


def techniques_like(text: str, *, whole: bool = False) -> tuple[Technique, ...]:
    """Return the techniques, old ones too, that an id or a part of a name means; with `whole` only
    the id or a complete name.
    """
    words = " ".join(text.split()).casefold()
    if (exact := technique(words)) is not None:
        ids = {exact.id, exact.current_id}
        return tuple(candidate for candidate in _techniques().values() if _is_among(candidate, ids))
    return tuple(
        candidate
        for candidate in _techniques().values()
        if words
        and any(_is_named(name, words, whole) for name in (candidate.name, candidate.full_name))
    )


def _is_among(candidate: Technique, ids: set[str]) -> bool:
    return not ids.isdisjoint({candidate.id, candidate.current_id, candidate.parent})


def _is_named(name: str, words: str, whole: bool) -> bool:
    plain = name.casefold()
    return plain == words if whole else words in plain


def resolve(old_id: str) -> str:
    """Return the current id for an old one. Any other id is returned as it is, even if unknown."""
    found = technique(old_id)
    return found.current_id if found else old_id.strip()


def with_parents(technique_ids: Iterable[str]) -> frozenset[str]:
    """Return these ids in the spelling of the current release, and those of their parents."""
    found: set[str] = set()
    for spelling in technique_ids:
        technique_id = resolve(spelling)
        match = technique(technique_id)
        found |= {technique_id, match.parent} if match and match.parent else {technique_id}
    return frozenset(found)


def current_techniques() -> tuple[Technique, ...]:
    """All techniques and sub-techniques the release still uses."""
    return tuple(candidate for candidate in _techniques().values() if candidate.is_current)


def tactics() -> tuple[Tactic, ...]:
    """The tactics in the order of the matrix."""
    return tuple(sorted(_by_id().values(), key=lambda row: row.order))


def tactic(text: str) -> Tactic | None:
    """A tactic by id, name, short name or Sentinel's spelling; None where ICS has no such."""
    return _by_spelling().get(_key(text))


def matrix() -> tuple[tuple[Tactic, tuple[Technique, ...]], ...]:
    """Each tactic with its current techniques by name; sub-techniques are left out."""
    top = sorted(
        (row for row in current_techniques() if not row.is_subtechnique),
        key=lambda row: row.name,
    )
    return tuple(
        (column, tuple(row for row in top if column.name in row.tactics)) for column in tactics()
    )


def version() -> str:
    """The release of ATT&CK that the identifiers are from."""
    return str(_file()["version"])


def notice() -> str:
    """What must be shown wherever the data are shown."""
    return (
        "This product uses identifiers and names of MITRE ATT&CK® for ICS. "
        f"{_file()['_about']['notice']} "
        "MITRE does not endorse this product."
    )


def licence() -> str:
    """The licence of ATT&CK in full, as it must go with every copy."""
    return (_DATA / "LICENSE-attack.txt").read_text(encoding="utf-8")


def shipped() -> dict[str, Any]:
    """Return the catalogue that Tagout ships, read from its file."""
    loaded: dict[str, Any] = json.loads((_DATA / "attack_ics.json").read_text(encoding="utf-8"))
    return loaded


def use(catalogue: dict[str, Any] | None) -> None:
    """Use this catalogue in this process instead of the shipped one; None: the shipped one."""
    _imported["catalogue"] = catalogue
    for cached in (_file, _by_id, _by_spelling, _techniques):
        cached.cache_clear()


_imported: dict[str, dict[str, Any] | None] = {"catalogue": None}


@cache
def _file() -> dict[str, Any]:
    return _imported["catalogue"] or shipped()


@cache
def _by_id() -> dict[str, Tactic]:
    return {row["id"]: Tactic(**row) for row in _file()["tactics"]}


@cache
def _by_spelling() -> dict[str, Tactic]:
    spellings: dict[str, Tactic] = {}
    for row in _by_id().values():
        for text in (row.id, row.name, row.shortname, row.sentinel_name):
            spellings[_key(text)] = row
    return spellings


@cache
def _techniques() -> dict[str, Technique]:
    rows: list[dict[str, Any]] = _file()["techniques"]
    by_id = {row["id"]: row for row in rows}
    return {row["id"]: _technique(row, by_id) for row in rows}


def _technique(row: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]]) -> Technique:
    tactics_named = {found.name for name in row["tactics"] if (found := tactic(name))}
    return Technique(
        id=row["id"],
        name=row["name"],
        full_name=row["full_name"],
        tactics=tuple(row.name for row in tactics() if row.name in tactics_named),
        parent=row["parent"],
        is_deprecated=row["is_deprecated"],
        is_revoked=row["is_revoked"],
        current_id=_current(row, by_id),
        former_id=row["former_id"],
    )


def _current(row: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]]) -> str:
    """Follow replacements to the end; an id may be replaced again in a later release."""
    visited = {row["id"]}
    while (following := row["revoked_by"]) in by_id and following not in visited:
        row = by_id[following]
        visited.add(following)
    return str(row["id"])


def _key(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())
