"""Technique ids that the current release does not use, wherever Tagout names one."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.attack import engine as attack


@dataclass(frozen=True, slots=True)
class Finding:
    """One id at one place. A note needs nobody: the id has no successor to change to."""

    place: str
    technique_id: str
    text: str
    is_note: bool = False


def findings_of(place: str, technique_ids: Iterable[str]) -> list[Finding]:
    """Return what is wrong with the ids that stand at a place."""
    found = (_finding(place, technique_id) for technique_id in technique_ids)
    return [finding for finding in found if finding is not None]


def _finding(place: str, technique_id: str) -> Finding | None:
    known = attack.technique(technique_id)
    if known is None:
        text = f"ATT&CK for ICS {attack.version()} has no technique {technique_id}."
        return Finding(place, technique_id, text)
    if known.current_id != known.id:
        now = attack.technique(known.current_id) or known
        text = f"{known.id} was replaced by {now.id}, {now.full_name}."
        return Finding(place, technique_id, text)
    if not known.is_current:
        text = f"{known.id} ({known.name}) is deprecated and has no successor."
        return Finding(place, technique_id, text, is_note=True)
    return None
