"""A page's incidents read member by member: half of the price of reading one by one.

Only where nothing about them is odd. Whatever a single reader would flag, or anything this one was
not made for, makes it give up, and the page is read incident by incident.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any

from alerts.sentinel.wire.incident import USABLE_NAME, WireIncident
from alerts.sentinel.wire.parts import WireLabel, WireOwner, labels_of, owner_of
from alerts.sentinel.wire.times import read_moments
from alerts.sentinel.wire.unreadable import Bag
from alerts.sentinel.wire.values import LARGEST
from alerts.sentinel.wire.vocabulary import (
    CLASSIFICATION,
    CLASSIFICATION_REASON,
    INCIDENT_STATUS,
    SEVERITY,
)

_make = tuple.__new__
_NONE = type(None)
_NOTHING_SAID: dict[Any, None] = {None: None, "": None}
_REASONS = CLASSIFICATION_REASON | _NOTHING_SAID
_CLASSIFICATIONS = CLASSIFICATION | _NOTHING_SAID
_OWNER = ("objectId", "email", "assignedTo", "userPrincipalName", "ownerType")


class _OddError(Exception):
    """Something must be looked at more closely."""


def read_columns(raws: Sequence[Bag], raw_jsons: Sequence[bytes]) -> list[WireIncident] | None:
    """These incidents, as `incident_of` reads them; None where anything about them is odd."""
    try:
        props = [raw["properties"] for raw in raws]
        _all_of(props, dict)
        more = [{} if (bag := each.get("additionalData")) is None else bag for each in props]
        _all_of(more, dict)
        if any(bag.get("mergedIncidentNumber") for bag in more):
            return None
        columns = _columns(raws, props, more)
    except (_OddError, KeyError, TypeError, ValueError, OverflowError):
        return None
    return [_make(WireIncident, row) for row in zip(*columns, raws, raw_jsons, strict=True)]


def _columns(raws: Sequence[Bag], props: Sequence[Bag], more: Sequence[Bag]) -> list[Iterable[Any]]:
    names = _texts(raws, "name", required=True)
    if not all(map(USABLE_NAME.fullmatch, names)):
        raise _OddError
    etags = _texts(raws, "etag", required=True)
    created = _texts(props, "createdTimeUtc", required=True)
    modified = _texts(props, "lastModifiedTimeUtc", required=True)
    nothing: tuple[Any, ...] = (None,) * len(raws)
    if not all(etags):
        raise _OddError
    return [
        [name.lower() for name in names],
        _texts(raws, "id"),
        etags,
        _counts(props, "incidentNumber", required=True),
        _texts(props, "title", required=True),
        _texts(props, "description"),
        [SEVERITY[bag["severity"]] for bag in props],
        [INCIDENT_STATUS[bag["status"]] for bag in props],
        [_CLASSIFICATIONS[bag.get("classification")] for bag in props],
        [_REASONS[bag.get("classificationReason")] for bag in props],
        _texts(props, "classificationComment"),
        _owners(props),
        _labels(props),
        _moments(created),
        _moments(modified),
        _moments(_texts(props, "firstActivityTimeUtc")),
        _moments(_texts(props, "lastActivityTimeUtc")),
        created,
        modified,
        _texts(props, "providerName"),
        _texts(props, "providerIncidentId"),
        _texts(props, "incidentUrl"),
        _texts(more, "providerIncidentUrl"),
        _words(more, "tactics"),
        _words(more, "techniques"),
        _words(more, "alertProductNames"),
        _words(props, "relatedAnalyticRuleIds"),
        _counts(more, "alertsCount"),
        _counts(more, "commentsCount"),
        nothing,
        _texts(more, "mergedIncidentUrl"),
        ((),) * len(raws),
    ]


def _all_of(values: Iterable[object], *kinds: type) -> None:
    if not set(map(type, values)) <= set(kinds):
        raise _OddError


def _texts(bags: Sequence[Bag], member: str, *, required: bool = False) -> list[Any]:
    if required:
        values = [bag[member] for bag in bags]
        _all_of(values, str)
    else:
        values = [bag.get(member) for bag in bags]
        _all_of(values, str, _NONE)
    return values


def _counts(bags: Sequence[Bag], member: str, *, required: bool = False) -> list[int | None]:
    values = [bag.get(member) for bag in bags]
    _all_of(values, int, *(() if required else (_NONE,)))
    there = [value for value in values if value is not None]
    if there and not 0 <= min(there) <= max(there) <= LARGEST:
        raise _OddError
    return values


def _words(bags: Sequence[Bag], member: str) -> list[tuple[str, ...]]:
    values = [bag.get(member, ()) for bag in bags]
    _all_of(values, list, tuple)
    _all_of(chain.from_iterable(values), str)
    return [tuple(value) for value in values]


def _moments(texts: Sequence[str | None]) -> list[datetime | None]:
    there = read_moments([text for text in texts if text is not None])
    if len(there) == len(texts):
        return [*there]
    following = iter(there)
    return [None if text is None else next(following) for text in texts]


def _owners(props: Sequence[Bag]) -> list[WireOwner | None]:
    values = [bag.get("owner") for bag in props]
    _all_of(values, dict, _NONE)
    return [_owner(tuple(map(value.get, _OWNER))) if value else None for value in values]


@lru_cache(maxsize=4096)
def _owner(said: tuple[Any, ...]) -> WireOwner | None:
    """Few people own many incidents: each is read once."""
    flags: list[str] = []
    owner = owner_of(dict(zip(_OWNER, said, strict=True)), flags)
    if flags:
        raise _OddError
    return owner


def _labels(props: Sequence[Bag]) -> list[tuple[WireLabel, ...]]:
    flags: list[str] = []
    values = [bag.get("labels") for bag in props]
    labels = [() if value == [] else labels_of(value, flags) for value in values]
    if flags:
        raise _OddError
    return labels
