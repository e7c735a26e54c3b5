"""Bundles in the form of MITRE's: a small one with two tactics, a technique, a part of it and a
revoked id; and a whole release made of the one that ships.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from portal.attack import engine

TACTICS = ("lateral-movement", "evasion")


def make_bundle(version: str, *, tactics: tuple[str, ...] = TACTICS) -> bytes:
    """Return the bundle of this release, its matrix made of these tactics."""
    objects: list[dict[str, Any]] = [
        {
            "type": "x-mitre-collection",
            "id": "x-mitre-collection--1",
            "name": "ICS ATT&CK",
            "x_mitre_version": version,
        },
        _named(
            "x-mitre-matrix",
            "ics-attack",
            "ATT&CK for ICS",
            tactic_refs=[f"x-mitre-tactic--{name}" for name in tactics],
        ),
        {
            "type": "marking-definition",
            "id": "marking-definition--1",
            "definition": {
                "statement": "Copyright 2015-2026, The MITRE Corporation. All rights are theirs."
            },
        },
        *(
            _named(
                "x-mitre-tactic",
                f"TA010{n}",
                name.replace("-", " ").title(),
                ref=name,
                x_mitre_shortname=name,
            )
            for n, name in enumerate(tactics)
        ),
        _technique("T0843", "Program Download"),
        _technique("T0843.001", "Download All", x_mitre_is_subtechnique=True),
        _technique("T0855", "Unauthorized Command Message", revoked=True),
        _relation("subtechnique-of", "T0843.001", "T0843"),
        _relation("revoked-by", "T0855", "T0843.001"),
    ]
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects}).encode()


def make_release(
    version: str,
    *,
    added: tuple[tuple[str, str, str], ...] = (),
    dropped: tuple[str, ...] = (),
    revoked: Mapping[str, str] = MappingProxyType({}),
    renamed: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """Return a bundle of all that Tagout ships, changed: `added` are id, name and tactic (a dot in
    the id makes a part of another technique), `revoked` says by which id each was replaced.
    """
    shipped = engine.shipped()
    rows = [
        row
        | {
            "is_revoked": row["is_revoked"] or row["id"] in revoked,
            "name": renamed.get(row["id"], row["name"]),
        }
        for row in shipped["techniques"]
        if row["id"] not in dropped
    ]
    rows += [
        {
            "id": key,
            "name": name,
            "tactics": [tactic],
            "is_revoked": False,
            "is_deprecated": False,
            "parent": key.partition(".")[0] if "." in key else None,
        }
        for key, name, tactic in added
    ]
    heirs = {row["id"]: row["revoked_by"] for row in shipped["techniques"] if row["revoked_by"]}
    objects = [
        {
            "type": "x-mitre-collection",
            "id": "x-mitre-collection--1",
            "name": "ICS ATT&CK",
            "x_mitre_version": version,
        },
        _named(
            "x-mitre-matrix",
            "ics-attack",
            "ATT&CK for ICS",
            tactic_refs=[f"x-mitre-tactic--{row['shortname']}" for row in shipped["tactics"]],
        ),
        *(
            _named(
                "x-mitre-tactic",
                row["id"],
                row["name"],
                ref=row["shortname"],
                x_mitre_shortname=row["shortname"],
            )
            for row in shipped["tactics"]
        ),
        *(
            _technique(
                row["id"],
                row["name"],
                revoked=row["is_revoked"],
                x_mitre_deprecated=row["is_deprecated"],
                x_mitre_is_subtechnique=row["parent"] is not None,
                kill_chain_phases=[_phase(tactic) for tactic in row["tactics"]],
            )
            for row in rows
        ),
        *(_relation("subtechnique-of", row["id"], row["parent"]) for row in rows if row["parent"]),
        *(_relation("revoked-by", old, new) for old, new in {**heirs, **revoked}.items()),
    ]
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects}).encode()


def _phase(tactic: str) -> dict[str, str]:
    return {"kill_chain_name": "mitre-ics-attack", "phase_name": tactic}


def _technique(key: str, name: str, **more: Any) -> dict[str, Any]:
    phases = more.pop("kill_chain_phases", [_phase("lateral-movement")])
    return _named("attack-pattern", key, name, kill_chain_phases=phases, **more)


def _named(kind: str, key: str, name: str, *, ref: str = "", **more: Any) -> dict[str, Any]:
    references = [{"source_name": "mitre-attack", "external_id": key}]
    return {
        "type": kind,
        "id": f"{kind}--{ref or key}",
        "name": name,
        "external_references": references,
        **more,
    }


def _relation(kind: str, source: str, target: str) -> dict[str, Any]:
    return {
        "type": "relationship",
        "id": f"relationship--{kind}",
        "relationship_type": kind,
        "source_ref": f"attack-pattern--{source}",
        "target_ref": f"attack-pattern--{target}",
    }
