"""One answer that holds a list: parsed at once where possible, record by record where not."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from alerts.sentinel.wire import lenient_json
from alerts.sentinel.wire.unreadable import Bag, NotAPage, Unfit, Unreadable

_make = tuple.__new__
_NUL, _PART_OF_NUL = b"\\u0000", b"u0000"  # the part is found four times faster
_MEMBER = b'":'


class Loaded(NamedTuple):
    """One record as parsed JSON, as compact JSON, and what had to be replaced in it."""

    raw: Bag
    raw_json: bytes
    oddities: tuple[str, ...] = ()


class Listing(NamedTuple):
    """The records of one answer in their order, and where the next ones are."""

    records: list[Loaded | Unreadable]
    envelope: dict[str, Any]

    @property
    def next_link(self) -> str | None:
        """Where the list goes on."""
        return next_link_in(self.envelope)


def has_nul(body: bytes) -> bool:
    """Whether a NUL may be escaped in it, which PostgreSQL takes in no text."""
    return b"\\" in body and _PART_OF_NUL in body and _NUL in body


def parse_quickly(body: bytes, key: str) -> tuple[dict[str, Any], list[Any]] | None:
    """Envelope and list in one go; None where only the slow way will do."""
    if has_nul(body):
        return None
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(whole, dict):
        raise NotAPage("The answer is no JSON object.")
    values = whole.pop(key, ...)
    if values is None:
        return whole, []
    if not isinstance(values, list):
        raise NotAPage("The answer holds no list.")
    return whole, values


def load_quickly(body: bytes, envelope: dict[str, Any], values: list[Any]) -> list[Any] | None:
    """Each record with its compact JSON; None where a member stands twice or nests too deeply.

    A parser keeps the last of two equal members and says nothing. Counting what looks like a
    member, before and after, finds that out for a tenth of the price of looking at each; and
    records that came as compact JSON need not even be counted.
    """
    dumps, n_members = orjson.dumps, 1
    try:
        texts = [dumps(value) for value in values]
        n_members += dumps(envelope).count(_MEMBER)
    except TypeError:
        return None
    all_texts = texts[0] if len(texts) == 1 else b",".join(texts)
    start = body.find(b"[") + 1
    if body.startswith(all_texts, start):
        body = body[:start] + body[start + len(all_texts) :]
    else:
        n_members += all_texts.count(_MEMBER)
    if n_members != body.count(_MEMBER):
        return None
    return [
        _make(Loaded, (value, text, ()))
        if value.__class__ is dict
        else Unreadable("it is no object", text)
        for value, text in zip(values, texts, strict=True)
    ]


def load_slowly(body: bytes, key: str) -> Listing:
    """The same from an answer the fast parser refuses; only unreadable records are lost."""
    oddities: list[str] = []
    text = lenient_json.as_text(body, oddities)
    envelope, parts = lenient_json.split_list(text, key)
    return Listing([_load_part(part, oddities) for part in parts], envelope)


def load_list(body: bytes, key: str = "value") -> Listing:
    """The records of an answer, by whichever way; raises NotAPage when it holds no whole list."""
    parsed = parse_quickly(body, key)
    if parsed is not None:
        records = load_quickly(body, *parsed)
        if records is not None:
            return Listing(records, parsed[0])
    return load_slowly(body, key)


def load_one(body: bytes) -> Loaded | Unreadable:
    """One record that is an answer of its own."""
    listing = load_list(b'{"value":[' + body.removeprefix(b"\xef\xbb\xbf") + b"]}")
    only = listing.records[0] if len(listing.records) == 1 else None
    if only is None or (isinstance(only, Unreadable) and only.reason == lenient_json.NO_JSON):
        raise NotAPage("The answer is not one JSON object.")
    return only


def next_link_in(envelope: dict[str, Any]) -> str | None:
    """Where the list goes on. A link that is no text would silently end it, so it is refused."""
    link = envelope.get("nextLink")
    if link is not None and not isinstance(link, str):
        raise NotAPage("The link to the next page is no text.")
    return link or None


def _load_part(part: str, page_oddities: list[str]) -> Loaded | Unreadable:
    oddities = [note for note in page_oddities if "\N{REPLACEMENT CHARACTER}" in part]
    try:
        raw = lenient_json.parse_one(part, oddities)
    except Unfit as unfit:
        return Unreadable(str(unfit), part.encode("utf-8", "replace"), lenient_json.name_in(part))
    raw_json = orjson.dumps(raw)
    if not isinstance(raw, dict):
        return Unreadable("it is no object", raw_json)
    return Loaded(raw, raw_json, tuple(oddities))
