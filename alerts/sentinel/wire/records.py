"""The records of an answer: an answer as documented in one go, an odd record by itself, leniently.

Nothing an answer contains may lose the answer. An odd record is cleaned and its oddities are noted;
one that cannot be read at all becomes Unreadable. Other records of the answer never notice.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec
import orjson
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

MAX_DEPTH = 200
NO_JSON = "it is no JSON"
NO_OBJECT = "it is no object"
# Members as documented. What is of another kind is decoded by itself, and then may hold anything.
type Text = str | UnsetType | None
type Count = Annotated[int, Meta(ge=0, le=2**63 - 1)] | UnsetType | None
type Words = tuple[str, ...] | UnsetType | None
type Bag = dict[str, Any]

_DIGITS = 18  # what is longer does not fit a 64-bit column and costs quadratic time to parse
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\],"]', re.DOTALL)
_COLON = re.compile(rb"\s*+:")
_UNFIT_CHARACTER = re.compile("[\x00\ud800-\udfff]")
_NAME = re.compile(r'"name"\s*+:\s*+"([0-9A-Za-z][0-9A-Za-z_.~-]{0,127})"')
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NUL, _PART_OF_NUL = b"\\u0000", b"u0000"  # the part is found four times faster
_MEMBER = b'":'

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """One record of a page that cannot be kept as what it claims to be."""

    reason: str
    raw: bytes
    name: str | None = None


class NotAPage(ValueError):
    """The whole answer is no list as Sentinel sends them; nothing of it may be stored."""


class Unfit(ValueError):
    """One record cannot be read; the reader of the page turns this into Unreadable."""


class WireStruct(Struct, gc=False):
    """An object of an answer with its documented members; UNSET where one is missing.

    Decoded in one go it has the members that are annotated. Made of a record that is odd it holds
    whatever came, so readers look at the kind of each value.
    """

    parts: ClassVar[dict[str, type[WireStruct]]] = {}  # members that are such objects, or lists

    @classmethod
    def of(cls, raw: Any) -> Any:
        """This object of parsed JSON; what is no object stays what it is."""
        if isinstance(raw, list):
            return [cls.of(member) for member in raw]
        if not isinstance(raw, dict):
            return raw
        members = {name: raw[name] for name in cls.__struct_fields__ if name in raw}
        for name, kind in cls.parts.items():
            if name in members:
                members[name] = kind.of(members[name])
        return cls(**members)


class ListAnswer[R](Struct):
    """An answer that holds a list."""

    value: list[R] | None
    nextLink: Any = UNSET
    metaData: Any = UNSET

    @property
    def next_link(self) -> str | None:
        """Where the list goes on. A link that is no text would silently end it: NotAPage."""
        link = self.nextLink
        if link is not UNSET and link is not None and not isinstance(link, str):
            raise NotAPage("The link to the next page is no text.")
        return link or None


class EntityList[R](ListAnswer[R]):
    """An answer whose list has another name."""

    value: list[R] | None = msgspec.field(name="entities")


class ODataList[R](ListAnswer[R]):
    """An answer as Microsoft Graph sends it."""

    nextLink: Any = msgspec.field(default=UNSET, name="@odata.nextLink")


class WireRecord[R](Struct, frozen=True, gc=False):
    """One record with its compact JSON, and what had to be replaced in it."""

    value: R
    raw_json: bytes
    oddities: tuple[str, ...] = ()


class Reader[R: WireStruct]:
    """Reads answers that hold records of one kind."""

    def __init__(self, kind: type[R], answer: Any = ListAnswer) -> None:
        self._kind = kind
        self._list_key = b'"entities"' if answer is EntityList else b'"value"'
        self._link_key = "@odata.nextLink" if answer is ODataList else "nextLink"
        self._decode = msgspec.json.Decoder(kind).decode
        self._decode_answer = msgspec.json.Decoder(answer[kind]).decode
        self._decode_parts = msgspec.json.Decoder(answer[Raw]).decode

    def answer(self, body: bytes) -> ListAnswer[R] | None:
        """The answer in one go; None where a record is odd. `records_of` finds out what else is."""
        if _has_nul(body):
            return None
        try:
            answer: ListAnswer[R] = self._decode_answer(body)
        except (ValueError, RecursionError):
            return None
        return answer

    def records_of(
        self, body: bytes, answer: ListAnswer[R] | None
    ) -> tuple[ListAnswer[Any], Sequence[WireRecord[R] | UnreadableRecord]]:
        """The answer's envelope and all its records; raises NotAPage where no whole list is."""
        if answer is not None and (texts := self._texts_of(body, answer)) is not None:
            return answer, list(map(WireRecord, answer.value or (), texts))
        envelope, parts = self._split(body)
        return envelope, [self.record_of(part) for part in parts]

    def read(
        self, body: bytes
    ) -> tuple[ListAnswer[Any], Sequence[WireRecord[R] | UnreadableRecord]]:
        """The same, in one call."""
        return self.records_of(body, self.answer(body))

    def read_records[T](
        self,
        body: bytes,
        records: Sequence[WireRecord[R] | UnreadableRecord],
        read: Callable[[WireRecord[R]], T],
        *,
        places: Iterable[int] | None = None,
    ) -> list[T | UnreadableRecord]:
        """The texts of these records (those at some places); one that is Unfit is kept as it
        came.
        """
        result: list[T | UnreadableRecord] = []
        for place in range(len(records)) if places is None else places:
            record = records[place]
            if not isinstance(record, UnreadableRecord):
                try:
                    result.append(read(record))
                    continue
                except Unfit as unfit:
                    _, parts = self._split(body)
                    record = self._set_apart(parts[place], str(unfit))
            result.append(record)
        return result

    def read_only[T](self, body: bytes, read: Callable[[WireRecord[R]], T]) -> T | UnreadableRecord:
        """Return what is read of an answer that is one record. Raises NotAPage where it is none."""
        text = body.removeprefix(_BYTE_ORDER_MARK)
        record = self.record_of(text)
        if isinstance(record, UnreadableRecord):
            if record.reason == NO_JSON:
                raise NotAPage("The answer is not one JSON object.")
            return record
        try:
            return read(record)
        except Unfit as unfit:
            return self._set_apart(text, str(unfit))

    def record_of(self, text: bytes) -> WireRecord[R] | UnreadableRecord:
        """One record: as documented, or cleaned until it can be read."""
        if not _has_nul(text):
            try:
                value = self._decode(text)
                raw_json = _encode(value)
            except (ValueError, RecursionError):
                pass
            else:
                if _is_all(text, raw_json):
                    return WireRecord(value, raw_json)
        return self.record_from_json(text)

    def record_from_json(self, text: bytes) -> WireRecord[R] | UnreadableRecord:
        """One record by whatever it holds, also what is not documented."""
        oddities: list[str] = []
        try:
            raw, raw_json = _parse_quickly(text) or _parse_leniently(text, oddities)
        except Unfit as unfit:
            readable = _as_text(text, [])
            return UnreadableRecord(str(unfit), readable.encode(), name_in(readable))
        if not isinstance(raw, dict):
            return UnreadableRecord(NO_OBJECT, raw_json)
        return WireRecord(self._kind.of(raw), raw_json, tuple(oddities))

    def _set_apart(self, text: bytes, reason: str) -> UnreadableRecord:
        record = self.record_from_json(text)
        if isinstance(record, UnreadableRecord):
            return record
        return UnreadableRecord(reason, record.raw_json, name_in(record.raw_json.decode()))

    def _texts_of(self, body: bytes, answer: ListAnswer[R]) -> list[bytes] | None:
        """Each record as compact JSON; None where a member was dropped on the way: one that is not
        documented, or the first of two equal ones.

        Compact JSON is the shortest there is: where it is as long as what came, it is all of it.
        """
        values = answer.value or []
        texts = [_encode(value) for value in values]
        envelope = _encode(msgspec.structs.replace(answer, value=[]))
        length = sum(map(len, texts)) + max(len(texts) - 1, 0) + len(envelope)
        return texts if length == len(body) else None

    def _split(self, body: bytes) -> tuple[ListAnswer[Any], Sequence[bytes]]:
        body = body.removeprefix(_BYTE_ORDER_MARK)
        try:
            answer = self._decode_parts(body)
        except (ValueError, RecursionError):
            envelope, parts = split_list(body, self._list_key)
            return ListAnswer([], envelope.get(self._link_key), envelope.get("metaData")), parts
        return answer, [bytes(part) for part in answer.value or ()]


