"""Where a person stands in a sitting: which rules, in which order, and what became of each.

Kept in the session: it is one person's place on one device, decides nothing, and may be lost.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.http import HttpRequest

from alerts.suppression.backtesting.marginal_gains import in_order_of_gain
from alerts.suppression.signing.awaiting_signature import Request

_KEY: Final = "suppression.sitting"
MAX_AGE: Final = timedelta(hours=12)  # then the figures are counted again


class Mark(StrEnum):
    """What the person did with a rule of the sitting."""

    SIGNED = "signed"
    SKIPPED = "skipped"
    CHANGES = "changes"  # asked for
    STOPPED = "stopped"  # signed, then stopped or rejected at once
    GONE = "gone"  # somebody else signed or ended it meanwhile


@dataclass(slots=True)
class Place:
    """One rule of the sitting: what it adds, what became of it, which checks were opened."""

    uuid: str
    gain: int
    mark: str = ""
    opened: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Sitting:
    """The rules of a sitting in their order."""

    began_at: datetime
    places: list[Place]
    is_estimate: bool = False
    latest: str = ""  # the version that the person decided on last

    @property
    def current(self) -> Place | None:
        """The first rule that nothing was done with; None when all is done."""
        return next((place for place in self.places if not place.mark), None)

    def place_of(self, uuid: object) -> Place | None:
        """Return the place of a version, if it is in the sitting."""
        return next((place for place in self.places if place.uuid == str(uuid)), None)

    def gain(self, *marks: str) -> int:
        """Return what the rules with one of these marks add together."""
        return sum(place.gain for place in self.places if place.mark in marks)

    def count(self, *marks: str) -> int:
        """Return how many rules have one of these marks."""
        return sum(place.mark in marks for place in self.places)


def sitting_of(request: HttpRequest, waiting: Mapping[str, Request], *, now: datetime) -> Sitting:
    """Return the person's sitting, brought up to what waits for them now: rules that came since
    are ordered among those left, rules that no longer wait are marked.
    """
    sitting = _load(request, now=now)
    if sitting is None or (sitting.current is None and _new_among(waiting, sitting)):
        sitting = Sitting(now, [])
    for place in sitting.places:
        if not place.mark and place.uuid not in waiting:
            place.mark = Mark.GONE
    if _new_among(waiting, sitting):
        _order_anew(sitting, waiting, now=now)
    save(request, sitting)
    return sitting


def mark(request: HttpRequest, uuid: object, what: Mark, *, now: datetime) -> None:
    """Write down what was done with a rule, if it is in the sitting."""
    sitting = _load(request, now=now)
    if sitting is not None and (place := sitting.place_of(uuid)):
        place.mark = what
        sitting.latest = place.uuid
        save(request, sitting)


def note_opened(request: HttpRequest, uuid: object, check: int, *, now: datetime) -> None:
    """Write down that the person opened a check of a rule."""
    sitting = _load(request, now=now)
    place = sitting.place_of(uuid) if sitting is not None else None
    if sitting is not None and place is not None and check not in place.opened:
        place.opened.append(check)
        save(request, sitting)


def take_back_skip(request: HttpRequest, uuid: object, *, now: datetime) -> None:
    """Put a rule that was skipped up again."""
    sitting = _load(request, now=now)
    place = sitting.place_of(uuid) if sitting is not None else None
    if sitting is not None and place is not None and place.mark == Mark.SKIPPED:
        place.mark, sitting.latest = "", ""
        save(request, sitting)


def take_up_skipped(request: HttpRequest, *, now: datetime) -> None:
    """Bring the rules that were skipped back into the sitting."""
    sitting = _load(request, now=now)
    if sitting is not None:
        for place in sitting.places:
            if place.mark == Mark.SKIPPED:
                place.mark = ""
        save(request, sitting)


def save(request: HttpRequest, sitting: Sitting) -> None:
    """Keep the sitting for the next page."""
    request.session[_KEY] = {
        "began_at": sitting.began_at.isoformat(),
        "is_estimate": sitting.is_estimate,
        "latest": sitting.latest,
        "places": [asdict(place) for place in sitting.places],
    }


def _load(request: HttpRequest, *, now: datetime) -> Sitting | None:
    kept: Any = request.session.get(_KEY)
    try:
        began_at = datetime.fromisoformat(kept["began_at"])
        places = [Place(**place) for place in kept["places"]]
        latest = str(kept.get("latest", ""))
        sitting = Sitting(began_at, places, bool(kept["is_estimate"]), latest)
    except (KeyError, TypeError, ValueError):
        return None
    return sitting if timedelta(0) <= now - began_at <= MAX_AGE else None


def _new_among(waiting: Collection[str], sitting: Sitting) -> bool:
    known = {place.uuid for place in sitting.places}
    return any(uuid not in known for uuid in waiting)


def _order_anew(sitting: Sitting, waiting: Mapping[str, Request], *, now: datetime) -> None:
    """What is done stays first, as it was; the rest is ordered by what it adds now."""
    done = [place for place in sitting.places if place.mark]
    opened = {place.uuid: place.opened for place in sitting.places}
    settled = {place.uuid for place in done}
    left = [each.version for uuid, each in waiting.items() if uuid not in settled]
    gains = in_order_of_gain(left, now=now)
    sitting.is_estimate = any(gain.is_alone for gain in gains)
    sitting.places = [*done, *_places(gains_by_uuid(gains), opened)]


def gains_by_uuid(gains: Collection[Any]) -> dict[str, int]:
    """Return what each version adds, in their order."""
    return {str(gain.version.uuid): gain.incidents for gain in gains}


def _places(gains: Mapping[str, int], opened: Mapping[str, list[int]]) -> Iterator[Place]:
    for uuid, gain in gains.items():
        yield Place(uuid, gain, opened=list(opened.get(uuid, [])))
