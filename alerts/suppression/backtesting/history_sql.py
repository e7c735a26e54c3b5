"""The period of history, its alerts as SQL, and how long a question to it may take."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.utils import OperationalError
from psycopg.errors import QueryCanceled

from alerts.rules.sql import Sql


class BackTestTimedOut(Exception):
    """History was asked for longer than allowed; nothing was found out."""


class TimeSpan(NamedTuple):
    """A time span, its end not included."""

    start: datetime
    end: datetime

    @property
    def days(self) -> int:
        """How many times 24 hours it lasts."""
        return (self.end - self.start).days


def days_begun(length: timedelta) -> int:
    """Return how many days of 24 hours have begun: so pages count days. Whether history is enough
    is asked of the whole days, `length.days`.
    """
    return -(-length // timedelta(days=1))


def days_counted(period_days: int, *, history_days: int) -> int:
    """Return of how many days the counts of a period are: its own, or fewer where history, of so
    many days that have begun, is shorter.
    """
    return max(min(period_days, history_days), 1)


@contextmanager
def statement_limit(seconds: float) -> Iterator[None]:
    """Cancel a query after this time and raise `BackTestTimedOut`. The limit ends with the block,
    also inside an outer transaction.
    """
    try:
        with transaction.atomic():
            usual, _ = fetch_rows(
                "SELECT current_setting('statement_timeout'),"
                " set_config('statement_timeout', %s, true)",
                [f"{round(seconds * 1000)}ms"],
            )[0]
            yield
            fetch_rows("SELECT set_config('statement_timeout', %s, true)", [usual])
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise BackTestTimedOut from error
        raise


def fetch_rows(text: str, params: Any = ()) -> list[tuple[Any, ...]]:
    """Return the rows that a statement finds."""
    with connection.cursor() as cursor:
        cursor.execute(text, params)
        return list(cursor.fetchall())


def ids_array(ids: Iterable[int]) -> str:
    """Return ids as one array. psycopg quotes a list member by member, which for the hundreds of a
    back-test costs more than the question.
    """
    return "{" + ",".join(map(str, ids)) + "}"


def in_period(period: TimeSpan, *pieces: Sql) -> Sql:
    """Return the condition for the alerts of the period for which all pieces hold."""
    text = " AND ".join(["a.at >= %s AND a.at < %s", *(f"({piece.text})" for piece in pieces)])
    params = (period.start, period.end, *(param for piece in pieces for param in piece.params))
    return Sql(text, params)
