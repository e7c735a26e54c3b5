"""A page whose incidents have the members that Sentinel documents, and no others.

A typed parser reads it in half of the time of one that takes whatever comes, and says itself that
every member is of its kind. Whatever it refuses is read member by member.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, Struct, UnsetType

from alerts.sentinel.wire.listing import has_nul

type Text = str | UnsetType | None
type Count = int | UnsetType | None
type Words = list[str] | UnsetType | None


class _Known(Struct, gc=False, forbid_unknown_fields=True):
    """An object of which we know all members; what is written back is what was read."""


class TypedLabel(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A label; frozen, as owners are, so that those that say the same are read once."""

    labelName: str
    labelType: Text = UNSET


class TypedOwner(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Who owns an incident."""

    objectId: Text = UNSET
    email: Text = UNSET
    assignedTo: Text = UNSET
    userPrincipalName: Text = UNSET
    ownerType: Text = UNSET


class TypedMore(_Known):
    """The additional data of an incident."""

    alertsCount: Count = UNSET
    bookmarksCount: Count = UNSET
    commentsCount: Count = UNSET
    alertProductNames: Words = UNSET
    tactics: Words = UNSET
    techniques: Words = UNSET
    providerIncidentUrl: Text = UNSET
    mergedIncidentNumber: Count = UNSET
    mergedIncidentUrl: Text = UNSET


class TypedProperties(_Known):
    """What an incident says."""

    title: str
    severity: str
    status: str
    createdTimeUtc: str
    lastModifiedTimeUtc: str
    incidentNumber: int
    description: Text = UNSET
    classification: Text = UNSET
    classificationReason: Text = UNSET
    classificationComment: Text = UNSET
    owner: TypedOwner | UnsetType | None = UNSET
    labels: list[TypedLabel] | UnsetType | None = UNSET
    firstActivityTimeUtc: Text = UNSET
    lastActivityTimeUtc: Text = UNSET
    incidentUrl: Text = UNSET
    providerName: Text = UNSET
    providerIncidentId: Text = UNSET
    relatedAnalyticRuleIds: Words = UNSET
    additionalData: TypedMore | UnsetType | None = UNSET


class TypedIncident(_Known):
    """An incident of a list."""

    name: str
    etag: str
    properties: TypedProperties
    id: Text = UNSET
    type: Text = UNSET


class TypedPage(_Known):
    """A page of the list."""

    value: list[TypedIncident]
    nextLink: Text = UNSET


_decode = msgspec.json.Decoder(TypedPage).decode
_encode = msgspec.json.Encoder().encode
_MEMBER = b'":'


def read_typed(body: bytes) -> TypedPage | None:
    """The page, or None where anything on it is of another kind than documented."""
    if has_nul(body):
        return None
    try:
        return _decode(body)
    except (ValueError, RecursionError):
        return None


def texts_of(body: bytes, page: TypedPage) -> Sequence[bytes] | None:
    """Each incident as compact JSON; None where a member stands twice: of two equal ones a parser
    keeps the last and says nothing.

    Compact JSON is the shortest there is, so where it is as long as what came nothing was dropped.
    Else what looks like a member is counted before and after.
    """
    texts = list(map(_encode, page.value))
    link = b"" if page.nextLink is UNSET else b',"nextLink":' + _encode(page.nextLink)
    if sum(map(len, texts)) + max(len(texts) - 1, 0) + len(b'{"value":[]}' + link) == len(body):
        return texts
    n_members = 1 + link.count(_MEMBER) + sum([text.count(_MEMBER) for text in texts])
    return texts if n_members == body.count(_MEMBER) else None
