"""The proof that floor and product store the same details, row by row and column by column.

Both store the same answers for the same incidents, one after the other, from the same state: what
the first has stored is read and rolled back. Only ids that a sequence gave differ, and what they
point at is compared by its own names. Times of storing are the same, for both are told the time.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.db import connection, transaction

from bench import details_merges
from bench.details_floor import Answers, Floor

type Tables = dict[str, list[str]]

_OURS = "SELECT id FROM incidents_incident WHERE workspace_id = %(workspace)s"
_TABLES = {
    "incidents": "SELECT to_jsonb(i) FROM incidents_incident i WHERE workspace_id = %(workspace)s",
    "alerts": "SELECT to_jsonb(a) - 'id' FROM incidents_alert a WHERE workspace_id = %(workspace)s",
    "raw alerts": "SELECT jsonb_build_array(a.key, r.body) FROM incidents_alertraw r"
    " JOIN incidents_alert a ON a.id = r.alert_id WHERE workspace_id = %(workspace)s",
    "alerts of incidents": "SELECT jsonb_build_array(l.incident_id, a.key)"
    " FROM incidents_incidentalert l JOIN incidents_alert a ON a.id = l.alert_id"
    " WHERE workspace_id = %(workspace)s",
    "entities": "SELECT to_jsonb(e) - '{id,device_id}'::text[]"
    " || jsonb_build_object('device', jsonb_build_array(d.zone_id, d.address))"
    " FROM incidents_entity e LEFT JOIN sites_device d ON d.id = e.device_id"
    f" WHERE e.incident_id IN ({_OURS})",
    "devices": "SELECT to_jsonb(d) - 'id' FROM sites_device d",
    "comments": "SELECT to_jsonb(c) - 'id' FROM incidents_comment c"
    f" WHERE incident_id IN ({_OURS})",
    "groups": "SELECT to_jsonb(g) FROM incidents_group g WHERE workspace_id = %(workspace)s",
    "patterns": "SELECT to_jsonb(m) FROM incidents_patternmemory m",
    "pairs": "SELECT to_jsonb(m) FROM incidents_pairmemory m",
    "timeline": "SELECT to_jsonb(t) - 'id' FROM incidents_timelineitem t"
    f" WHERE incident_id IN ({_OURS})",
}


class NotTheSameError(RuntimeError):
    """Floor and product stored different rows: the race would mean nothing."""


def prove_the_same(
    *,
    workspace_id: int,
    batches: Iterable[tuple[list[int], list[Answers]]],
    product: Callable[[list[int], list[Answers]], None],
    now: datetime,
) -> int:
    """Raise NotTheSameError where any row differs; returns how many rows were compared. Leaves
    nothing behind.
    """
    given = list(batches)
    with connection.cursor() as cursor:
        floor = Floor(cursor, workspace_id=workspace_id, now=now)

        def floored(ids: list[int], answers: list[Answers]) -> None:
            floor.store(ids=ids, answers=answers)
            cursor.execute(details_merges.EMPTY)  # as the end of a transaction does

        before = _stored(cursor, workspace_id, None, given)
        one = _stored(cursor, workspace_id, floored, given)
        other = _stored(cursor, workspace_id, product, given)
    compare(one, other)
    if silent := [name for name in one if one[name] == before[name] and name != "timeline"]:
        raise NotTheSameError(f"Nothing was stored in {', '.join(silent)}.")
    return sum(map(len, one.values()))


def compare(floor: Tables, product: Tables) -> None:
    """Raise NotTheSameError with the first row that differs."""
    for name, rows in floor.items():
        for one, other in zip_longest(rows, product[name]):
            if one != other:
                raise NotTheSameError(f"{name}: the floor stored {one}, the product {other}")


def _stored(
    cursor: Any,
    workspace_id: int,
    store: Callable[[list[int], list[Answers]], None] | None,
    given: Iterable[tuple[list[int], list[Answers]]],
) -> Tables:
    """What stands in the tables after storing; then all of it is taken back."""
    with transaction.atomic():
        if store is not None:
            for turn, (ids, answers) in enumerate(given):
                store(ids, answers)
                if turn % 5 == 0:  # what was rolled back before must not mislead the planner
                    cursor.execute("ANALYZE")
        tables = {}
        for name, sql in _TABLES.items():
            cursor.execute(
                f"SELECT row::text FROM ({sql}) AS said(row) ORDER BY 1",
                {"workspace": workspace_id},
            )
            tables[name] = [row[0] for row in cursor.fetchall()]
        transaction.set_rollback(True)
    return tables
