"""KQL in the words of DuckDB, each question translated once.

Translating takes longer than answering, and whoever reads the past of a workspace asks the same for
one span after the other: moments are values beside the question, not a part of it.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

type Columns = tuple[tuple[str, tuple[str, ...]], ...]

_SOME_DAY = datetime(2000, 1, 1)
# Texts and comments are skipped; only moments that the database holds exactly are taken out.
_MOMENT = re.compile(
    r"""//[^\n]*|@?"(?:\\.|[^"\\\n])*"|@?'(?:\\.|[^'\\\n])*'"""
    r"|\bdatetime\((?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z)\)"
)


def execute(connection: Any, text: str, now: datetime) -> Any:
    """Ask a question in KQL at a moment; returns the connection with the answer."""
    import duckdb_kql
    from duckdb_kql.translate import CLOCK_SLOT

    columns = columns_of_tables(connection)
    general, moments = without_moments(text)
    try:
        translated = _translate(general, len(moments), columns)
    except duckdb_kql.KqlError:  # what is wrong is told of the text that was asked
        translated, moments = _translate(text, 0, columns), []
    values = dict(translated.parameters)
    if values.get(CLOCK_SLOT) == _SOME_DAY:
        values[CLOCK_SLOT] = now
    if moments:
        for declared in translated.declarations:
            values[declared.slot] = moments[int(declared.name.removeprefix("_moment"))]
    connection.execute("SET TimeZone='UTC'")
    sql = str(translated)
    return connection.execute(sql, values) if values else connection.execute(sql)


def without_moments(text: str) -> tuple[str, list[datetime]]:
    """Return the question with a name in place of each moment, and the moments."""
    moments: list[datetime] = []

    def named(found: re.Match[str]) -> str:
        if found["moment"] is None:
            return found[0]
        moments.append(datetime.fromisoformat(found["moment"]).astimezone(UTC).replace(tzinfo=None))
        return f"_moment{len(moments) - 1}"

    return _MOMENT.sub(named, text), moments


_columns: WeakKeyDictionary[Any, Columns] = WeakKeyDictionary()


def columns_of_tables(connection: Any) -> Columns:
    """Return the tables of a connection with their columns, read once until they change."""
    if connection not in _columns:
        from duckdb_kql.engine import schema

        found = schema(connection)
        _columns[connection] = tuple(
            (table, tuple(names)) for table, names in sorted(found.items())
        )
    return _columns[connection]


def forget_columns(connection: Any) -> None:
    """Have the columns of a connection be read anew: a table has changed."""
    _columns.pop(connection, None)


@lru_cache(maxsize=500)
def _translate(general: str, moments: int, columns: Columns) -> Any:
    """The SQL of a question, with what has to be bound to it."""
    import duckdb_kql

    declared = ", ".join(f"_moment{place}:datetime" for place in range(moments))
    text = f"declare query_parameters({declared}); {general}" if moments else general
    schema = {table: list(names) for table, names in columns}
    return duckdb_kql.to_sql(text, schema=schema, allow_write=False, query_now=_SOME_DAY)
