"""What a later release of ATT&CK for ICS changes against the one in use. Plain Python."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

type TechniqueRow = Mapping[str, Any]  # as the catalogue's file has it


class ChangeKind(StrEnum):
    """What happens to an id. The order is the one in which changes are told."""

    NEW = "new"
    REVOKED = "revoked"
    DEPRECATED = "deprecated"
    RENAMED = "renamed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class TechniqueChange:
    """One id that the later release adds, gives up, calls otherwise or files elsewhere. `text` says
    what it is from then on; `affects` are the ids whose mappings, lessons and rules to look at.
    """

    kind: ChangeKind
    technique_id: str
    name: str
    text: str
    affects: tuple[str, ...]


def changes_between(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[TechniqueChange, ...]:
    """Return how the techniques of two catalogues differ, by kind and id."""
    old = {row["id"]: row for row in before["techniques"]}
    new = {row["id"]: row for row in after["techniques"]}
    tactics = {row["shortname"]: row["name"] for row in (*before["tactics"], *after["tactics"])}
    found = []
    for key, row in new.items():
        if key not in old:
            if not _is_gone(row):
                found.append(_added(row, tactics))
        elif not _is_gone(old[key]):
            found += _changed(old[key], row, new, tactics)
    kinds = list(ChangeKind)
    return tuple(sorted(found, key=lambda each: (kinds.index(each.kind), each.technique_id)))


def _added(row: TechniqueRow, tactics: Mapping[str, str]) -> TechniqueChange:
    # Who counts at the technique may find that its new part says it better.
    affects = (row["parent"],) if row["parent"] else ()
    text = _names_of(row["tactics"], tactics)
    return TechniqueChange(ChangeKind.NEW, row["id"], row["full_name"], text, affects)


def _changed(
    old: TechniqueRow,
    new: TechniqueRow,
    all_new: Mapping[str, TechniqueRow],
    tactics: Mapping[str, str],
) -> list[TechniqueChange]:
    key, name = old["id"], old["full_name"]
    if new["is_revoked"]:
        heir = all_new.get(new["revoked_by"] or "")
        text = f"{heir['id']} {heir['full_name']}" if heir else "nothing takes its place"
        return [TechniqueChange(ChangeKind.REVOKED, key, name, text, (key,))]
    if new["is_deprecated"]:
        text = "nothing takes its place"
        return [TechniqueChange(ChangeKind.DEPRECATED, key, name, text, (key,))]
    found = []
    if new["full_name"] != name:
        found.append(TechniqueChange(ChangeKind.RENAMED, key, name, new["full_name"], (key,)))
    if set(new["tactics"]) != set(old["tactics"]):
        text = _names_of(new["tactics"], tactics)
        found.append(TechniqueChange(ChangeKind.MOVED, key, name, text, (key,)))
    return found


def _names_of(shortnames: list[str], tactics: Mapping[str, str]) -> str:
    return ", ".join(tactics.get(each, each) for each in shortnames)


def _is_gone(row: TechniqueRow) -> bool:
    return bool(row["is_deprecated"] or row["is_revoked"])
