"""Searches a whole database: every column of every table, whatever wrote it."""

from collections.abc import Collection

from django.db import connection


def tables_with(words: Collection[str]) -> dict[str, list[str]]:
    """Return the tables that contain one of these words, each with those words."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" AS t')
            text = "\n".join(row for (row,) in cursor.fetchall()).casefold()
            if hits := [word for word in words if word.casefold() in text]:
                found[table] = hits
    return found
