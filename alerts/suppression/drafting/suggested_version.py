"""What the next version of a live rule would say that its devices outgrew."""

from datetime import datetime, timedelta
from typing import Final

from alerts.rules import sql
from alerts.rules.new_devices import (
    LineChange,
    Sighting,
    change_of,
    listing_lines,
    without_line,
)
from alerts.rules.rule import Clause, RuleDefinition
from alerts.suppression.backtesting.history import DOUBTED, DOUBTED_PARAMS
from alerts.suppression.backtesting.history_sql import TimeSpan, fetch_rows, in_period
from alerts.suppression.drafting.drift_questions import names_not_the_same
from alerts.suppression.models import RuleVersion, VersionState

PERIOD: Final = timedelta(days=60)
MAX_DEVICES: Final = 500  # in one place: a line over more of them is no list
_OTHER: Final = {"source": "destination", "destination": "source"}


def line_changes(version: RuleVersion, *, now: datetime) -> list[LineChange]:
    """Return how the lines of a live version that list devices would be said now; nothing where
    they still fit, for versions that do not live, and while the next version is in its trial: one
    more device would begin that anew. What OT called something else is not in it.
    """
    if version.state != VersionState.LIVE:
        return []
    rule, lines = version.definition, listing_lines(version.definition)
    others = names_not_the_same(version.site_ids) if lines else set()
    changes = (
        change_of(
            line,
            [row for row in _sightings(rule, line, now=now) if row.name not in others],
            now=now,
        )
        for line in lines
    )
    found = [change for change in changes if change is not None]
    trials = RuleVersion.objects.filter(rule=version.rule_id, state=VersionState.IN_TRIAL)
    return [] if found and trials.exists() else found


def _sightings(rule: RuleDefinition, line: Clause, *, now: datetime) -> list[Sighting]:
    """What is in the place of the line in alerts that all other lines match."""
    side = line.field.partition("_")[0]
    other = _OTHER[side]
    found = in_period(TimeSpan(now - PERIOD, now), sql.rule_condition_sql(without_line(rule, line)))
    rows = fetch_rows(
        f"SELECT a.{line.field}, a.{side}_kind, a.{side}_zone, min(a.at), max(a.at), count(*),"
        " count(DISTINCT date_trunc('day', a.at)), array_agg(DISTINCT"
        f" coalesce(nullif(a.{other}_device, ''), a.{other}_address)),"
        f" bool_or(a.id IN ({DOUBTED}))"
        f" FROM incidents_alerts a WHERE {found.text} AND a.{line.field} <> ''"
        f" GROUP BY 1, 2, 3 ORDER BY max(a.at) DESC, 1 LIMIT {MAX_DEVICES + 1}",
        (*DOUBTED_PARAMS, *found.params),
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
