"""The incidents of a typed page, column by column: a third of the price of one by one.

Only where nothing about them is odd. Whatever the reader of single incidents would flag makes this
one give up, and the page is read incident by incident.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NoReturn

from msgspec import UNSET

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
from alerts.sentinel.wire.values import LARGEST
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


class _OddError(ValueError):
    """Something must be looked at more closely."""


def read_columns(body: bytes, page: TypedPage, places: Sequence[int]) -> list[WireIncident] | None:
    """The incidents at these places, as `incident_of` reads them; None where anything is odd."""
    texts = texts_of(body, page)
    if texts is None:
        return None
    try:
        columns = _columns([page.value[place] for place in places])
    except (KeyError, ValueError, OverflowError):
        return None
    picked = [texts[place] for place in places]
    return [_make(WireIncident, row) for row in zip(*columns, picked, strict=True)]


def _columns(typed: Sequence[TypedIncident]) -> list[Iterable[Any]]:
    props = [each.properties for each in typed]
    more = [each.additionalData or _NO_MORE for each in props]
    names, etags = [each.name for each in typed], [each.etag for each in typed]
    created = [each.createdTimeUtc for each in props]
    modified = [each.lastModifiedTimeUtc for each in props]
    if not (all(map(USABLE_NAME.fullmatch, names)) and all(etags)):
        _refuse()
    if any(each.mergedIncidentNumber for each in more if each.mergedIncidentNumber is not UNSET):
        _refuse()
    activity = _told([each.lastActivityTimeUtc for each in props])
    nothing: tuple[Any, ...] = (None,) * len(typed)
    return [
        [name.lower() for name in names],
        _told([each.id for each in typed]),
        etags,
        _counts([each.incidentNumber for each in props]),
        [each.title for each in props],
        _told([each.description for each in props]),
        [SEVERITY[each.severity] for each in props],
        [INCIDENT_STATUS[each.status] for each in props],
        [_CLASSIFICATIONS[each.classification] for each in props],
        [_REASONS[each.classificationReason] for each in props],
        _told([each.classificationComment for each in props]),
        [_owner(each.owner) if each.owner else None for each in props],
        [_labels(each.labels) if each.labels else () for each in props],
        read_moments(created),
        read_moments(modified),
        _moments(_told([each.firstActivityTimeUtc for each in props])),
        _moments(activity),
        created,
        modified,
        activity,
        _told([each.providerName for each in props]),
        _told([each.providerIncidentId for each in props]),
        _told([each.incidentUrl for each in props]),
        _told([each.providerIncidentUrl for each in more]),
        [tuple(each.tactics or ()) for each in more],
        [tuple(each.techniques or ()) for each in more],
        [tuple(each.alertProductNames or ()) for each in more],
        [tuple(each.relatedAnalyticRuleIds or ()) for each in props],
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
    if there and not 0 <= min(there) <= max(there) <= LARGEST:
        _refuse()
    return values


def _moments(texts: Sequence[str | None]) -> list[datetime | None]:
    there = read_moments([text for text in texts if text is not None])
    if len(there) == len(texts):
        return [*there]
    following = iter(there)
    return [None if text is None else next(following) for text in texts]


def _owner(said: TypedOwner) -> WireOwner | None:
    return _owner_of(
        (said.objectId, said.email, said.assignedTo, said.userPrincipalName, said.ownerType)
    )


@lru_cache(maxsize=4096)
def _owner_of(said: tuple[Any, ...]) -> WireOwner | None:
    """Few people own many incidents: each is read once."""
    flags: list[str] = []
    members = ("objectId", "email", "assignedTo", "userPrincipalName", "ownerType")
    owner = owner_of(dict(zip(members, _told([*said]), strict=True)), flags)
    return owner if not flags else _refuse()


def _labels(said: Sequence[TypedLabel]) -> tuple[WireLabel, ...]:
    return _labels_of(tuple([(label.labelName, label.labelType) for label in said]))


@lru_cache(maxsize=4096)
def _labels_of(said: tuple[tuple[str, Any], ...]) -> tuple[WireLabel, ...]:
    flags: list[str] = []
    labels = labels_of(
        [{"labelName": name, "labelType": None if kind is UNSET else kind} for name, kind in said],
        flags,
    )
    return labels if not flags else _refuse()


def _refuse() -> NoReturn:
    raise _OddError
