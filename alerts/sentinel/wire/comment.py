"""The comments of an incident, as Sentinel sends them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from alerts.sentinel.wire.incident import usable_name
from alerts.sentinel.wire.listing import Loaded, load_list, load_one
from alerts.sentinel.wire.times import read_moment
from alerts.sentinel.wire.unreadable import Unfit, Unreadable
from alerts.sentinel.wire.values import read_bag, read_texts

MAX_COMMENT_LENGTH = 30_000

_AUTHOR = {
    "name": "author.name",
    "email": "author.email",
    "objectId": "author.object_id",
    "userPrincipalName": "author.user_principal_name",
}


class WireComment(NamedTuple):
    """One comment and who wrote it."""

    name: str
    etag: str | None
    message: str
    author_name: str | None
    author_email: str | None
    author_object_id: str | None
    created_at: datetime | None
    modified_at: datetime | None
    flags: tuple[str, ...]
    raw_json: bytes


class CommentPage(NamedTuple):
    """One page of an incident's comments."""

    items: list[WireComment | Unreadable]
    next_link: str | None


def read_comments(body: bytes) -> CommentPage:
    """Read one page of comments; raises NotAPage when the answer is none."""
    listing = load_list(body)
    return CommentPage([_read(record) for record in listing.records], listing.next_link)


def read_comment(body: bytes) -> WireComment | Unreadable:
    """Read the answer to a question about one comment."""
    return _read(load_one(body))


def _read(record: Loaded | Unreadable) -> WireComment | Unreadable:
    if isinstance(record, Unreadable):
        return record
    try:
        return _comment_of(record)
    except Unfit as unfit:
        return Unreadable(str(unfit), record.raw_json)


def _comment_of(record: Loaded) -> WireComment:
    raw, flags = record.raw, list(record.oddities)
    name, properties = usable_name(raw.get("name")), raw.get("properties")
    if not isinstance(properties, dict):
        raise Unfit("its properties are no object")
    (etag,) = read_texts(raw, {"etag": "etag"}, flags)
    (message,) = read_texts(properties, {"message": "message"}, flags)
    author = read_texts(read_bag(properties.get("author"), "author", flags), _AUTHOR, flags)
    return WireComment(
        name=name,
        etag=etag,
        message=message or "",
        author_name=author[0],
        author_email=author[1] or author[3],
        author_object_id=author[2],
        created_at=read_moment(properties.get("createdTimeUtc"), "created_at", flags),
        modified_at=read_moment(properties.get("lastModifiedTimeUtc"), "modified_at", flags),
        flags=tuple(flags),
        raw_json=record.raw_json,
    )
