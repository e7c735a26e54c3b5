"""Which devices came to those that a live rule lists, or took the place of one of them."""

from datetime import datetime, timedelta
from typing import Final

from alerts.suppression.backtesting.fact_rows import Period, ask, inside
from alerts.suppression.backtesting.history import DOUBTED, DOUBTED_GIVEN
from alerts.suppression.engine import sql
from alerts.suppression.engine.outgrown import (
    LineChange,
    Sighting,
    change_of,
    listing_lines,
    without_line,
)
from alerts.suppression.engine.rule import Clause, Rule
from alerts.suppression.models import RuleVersion, State

PERIOD: Final = timedelta(days=60)
MAX_DEVICES: Final = 500  # in one place: a line over more of them is no list
_OTHER: Final = {"source": "destination", "destination": "source"}


def line_changes(version: RuleVersion, *, now: datetime) -> list[LineChange]:
    """Return how the lines of a live version that list devices would be said now; nothing where
    they still fit, and for versions that do not live.
    """
    if version.state != State.LIVE:
        return []
    said = version.said
    changes = (
        change_of(line, _sightings(said, line, now=now), now=now) for line in listing_lines(said)
    )
    return [change for change in changes if change is not None]


def _sightings(said: Rule, line: Clause, *, now: datetime) -> list[Sighting]:
    """What stands in the place of the line in alerts that all other lines match."""
    side = line.field.partition("_")[0]
    other = _OTHER[side]
    found = inside(Period(now - PERIOD, now), sql.where(without_line(said, line)))
    rows = ask(
        f"SELECT a.{line.field}, a.{side}_kind, a.{side}_zone, min(a.at), max(a.at), count(*),"
        " count(DISTINCT date_trunc('day', a.at)), array_agg(DISTINCT"
        f" coalesce(nullif(a.{other}_device, ''), a.{other}_address)),"
        f" bool_or(a.id IN ({DOUBTED}))"
        f" FROM incidents_alert a WHERE {found.text} AND a.{line.field} <> ''"
        f" GROUP BY 1, 2, 3 ORDER BY max(a.at) DESC, 1 LIMIT {MAX_DEVICES + 1}",
        (*DOUBTED_GIVEN, *found.params),
    )
    if len(rows) > MAX_DEVICES:
        return []
    return [
        Sighting(
            name=name,
            kind=kind,
            zone=zone,
            first_at=first,
            latest_at=latest,
            alerts=alerts,
            days=days,
            partners=frozenset(partners),
            is_doubted=is_doubted,
        )
        for name, kind, zone, first, latest, alerts, days, partners, is_doubted in rows
    ]
