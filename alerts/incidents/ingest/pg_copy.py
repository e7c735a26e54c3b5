"""Rows in the format of PostgreSQL's COPY, and temporary tables from which a batch is merged."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import batched
from struct import Struct
from typing import Any

import orjson
from django.db import connection

_PIECE = 40  # rows with documents sent at once: what is small stays at hand
NULL = "\\N"
_USUAL_MOMENTS = re.compile(
    r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6}+)?+Z\n)*+"
)
_SPECIAL = re.compile(r"[\\\t\n\r]")
_BINARY_HEAD, _BINARY_END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_BINARY_ROW = Struct("!hiqib")  # columns; length and id; length and version of a jsonb
_JSONB_VERSION = 1
_SPELLED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def is_plain(value: str) -> bool:
    """Whether a text can be in a line as it is; far cheaper than to look for each character."""
    return value.isprintable() and "\\" not in value


def text_member(value: str) -> str:
    """A text member."""
    if is_plain(value):
        return value
    return _SPECIAL.sub(lambda found: _SPELLED[found.group()], value)


def number_member(value: float | None) -> str:
    """A number, or nothing."""
    return NULL if value is None else str(value)


def moment(value: datetime | None) -> str:
    """A moment, or nothing. Without its zone it is written in half of the time."""
    if value is None:
        return NULL
    if value.tzinfo is UTC:
        return value.replace(tzinfo=None).isoformat() + "Z"
    return value.isoformat()


def moments(texts: Sequence[str | None], *, read: Iterable[datetime | None]) -> Sequence[str]:
    """Return a column of moments: Sentinel's own text where PostgreSQL reads the same in it."""
    usual = [text for text in texts if text is not None]
    if len(usual) == len(texts) and _USUAL_MOMENTS.fullmatch("\n".join([*usual, ""])):
        return usual
    return list(map(moment, read))


def times(values: Sequence[datetime]) -> Sequence[str]:
    """A column of moments in UTC; a quarter of the price of writing each by itself."""
    return orjson.dumps(values).decode()[2:-2].split('","')


def texts_member(values: Sequence[str]) -> str:
    """A list of texts."""
    return fixed_words(tuple(values)) if values else "{}"


@lru_cache(maxsize=8192)
def fixed_words(values: tuple[str, ...]) -> str:
    """A list of texts that is a tuple already."""
    if not values:
        return "{}"
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return text_member('{"' + '","'.join(quoted) + '"}')


def numbers_member(values: Sequence[int]) -> str:
    """A list of whole numbers."""
    return "{" + ",".join(map(str, values)) + "}"


def json_member(raw_json: bytes) -> str:
    """Compact JSON; it holds no line breaks of its own, only backslashes."""
    return raw_json.replace(b"\\", b"\\\\").decode()


def texts(values: Sequence[str]) -> Sequence[str]:
    """A column of texts; all of them are looked through at once."""
    joined = "\n".join(values)
    if "\\" in joined or "\t" in joined or "\r" in joined or joined.count("\n") >= len(values):
        return list(map(text_member, values))
    return values


def copy_rows_of(*columns: Sequence[str]) -> Iterable[str]:
    """Return rows for COPY of finished columns."""
    return map("\t".join, zip(*columns, strict=True))


def copy_line(values: Iterable[Any]) -> str:
    """A line of values, each written in the format of its kind."""
    return "\t".join(map(_member, values))


def _member(value: Any) -> str:
    if value is None:
        return NULL
    if isinstance(value, str):
        return text_member(value)
    if isinstance(value, datetime):
        return moment(value)
    return texts_member(value) if isinstance(value, list | tuple) else str(value)


def copy_into(table: str, *, columns: str, copy_rows: Iterable[str]) -> None:
    """Copy finished rows into a table. Failures are Django's, as those of any other statement."""
    _copy(f"COPY {table} ({columns}) FROM STDIN", ["\n".join([*copy_rows, ""]).encode()])


def copy_with_documents(
    table: str, *, columns: str, copy_rows: Iterable[str], documents: Iterable[bytes]
) -> None:
    """Copy finished rows, each with its compact JSON, as bytes, in the last column."""
    heads = "\n".join(copy_rows).encode().split(b"\n")
    whole = map(b"\t".join, zip(heads, map(_spelled_document, documents), strict=True))
    pieces = (b"\n".join([*piece, b""]) for piece in batched(whole, _PIECE, strict=False))
    _copy(f"COPY {table} ({columns}) FROM STDIN", pieces)


def _spelled_document(raw_json: bytes) -> bytes:
    return raw_json.replace(b"\\", b"\\\\")


def copy_documents(
    table: str, *, columns: str, ids: Sequence[int], documents: Iterable[bytes]
) -> None:
    """Copy compact JSON into a table of ids and documents, in COPY's binary form."""
    parts, pack = [_BINARY_HEAD], _BINARY_ROW.pack
    for record_id, document_ in zip(ids, documents, strict=True):
        parts += pack(2, 8, record_id, len(document_) + 1, _JSONB_VERSION), document_
    parts.append(_BINARY_END)
    _copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT binary)", [b"".join(parts)])


def _copy(statement: str, blocks: Iterable[bytes]) -> None:
    with connection.wrap_database_errors, connection.cursor().copy(statement) as copy:
        for block in blocks:
            copy.write(block)


def reserve_ids(sequence: str, *, n: int) -> list[int]:
    """Ids for rows to come, so that what hangs on them can be copied in the same go."""
    if not n:
        return []
    ids: list[int] = query_rows(
        "SELECT array_agg(nextval(%s)) FROM generate_series(1, %s)", sequence, n
    )[0][0]
    return ids


def query_rows(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    cursor = connection.cursor()
    cursor.execute(sql, params or None)  # without any, nothing is looked for in the text
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def create_temp_table(name: str, *, like: str) -> str:
    """Return SQL for an empty stage with the columns of a query; each commit empties it."""
    return (
        f"CREATE TEMP TABLE IF NOT EXISTS {name} ON COMMIT DELETE ROWS AS {like} WITH NO DATA;"
        f"DELETE FROM {name}"
    )
