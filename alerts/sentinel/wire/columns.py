"""The incidents of a typed page, column by column: a third of the price of one by one.

Only where nothing about them is odd. Whatever the reader of single incidents would flag makes this
one give up, and the page is read incident by incident.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NoReturn

from msgspec import UNSET
from msgspec.structs import asdict

from alerts.sentinel.wire.incident import USABLE_NAME, WireIncident
from alerts.sentinel.wire.parts import WireLabel, WireOwner, labels_of, owner_of
from alerts.sentinel.wire.times import read_moments
from alerts.sentinel.wire.typed import (
    TypedIncident,
    TypedLabel,
    TypedMore,
    TypedOwner,
    TypedPage,
    texts_of,
)
from alerts.sentinel.wire.values import MAX_INTEGER
from alerts.sentinel.wire.vocabulary import (
    CLASSIFICATION,
    CLASSIFICATION_REASON,
    INCIDENT_STATUS,
    SEVERITY,
)

_make = tuple.__new__
_NOTHING_SAID: dict[Any, None] = {None: None, "": None, UNSET: None}
_REASONS = CLASSIFICATION_REASON | _NOTHING_SAID
_CLASSIFICATIONS = CLASSIFICATION | _NOTHING_SAID
_NO_MORE = TypedMore()
_USABLE_NAMES = re.compile(rf"(?:{USABLE_NAME.pattern}+\n)*+")  # no name holds a line break


class _OddError(ValueError):
    """Something must be looked at more closely."""


def read_columns(
    body: bytes,
    page: TypedPage,
    places: Sequence[int],
    modified_at: Sequence[datetime] | None = None,
) -> list[WireIncident] | None:
    """The incidents at these places, as `incident_of` reads them; None where anything is odd.
    `modified_at` holds the times of change of the whole page, where they were read before.
    """
    texts = texts_of(body, page)
    if texts is None:
        return None
    try:
        picked_at = modified_at and [modified_at[place] for place in places]
        columns = _columns([page.value[place] for place in places], picked_at)
    except (KeyError, ValueError, OverflowError):
        return None
    picked = [texts[place] for place in places]
    return [_make(WireIncident, row) for row in zip(*columns, picked, strict=True)]


def _columns(
    typed: Sequence[TypedIncident], modified_at: Sequence[datetime] | None
) -> list[Iterable[Any]]:
    props = [each.properties for each in typed]
    more = [each.additionalData or _NO_MORE for each in props]
    names, etags = [each.name for each in typed], [each.etag for each in typed]
    created = [each.createdTimeUtc for each in props]
    modified = [each.lastModifiedTimeUtc for each in props]
    if not (_are_usable(names) and all(etags)):
        _refuse()
    if any(each.mergedIncidentNumber for each in more if each.mergedIncidentNumber is not UNSET):
        _refuse()
    activity = _told([each.lastActivityTimeUtc for each in props])
    nothing: tuple[Any, ...] = (None,) * len(typed)
    return [
        [name.lower() for name in names],
        etags,
        _counts([each.incidentNumber for each in props]),
        [each.title for each in props],
        [SEVERITY[each.severity] for each in props],
        [INCIDENT_STATUS[each.status] for each in props],
        [_CLASSIFICATIONS[each.classification] for each in props],
        [_REASONS[each.classificationReason] for each in props],
        [_owner_of(each.owner) if each.owner else None for each in props],
        [_labels_of(*each.labels) if each.labels else () for each in props],
        read_moments(created),
        modified_at or read_moments(modified),
        _moments(activity),
        created,
        modified,
        activity,
        [tuple(each.tactics or ()) for each in more],
        [tuple(each.techniques or ()) for each in more],
        [tuple(each.alertProductNames or ()) for each in more],
        _counts(_told([each.alertsCount for each in more])),
        _counts(_told([each.commentsCount for each in more])),
        nothing,
        _told([each.mergedIncidentUrl for each in more]),
        ((),) * len(typed),
    ]


def _told(values: list[Any]) -> list[Any]:
    """The values; those that were not told are None, as those that were told to be null."""
    return [None if value is UNSET else value for value in values]


def _counts(values: list[int | None]) -> list[int | None]:
    there = [value for value in values if value is not None]
    if there and not 0 <= min(there) <= max(there) <= MAX_INTEGER:
        _refuse()
    return values


def _moments(texts: Sequence[str | None]) -> list[datetime | None]:
    there = read_moments([text for text in texts if text is not None])
    if len(there) == len(texts):
        return [*there]
    following = iter(there)
    return [None if text is None else next(following) for text in texts]


def _are_usable(names: list[str]) -> bool:
    """Whether each could stand in an address; all of them are looked through at once."""
    said = "".join([f"{name}\n" for name in names])
    return said.count("\n") == len(names) and _USABLE_NAMES.fullmatch(said) is not None


@lru_cache(maxsize=4096)
def _owner_of(said: TypedOwner) -> WireOwner | None:
    """Few people own many incidents: each is read once."""
    flags: list[str] = []
    owner = owner_of({name: v for name, v in asdict(said).items() if v is not UNSET}, flags)
    return owner if not flags else _refuse()


@lru_cache(maxsize=4096)
def _labels_of(*said: TypedLabel) -> tuple[WireLabel, ...]:
    flags: list[str] = []
    labels = labels_of(
        [{name: v for name, v in asdict(each).items() if v is not UNSET} for each in said], flags
    )
    return labels if not flags else _refuse()


def _refuse() -> NoReturn:
    raise _OddError
