"""Stages: tables of this connection that hold what a batch is about to merge."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from alerts.incidents.ingest.pg_copy import text
from portal.cursors import kept_cursor


def create_temp_table(name: str, *, like: str) -> str:
    """What makes a stage with the columns of a query, empty. Commits empty it, too, for that
    costs nothing, whereas a TRUNCATE makes new files each time.
    """
    return (
        f"CREATE TEMP TABLE IF NOT EXISTS {name} ON COMMIT DELETE ROWS AS {like} WITH NO DATA;"
        f"DELETE FROM {name}"
    )


def run_together(*statements: str, **said: Any) -> list[list[tuple[Any, ...]]]:
    """Have the server do all this in one go; what those that tell something tell."""
    cursor = kept_cursor()
    cursor.execute(_in_one(statements), said)
    told, is_more = [], True
    while is_more:
        if cursor.description:
            told.append(cursor.fetchall())
        is_more = cursor.nextset()
    return told


@lru_cache(maxsize=64)
def _in_one(statements: tuple[str, ...]) -> str:
    """Statements as one text, without what only makes them easy to read: psycopg remembers what
    stands in texts of up to 4,096 characters, and looks for it in longer ones each time.
    """
    return ";".join([" ".join(each.split()) for each in statements])


def texts_line(texts: Sequence[str]) -> str:
    """Texts as members of a line; all of them are looked through at once."""
    said = "\t".join(texts)
    if "\\" in said or "\n" in said or "\r" in said or said.count("\t") >= len(texts):
        return "\t".join(map(text, texts))
    return said


def array(values: Iterable[object]) -> str:
    """Numbers, moments or UUIDs as one array; lists of Python's are quoted member by member."""
    return "{" + ",".join(map(str, values)) + "}"
