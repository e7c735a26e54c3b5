"""Rows as PostgreSQL's COPY wants them: text with tabs, the fastest way in."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection

NULL = "\\N"
_SPECIAL = re.compile(r"[\\\t\n\r]")
_SPELLED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


needs_spelling = _SPECIAL.search


def text(value: str) -> str:
    """A text member."""
    if needs_spelling(value):
        return _SPECIAL.sub(lambda found: _SPELLED[found.group()], value)
    return value


def number(value: float | None) -> str:
    """A number, or nothing."""
    return NULL if value is None else str(value)


def moment(value: datetime | None) -> str:
    """A moment, or nothing."""
    return NULL if value is None else value.isoformat()


def words(values: Sequence[str]) -> str:
    """A list of texts."""
    return _words(tuple(values)) if values else "{}"


@lru_cache(maxsize=8192)
def _words(values: tuple[str, ...]) -> str:
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return text('{"' + '","'.join(quoted) + '"}')


def numbers(values: Sequence[int]) -> str:
    """A list of whole numbers."""
    return "{" + ",".join(map(str, values)) + "}"


def document(raw_json: bytes) -> str:
    """Compact JSON; it holds no line breaks of its own, only backslashes."""
    return raw_json.replace(b"\\", b"\\\\").decode()


def copy_into(table: str, *, columns: str, lines: Iterable[str]) -> None:
    """Copy finished lines into a table. Failures are Django's, as those of any other statement."""
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
    ):
        copy.write(("\n".join(lines) + "\n").encode())


def reserve_ids(sequence: str, *, n: int) -> list[int]:
    """Ids for rows to come, so that what hangs on them can be copied in the same go."""
    if not n:
        return []
    return [row[0] for row in ask("SELECT nextval(%s) FROM generate_series(1, %s)", sequence, n)]


def ask(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def merge(
    stage: str,
    *,
    like: str,
    columns: str,
    lines: Iterable[str],
    sql: str,
    params: Sequence[Any] = (),
) -> None:
    """Copy lines into a stage of this connection, then run the statement that merges them."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {stage} AS {like} WHERE false")
        cursor.execute(f"TRUNCATE {stage}")
        copy_into(stage, columns=columns, lines=lines)
        cursor.execute(sql, params)
