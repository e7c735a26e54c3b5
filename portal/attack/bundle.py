"""Reads an official ATT&CK for ICS bundle (STIX 2.1, of any release) into the catalogue's form, and
returns what a later release changes against the one in use. Plain Python.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SOURCES = ("mitre-attack", "mitre-ics-attack")  # the second up to release 11
CHAIN, DOMAIN = "mitre-ics-attack", "ics-attack"
_RELEASE = re.compile(r"\d{1,3}\.\d{1,3}")
_TECHNIQUE_ID = re.compile(r"T\d{4}(\.\d{3})?")
_COPYRIGHT = re.compile(r"(?:\d{4}\s*-\s*)?(\d{4}),? The MITRE Corporation")

type StixObject = Mapping[str, Any]


class BundleError(Exception):
    """The file is not a usable bundle of ATT&CK for ICS; the text gives the reason."""


def read_bundle(data: bytes) -> dict[str, Any]:
    """Return version, notice's year, tactics and techniques of a bundle. Raises BundleError."""
    try:
        loaded = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BundleError("This is not JSON.") from error
    if not isinstance(loaded, dict) or loaded.get("type") != "bundle":
        raise BundleError("This is not a STIX bundle.")
    listed = loaded.get("objects")
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise BundleError("The bundle has no list of objects.")
    return _catalogue(listed)


def _catalogue(objects: list[StixObject]) -> dict[str, Any]:
    by_type: dict[str, list[StixObject]] = {}
    for stix in objects:
        by_type.setdefault(str(stix.get("type")), []).append(stix)
    try:
        tactics = _tactics(by_type)
        techniques = _techniques(by_type, {row["shortname"] for row in tactics})
        version, year = _version(by_type), _year(by_type)
    except (KeyError, TypeError, AttributeError) as error:
        raise BundleError("An object of the bundle lacks what ATT&CK's objects have.") from error
    return {"version": version, "year": year, "tactics": tactics, "techniques": techniques}


def _version(by_type: Mapping[str, list[StixObject]]) -> str:
    for collection in by_type.get("x-mitre-collection", ()):
        version = str(collection.get("x_mitre_version", ""))
        if "ICS" in str(collection.get("name")) and _RELEASE.fullmatch(version):
            return version
    raise BundleError("The bundle names no release of ATT&CK for ICS.")


def _year(by_type: Mapping[str, list[StixObject]]) -> str:
    for marking in by_type.get("marking-definition", ()):
        found = _COPYRIGHT.search(str(marking.get("definition", {}).get("statement", "")))
        if found:
            return found[1]
    return ""


def _tactics(by_type: Mapping[str, list[StixObject]]) -> list[dict[str, Any]]:
    by_ref = {stix["id"]: stix for stix in by_type.get("x-mitre-tactic", ())}
    matrices = [
        stix
        for stix in by_type.get("x-mitre-matrix", ())
        if _external_id(stix) in (DOMAIN, CHAIN) and not _is_gone(stix)
    ]
    if len(matrices) != 1:
        raise BundleError("The bundle has no matrix of ATT&CK for ICS.")
    return [
        {
            "id": _external_id(by_ref[ref]),
            "shortname": by_ref[ref]["x_mitre_shortname"],
            "name": by_ref[ref]["name"],
            "order": order,
        }
        for order, ref in enumerate(matrices[0]["tactic_refs"], start=1)
    ]


def _techniques(
    by_type: Mapping[str, list[StixObject]], shortnames: set[str]
) -> list[dict[str, Any]]:
    patterns = {
        stix["id"]: stix
        for stix in by_type.get("attack-pattern", ())
        if _TECHNIQUE_ID.fullmatch(_external_id(stix))
    }
    ids = {ref: _external_id(stix) for ref, stix in patterns.items()}
    parents = _related(by_type, "subtechnique-of", ids)
    replaced = _related(by_type, "revoked-by", ids)
    former = {new: old for old, new in replaced.items()}
    names = {ids[ref]: stix["name"] for ref, stix in patterns.items()}
    rows = []
    for ref, stix in patterns.items():
        key = ids[ref]
        is_sub = bool(stix.get("x_mitre_is_subtechnique"))
        parent = (parents.get(key) or key.partition(".")[0]) if is_sub else None
        phases = [
            phase["phase_name"]
            for phase in stix.get("kill_chain_phases", ())
            if phase["kill_chain_name"] == CHAIN
        ]
        unknown = sorted(set(phases) - shortnames)
        if unknown and not _is_gone(stix):
            raise BundleError(f"{key} names the tactic {unknown[0]}, which is not there.")
        rows.append(
            {
                "id": key,
                "name": stix["name"],
                "full_name": f"{names[parent]}: {stix['name']}"
                if parent in names
                else stix["name"],
                "tactics": phases,
                "parent": parent,
                "is_deprecated": bool(stix.get("x_mitre_deprecated")),
                "is_revoked": bool(stix.get("revoked")),
                "revoked_by": replaced.get(key),
                "former_id": former.get(key),
            }
        )
    if not rows:
        raise BundleError("The bundle has no technique of ATT&CK for ICS.")
    return sorted(rows, key=lambda row: str(row["id"]))


def _related(
    by_type: Mapping[str, list[StixObject]], kind: str, ids: Mapping[str, str]
) -> dict[str, str]:
    links: Iterable[StixObject] = by_type.get("relationship", ())
    return {
        ids[link["source_ref"]]: ids[link["target_ref"]]
        for link in links
        if link.get("relationship_type") == kind
        and not _is_gone(link)
        and link["source_ref"] in ids
        and link["target_ref"] in ids
    }


def _is_gone(stix: StixObject) -> bool:
    return bool(stix.get("revoked") or stix.get("x_mitre_deprecated"))


def _external_id(stix: StixObject) -> str:
    references = stix.get("external_references") or ()
    found = (ref.get("external_id", "") for ref in references if ref.get("source_name") in SOURCES)
    return str(next(found, ""))


type TechniqueRow = Mapping[str, Any]  # as the catalogue's file has it


class ChangeKind(StrEnum):
    """What happens to an id. The order is the one in which changes are listed."""

    NEW = "new"
    REVOKED = "revoked"
    DEPRECATED = "deprecated"
    RENAMED = "renamed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class TechniqueChange:
    """One id that the later release adds, retires, renames or moves. `text` is what it is from then
    on; `affects` are the ids whose mappings, lessons and rules to look at.
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
            if not is_retired(row):
                found.append(_added(row, tactics))
        elif not is_retired(old[key]):
            found += _changed(old[key], row, new, tactics)
    kinds = list(ChangeKind)
    return tuple(sorted(found, key=lambda change: (kinds.index(change.kind), change.technique_id)))


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
    return ", ".join(tactics.get(name, name) for name in shortnames)


def is_retired(row: TechniqueRow) -> bool:
    """Whether a release still has this technique, but gave it up."""
    return bool(row["is_deprecated"] or row["is_revoked"])