def _has_nul(body: bytes) -> bool:
    """Whether a NUL may be escaped in it, which PostgreSQL takes in no text."""
    return b"\\" in body and _PART_OF_NUL in body and _NUL in body


def _is_all(text: bytes, raw_json: bytes) -> bool:
    """Whether compact JSON is all of a text: as long, or with as many apparent members."""
    return len(raw_json) == len(text) or raw_json.count(_MEMBER) == text.count(_MEMBER)


def _parse_quickly(text: bytes) -> tuple[Any, bytes] | None:
    """A record and its compact JSON; None where only the lenient way will do."""
    if _has_nul(text):
        return None
    try:
        raw = orjson.loads(text)
        raw_json = orjson.dumps(raw)
    except (orjson.JSONDecodeError, TypeError):
        return None
    return (raw, raw_json) if _is_all(text, raw_json) else None


def _parse_leniently(body: bytes, oddities: list[str]) -> tuple[Any, bytes]:
    """The same with odd numbers and characters replaced and noted, depth bounded. Raises Unfit."""
    text = _as_text(body, oddities)
    notes: dict[str, None] = {}
    try:
        parsed = json.loads(
            text,
            strict=False,
            parse_int=lambda digits: _whole(digits, notes),
            parse_float=lambda digits: _fraction(digits, notes),
            parse_constant=lambda _: notes.setdefault("json:not_finite"),
            object_pairs_hook=lambda pairs: _object(pairs, notes),
        )
        cleaned = _clean(parsed, notes, MAX_DEPTH)
    except RecursionError:
        raise Unfit("it is nested too deeply") from None
    except ValueError as error:
        raise error if isinstance(error, Unfit) else Unfit(NO_JSON) from None
    oddities.extend(notes)
    return cleaned, orjson.dumps(cleaned)


