"""One cursor a connection, for who asks the server many short questions in a row."""

from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper

_kept: WeakKeyDictionary[Any, CursorWrapper] = WeakKeyDictionary()


def kept_cursor() -> CursorWrapper:
    """The cursor that is kept for this connection: a new one costs twenty microseconds with its
    first question. For questions whose answers are read at once; never to be closed.
    """
    connection.ensure_connection()
    if connection.queries_logged:  # by whom a cursor of its own is asked for
        return connection.cursor()
    cursor = _kept.get(connection.connection)
    if cursor is None or cursor.cursor.closed:
        cursor = _kept[connection.connection] = connection.cursor()
    return cursor
