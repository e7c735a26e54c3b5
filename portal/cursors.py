"""One cursor a connection, for who asks the server many short questions in a row."""

from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import CursorWrapper

_kept: WeakKeyDictionary[Any, CursorWrapper] = WeakKeyDictionary()


def kept_cursor() -> CursorWrapper:
    """The cursor that is kept for this connection: a new one costs twenty microseconds with its
    first question. For questions whose answers are read at once; never to be closed.
    """
    own = connections[DEFAULT_DB_ALIAS]  # looked up once: `connection` does so with each member
    own.ensure_connection()
    if own.queries_logged:  # by whom a cursor of its own is asked for
        return own.cursor()
    cursor = _kept.get(own.connection)
    if cursor is None or cursor.cursor.closed:
        cursor = _kept[own.connection] = own.cursor()
    return cursor
