"""Rows by questions in plain SQL, for what every request asks: to compose such a question anew
takes Django longer than PostgreSQL needs to answer it.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection
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
