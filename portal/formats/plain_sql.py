"""Rows by questions in plain SQL, for what every request asks: to compose such a question anew
takes Django longer than PostgreSQL needs to answer it. Also several statements sent at once.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model


@cache
def columns_of(model: type[Model], alias: str) -> str:
    """Return the columns of a table that goes by this alias, as `row_of` takes them."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def row_of[Row: Model](model: type[Row], values: Sequence[Any]) -> Row:
    """Return the object of one row, for models whose fields need no conversion."""
    return model.from_db(connection.alias, _names_of(model), values)


@cache
def _names_of(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


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
