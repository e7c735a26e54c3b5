"""Rows by questions in plain SQL, for what every request asks: to compose such a question anew
takes Django longer than PostgreSQL needs to answer it. Also one cursor a connection, for who asks
many short questions in a row.
"""

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.utils import CursorWrapper
from django.db.models import Model


@cache
def columns_of(model: type[Model], alias: str) -> str:
    """Return the columns of a table that goes by this alias, as `row_of` takes them."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def row_of[Row: Model](model: type[Row], values: Sequence[Any]) -> Row:
    """Return the object of one row. Fields that convert what the database gives, as JSON does, are
    not for this.
    """
    return model.from_db(connection.alias, _names_of(model), values)


@cache
def _names_of(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


_cursors: WeakKeyDictionary[Any, CursorWrapper] = WeakKeyDictionary()


def kept_cursor() -> CursorWrapper:
    """The cursor that is kept for this connection: a new one costs twenty microseconds with its
    first question. For questions whose answers are read at once; never to be closed.
    """
    own = connections[DEFAULT_DB_ALIAS]  # looked up once: `connection` does so with each member
    own.ensure_connection()
    if own.queries_logged:  # by whom a cursor of its own is asked for
        return own.cursor()
    cursor = _cursors.get(own.connection)
    if cursor is None or cursor.cursor.closed:
        cursor = _cursors[own.connection] = own.cursor()
    return cursor


def run_together(*statements: str, **params: Any) -> list[list[tuple[Any, ...]]]:
    """Have the server do all this in one go; what those that tell something tell."""
    cursor = kept_cursor()
    cursor.execute(_joined_statements(statements), params)
    results, is_more = [], True
    while is_more:
        if cursor.description:
            results.append(cursor.fetchall())
        is_more = cursor.nextset()
    return results


@lru_cache(maxsize=64)
def _joined_statements(statements: tuple[str, ...]) -> str:
    """Statements as one text, without what only makes them easy to read: psycopg remembers what
    stands in texts of up to 4,096 characters, and looks for it in longer ones each time.
    """
    return ";".join([" ".join(statement.split()) for statement in statements])


def array(values: Iterable[object]) -> str:
    """Numbers, moments or UUIDs as one array; lists of Python's are quoted member by member."""
    return "{" + ",".join(map(str, values)) + "}"
