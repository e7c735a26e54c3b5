"""What the auditor found at its latest looks, as far as a reader may know."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.formats.moments import read_moment
from portal.jobs.auditor import AUDITED, MAX_AGE, SICK_SHARE
from portal.jobs.queries import Note, notes_of


@dataclass(frozen=True, slots=True)
class AuditorReport:
    """One look: faults of the installation, and the names of the sick workspaces."""

    at: datetime
    faults: Sequence[str]
    sick: Sequence[str]


@dataclass(frozen=True, slots=True)
class Auditor:
    """The latest look and those before it, the newest first. `sick` has the faults of each sick
    workspace by its name. `at` is on the unshifted clock, None before the first look.
    """

    at: datetime | None
    is_late: bool
    faults: Sequence[str]
    sick: Mapping[str, Sequence[str]]
    queues: int
    kinds: int
    workspaces: int
    everywhere: bool  # whether the reader may know of every workspace
    looks: Sequence[AuditorReport]


def auditor_facts(
    names: Collection[str], *, watched: int, everywhere: bool, unshifted: datetime
) -> Auditor:
    """Return what the auditor found about the installation and these workspaces, of which it looks
    at `watched`. What is counted over workspaces that the reader may not see is for those who see
    all (`everywhere`).
    """
    note = next(iter(notes_of(AUDITED)), Note("", None, {}))
    payload = note.payload
    sick = payload.get("sick", {})
    return Auditor(
        at=note.at,
        is_late=note.at is not None and unshifted - note.at > MAX_AGE,
        faults=_readable_faults(payload.get("faults", ()), everywhere=everywhere),
        sick={name: sick[name] for name in sorted(sick) if everywhere or name in names},
        queues=payload.get("queues", 0),
        kinds=payload.get("kinds", 0),
        workspaces=payload.get("watched", 0) if everywhere else watched,
        everywhere=everywhere,
        looks=[
            _look(look, names, everywhere=everywhere) for look in payload.get("looks", ()) if look
        ],
    )


def _look(look: Mapping[str, Any], names: Collection[str], *, everywhere: bool) -> AuditorReport:
    sick = [name for name in look["sick"] if everywhere or name in names]
    return AuditorReport(
        read_moment(look["at"]), _readable_faults(look["faults"], everywhere=everywhere), sick
    )


def _readable_faults(faults: Sequence[str], *, everywhere: bool) -> list[str]:
    return [fault for fault in faults if everywhere or not fault.endswith(SICK_SHARE)]