def _as_text(body: bytes, oddities: list[str]) -> str:
    """The bytes as text; what is no UTF-8 becomes the replacement character."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        oddities.append("json:not_utf8")
        return body.decode("utf-8", "replace")


def split_list(body: bytes, key: bytes) -> tuple[Bag, list[bytes]]:
    """An answer's envelope without its list, and the list's records as bytes, none of them parsed.

    Works without recursion, so that one record nested a hundred thousand deep costs only itself.
    """
    depth, start, cut, parts = 0, -1, -1, list[bytes]()
    span: tuple[int, int] | None = None
    is_next = False
    for found in _TOKEN.finditer(body):
        token, at = found.group(), found.start()
        if token == b'"':
            raise NotAPage("The answer ends inside a text.")
        first = token[:1]
        if first in b"{[":
            if is_next and depth == 1 and first == b"[":
                start, cut, parts = at, at + 1, []
            depth += 1
        elif first in b"}]":
            depth -= 1
            if start >= 0 and depth == 1:
                parts.append(body[cut:at])
                span, start = (start, at + 1), -1
        elif first == b",":
            if start >= 0 and depth == 2:
                parts.append(body[cut:at])
                cut = at + 1
            continue
        is_next = depth == 1 and token == key and _COLON.match(body, found.end()) is not None
    if depth or span is None:
        raise NotAPage("The answer holds no complete list.")
    envelope = _envelope(body[: span[0]] + b"[]" + body[span[1] :])
    return envelope, [] if len(parts) == 1 and not parts[0].strip() else parts


def name_in(text: str) -> str | None:
    """The name a record seems to have, for whoever looks at it in quarantine."""
    found = _NAME.search(text)
    return found.group(1).lower() if found else None


def _envelope(text: bytes) -> Bag:
    try:
        envelope, _ = _parse_leniently(text, [])
    except Unfit:
        raise NotAPage("The answer is no JSON.") from None
    if not isinstance(envelope, dict):
        raise NotAPage("The answer is no JSON object.")
    return envelope


def _whole(digits: str, notes: dict[str, None]) -> int | str:
    if len(digits) <= _DIGITS:
        return int(digits)
    notes.setdefault("json:huge_number")
    return digits


def _fraction(digits: str, notes: dict[str, None]) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else notes.setdefault("json:not_finite")


def _object(pairs: list[tuple[str, Any]], notes: dict[str, None]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        notes.setdefault("json:duplicate_key")
    return made


def _clean(value: Any, notes: dict[str, None], depth: int) -> Any:
    if depth == 0:
        raise Unfit("it is nested too deeply")
    if isinstance(value, str):
        return _clean_text(value, notes)
    if isinstance(value, list):
        return [_clean(member, notes, depth - 1) for member in value]
    if isinstance(value, dict):
        return {
            _clean_text(key, notes): _clean(member, notes, depth - 1)
            for key, member in value.items()
        }
    return value


def _clean_text(value: str, notes: dict[str, None]) -> str:
    return _UNFIT_CHARACTER.sub(_replacing(notes), value)


def _replacing(notes: dict[str, None]) -> Callable[[re.Match[str]], str]:
    def replace(found: re.Match[str]) -> str:
        notes.setdefault("json:nul" if found.group() == "\x00" else "json:lone_surrogate")
        return "\N{REPLACEMENT CHARACTER}"

    return replace
