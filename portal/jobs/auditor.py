"""The auditor looks once a minute whether everything is at work, and notes what it found. Only
while nothing is at fault a heartbeat goes outside (`heartbeat.py`): its silence is an alarm (G12).

Rooms above contribute in the wiring files what they watch: faults of the whole installation, and
places, each with faults of its own. One sick place does not silence the heartbeat; more than a
fifth of them do.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from portal.jobs.instances import delete_old_instances, faults_of_instances
from portal.jobs.models import Job
from portal.jobs.queries import heartbeats, notes_of
from portal.jobs.services import due_jobs, keep_note, kinds_of_work
from portal.rooms import Contribution
from portal.schedule import BUSY_QUEUES

log = logging.getLogger(__name__)

AUDITED = "auditor"  # the kind of the note
MAX_AGE = timedelta(seconds=150)  # of a look: an older one says nothing of now
MAX_PAST_AUDITS, MAX_PAST_FAULTS = 10, 5  # of the looks before, for whoever asks what happened
OVERDUE, BEAT_SILENT, QUEUE_SILENT = (
    timedelta(minutes=5),
    timedelta(seconds=60),
    timedelta(minutes=5),
)
MAX_SICK_SHARE = 0.2
SICK_SHARE = "workspaces are sick."  # how the fault ends that counts them


@dataclass(frozen=True, slots=True)
class WatchedObject:
    """Something that is watched by itself, such as a workspace. `key` is that of its jobs; work of
    one that rests (it is paused) is not expected.
    """

    key: str
    name: str
    faults: tuple[str, ...] = ()
    is_resting: bool = False


@dataclass(frozen=True, slots=True)
class Audit:
    """What one look found. `faults` silence the heartbeat; those of a place alone do not."""

    faults: tuple[str, ...]
    places: Sequence[WatchedObject]

    @property
    def sick(self) -> list[WatchedObject]:
        """The places that have a fault."""
        return [place for place in self.places if place.faults and not place.is_resting]


@dataclass(frozen=True, slots=True)
class FaultSource(Contribution):
    """Returns what is at fault with the whole installation, at a business and an unshifted time."""

    read: Callable[[datetime, datetime], Iterable[str]]


@dataclass(frozen=True, slots=True)
class WatchedObjectSource(Contribution):
    """Returns the objects to be watched, each with its faults, at a business and an unshifted
    time.
    """

    read: Callable[[datetime, datetime], Sequence[WatchedObject]]


@dataclass(frozen=True, slots=True)
class AuditListener(Contribution):
    """Called with what each look found and the business time."""

    notify: Callable[[Audit, datetime], None]


def audit(*, now: datetime, unshifted: datetime) -> Audit:
    """Look once, note what was found, and call the listeners."""
    delete_old_instances(now=unshifted)
    places = [
        place for source in WatchedObjectSource.entries for place in source.read(now, unshifted)
    ]
    unexpected = {place.key for place in places if place.faults or place.is_resting}
    faults = [
        *_silent(unshifted),
        *faults_of_instances(now=unshifted),
        *_overdue(unshifted, unexpected),
        *(fault for source in FaultSource.entries for fault in source.read(now, unshifted)),
    ]
    found = Audit((), places)
    n_watched = sum(not place.is_resting for place in places)
    if len(found.sick) > MAX_SICK_SHARE * n_watched:
        faults.append(f"{len(found.sick)} of {n_watched} {SICK_SHARE}")
    found = Audit(tuple(faults), places)
    sick = {place.name: list(place.faults) for place in found.sick}
    payload: dict[str, object] = {
        "faults": faults,
        "sick": sick,
        "watched": n_watched,
        "queues": len(BUSY_QUEUES),
        "kinds": len(kinds_of_work()),
        "looks": [_look(unshifted, faults, sick), *_looks_before()][:MAX_PAST_AUDITS],
    }
    keep_note(kind=AUDITED, key="installation", now=unshifted, payload=payload)
    if faults:
        log.warning("No heartbeat: %s", " ".join(faults))
    for listener in AuditListener.entries:
        listener.notify(found, now)
    return found


def _look(at: datetime, faults: Sequence[str], sick: Mapping[str, object]) -> dict[str, object]:
    return {"at": at.isoformat(), "faults": list(faults[:MAX_PAST_FAULTS]), "sick": sorted(sick)}


def _looks_before() -> list[dict[str, object]]:
    note = next(iter(notes_of(AUDITED)), None)
    looks: list[dict[str, object]] = note.payload.get("looks", []) if note else []
    return looks


def _silent(unshifted: datetime) -> Iterable[str]:
    """Beat and workers whose heartbeats are missing."""
    noted_at = {note.key: note.at for note in heartbeats() if note.at}
    newest = max(noted_at.values(), default=None)
    if newest is None or unshifted - newest > BEAT_SILENT:
        yield "Beat has not ticked for a minute."
    for queue in BUSY_QUEUES:
        if queue not in noted_at or unshifted - noted_at[queue] > QUEUE_SILENT:
            yield f"No worker of the queue {queue} was heard for five minutes."


def _overdue(unshifted: datetime, unexpected: Collection[str]) -> Iterable[str]:
    """Work that nobody took up in time, that of sick and resting places left out."""
    for model in kinds_of_work():
        rows: QuerySet[Any] = model._default_manager.filter(due_jobs(unshifted - OVERDUE))
        if model is Job:
            rows = rows.exclude(key__in=unexpected)
        elif any(field.name == "workspace" for field in model._meta.fields):
            rows = rows.exclude(workspace__uuid__in=unexpected)
        if n := rows.count():
            yield f"{n} overdue: {model._meta.verbose_name_plural}."
