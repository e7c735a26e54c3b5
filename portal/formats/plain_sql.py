"""Several statements sent to the server at once, and arrays as one parameter."""

from collections.abc import Iterable
from typing import Any

from django.db import connection


def run_together(*statements: str, **params: Any) -> list[list[tuple[Any, ...]]]:
    """Send these statements to the server at once; return the rows of those that return rows."""
    results, is_more = [], True
    with connection.cursor() as cursor:
        cursor.execute(";".join(statements), params)
        while is_more:
            if cursor.description:
                results.append(cursor.fetchall())
            is_more = cursor.nextset()
    return results


def array(values: Iterable[object]) -> str:
    """Numbers, moments or UUIDs as one array; lists of Python's are quoted member by member."""
    return "{" + ",".join(map(str, values)) + "}"
