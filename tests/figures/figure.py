"""A figure: the numbers that a page shows in one place, and the SQL that counts the same anew."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.figures.pages import Reader

type Found = dict[str, float | None]
_NUMBER = r"(?:\d+(?:,\d{3})*(?:\.\d+)?)"


@dataclass(frozen=True)
class Figure:
    """`words` finds the numbers of a page's text, `sql` counts them from the tables that intake and
    people fill. One number: `words` has one group and `sql` one value. Several: `words` has named
    groups, `sql` columns of these names. With `rows` it is a list: `words` finds the part of the
    page, `rows` each line as label and number, and `sql` returns such lines.
    """

    name: str
    who: str
    address: str
    words: str
    sql: str
    rows: str = ""
    within: float = 0  # how far a rounded number may be from the counted one
    is_part: bool = False  # a list that shows some of the lines that SQL returns
    given: Mapping[str, Any] = field(default_factory=dict)

    def on_page(self, text: str) -> Found | None:
        """The numbers as they stand on the page; None where it shows none."""
        found = re.search(filled(self.words), text)
        if found is None:
            return None
        if self.rows:
            rows = re.finditer(filled(self.rows), found[1])
            return {row["label"].strip(): number(row["n"]) for row in rows}
        if named := found.groupdict():
            return {name: number(shown) for name, shown in named.items()}
        return {"": number(found[1])}

    def counted(self, connection: psycopg.Connection) -> Found:
        """The numbers as SQL counts them."""
        cursor = connection.execute(f"{_NOW}{self.sql}", dict(self.given) or None)
        lines = cursor.fetchall()
        if self.rows:
            return {str(label): float(n) for label, n in lines if n}
        columns = [column.name for column in cursor.description or ()]
        values = [None if value is None else float(value) for value in lines[0]]
        return {"": values[0]} if len(columns) == 1 else dict(zip(columns, values, strict=True))


# Business time, what a person counts as an incident, and which verdicts hold.
_NOW = """
WITH clock AS (
  SELECT now() + make_interval(secs => coalesce((SELECT seconds FROM jobs_clockoffset), 0)) AS now
), weeks AS (
  SELECT now - k * interval '7 days' AS at FROM clock, generate_series(0, 11) k
), incident AS (
  SELECT * FROM incidents_incident WHERE merged_into IS NULL AND gone_at IS NULL
), open AS (
  SELECT * FROM incident WHERE status <> 3
), verdict AS (
  SELECT * FROM reviews_annotation WHERE withdrawn_at IS NULL AND superseded_by_id IS NULL
)
"""


def filled(words: str) -> str:
    """A pattern with `#` for a number."""
    return words.replace("#", _NUMBER)


def number(shown: str | None) -> float:
    """`2,151` as 2151; 0 where a word stands for nothing."""
    return 0 if shown is None else float(shown.replace(",", ""))


def differences(shown: Found, counted: Found, *, within: float, is_part: bool) -> list[str]:
    """Where page and database disagree, a line each; a missing row is none of its kind."""
    lines = []
    for label in sorted(shown.keys() if is_part else shown.keys() | counted.keys()):
        page, database = shown.get(label) or 0, counted.get(label) or 0
        if abs(page - database) > within:
            lines.append(f"{label or 'page'} {page:g}, database {database:g}")
    return lines


def compare(
    figure: Figure, reader: Reader, connection: psycopg.Connection
) -> tuple[int, list[str]]:
    """How many numbers were compared, and what differs. Where the database moved while the page was
    made, it is read again.
    """
    for _ in range(5):
        before = figure.counted(connection)
        shown = figure.on_page(reader.text(figure.address))
        if shown is None:  # right where there is nothing to list, such as rules before the first
            return (0, []) if before or not figure.rows else (1, [])
        wrong = differences(shown, before, within=figure.within, is_part=figure.is_part)
        if not wrong:
            break
        if figure.counted(connection) == before:
            break
    return len(shown), wrong
