"""A small bundle in the form of MITRE's: two tactics, a technique, a part of it, a revoked id."""

import json
from typing import Any

TACTICS = ("lateral-movement", "evasion")


def make_bundle(version: str, *, tactics: tuple[str, ...] = TACTICS) -> bytes:
    """Return the bundle of this release, its matrix made of these tactics."""
    objects: list[dict[str, Any]] = [
        {"type": "x-mitre-collection", "id": "x-mitre-collection--1", "name": "ICS ATT&CK",
         "x_mitre_version": version},
        _named("x-mitre-matrix", "ics-attack", "ATT&CK for ICS",
               tactic_refs=[f"x-mitre-tactic--{name}" for name in tactics]),
        {"type": "marking-definition", "id": "marking-definition--1", "definition":
         {"statement": "Copyright 2015-2026, The MITRE Corporation. All rights are theirs."}},
        *(_named("x-mitre-tactic", f"TA010{n}", name.replace("-", " ").title(),
                 ref=name, x_mitre_shortname=name) for n, name in enumerate(tactics)),
        _technique("T0843", "Program Download"),
        _technique("T0843.001", "Download All", x_mitre_is_subtechnique=True),
        _technique("T0855", "Unauthorized Command Message", revoked=True),
        _relation("subtechnique-of", "T0843.001", "T0843"),
        _relation("revoked-by", "T0855", "T0843.001"),
    ]  # fmt: skip
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects}).encode()


def _technique(key: str, name: str, **more: Any) -> dict[str, Any]:
    phase = {"kill_chain_name": "mitre-ics-attack", "phase_name": "lateral-movement"}
    return _named("attack-pattern", key, name, kill_chain_phases=[phase], **more)


def _named(kind: str, key: str, name: str, *, ref: str = "", **more: Any) -> dict[str, Any]:
    references = [{"source_name": "mitre-attack", "external_id": key}]
    return {"type": kind, "id": f"{kind}--{ref or key}", "name": name,
            "external_references": references, **more}  # fmt: skip


def _relation(kind: str, source: str, target: str) -> dict[str, Any]:
    return {"type": "relationship", "id": f"relationship--{kind}", "relationship_type": kind,
            "source_ref": f"attack-pattern--{source}",
            "target_ref": f"attack-pattern--{target}"}  # fmt: skip
