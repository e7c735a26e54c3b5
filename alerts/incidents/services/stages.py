"""Stages: tables of this connection that hold what a batch is about to merge."""

from collections.abc import Iterable, Sequence

from django.db import connection

from alerts.incidents.services.copying import text


def stage(name: str, *, like: str) -> str:
    """What makes a stage with the columns of a query, empty. Commits empty it, too, for that
    costs nothing, whereas a TRUNCATE makes new files each time.
    """
    return (
        f"CREATE TEMP TABLE IF NOT EXISTS {name} ON COMMIT DELETE ROWS AS {like} WITH NO DATA;"
        f"DELETE FROM {name};"
    )


def open_stages(*stages: str) -> None:
    """Make these stages ready, all in one go."""
    with connection.cursor() as cursor:
        cursor.execute("".join(stages))


def texts_line(texts: Sequence[str]) -> str:
    """Texts as members of a line; all of them are looked through at once."""
    said = "\t".join(texts)
    if "\\" in said or "\n" in said or "\r" in said or said.count("\t") >= len(texts):
        return "\t".join(map(text, texts))
    return said


def array(values: Iterable[object]) -> str:
    """Numbers, moments or UUIDs as one array; lists of Python's are quoted member by member."""
    return "{" + ",".join(map(str, values)) + "}"
