"""The figures of a pattern: how often, when, by whom, judged how, and what work it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from statistics import median
from typing import Any, Final
from uuid import UUID

from alerts.patterns.engine.cells import HARMLESS, HOURS_OF_WEEK, AlertCell, DeviceGroup
from alerts.patterns.engine.evidence import Unit
from alerts.patterns.engine.pattern import MinedPattern, pattern_as_json
from alerts.patterns.engine.plan import IncidentShape
from alerts.patterns.engine.rule_text import title_of
from alerts.patterns.engine.width import CriticalPairs, reasons_for_width
from alerts.patterns.models import Pattern
from alerts.patterns.services.site_history import EPOCH, SiteHistory
from alerts.suppression.backtesting.time_to_close import MIN_CLOSES

MONTH: Final = 30.0  # days
HOUR: Final = timedelta(hours=1)
MAX_MEMBERS: Final = 100  # that are counted one by one
MAX_UNITS: Final = 20
MAX_VERDICTS: Final = 500


@dataclass(slots=True)
class ShapeIndex:
    """Shapes of incidents by the cells that take part in them."""

    shapes: Sequence[IncidentShape]
    by_cell: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, shapes: Sequence[IncidentShape]) -> ShapeIndex:
        """Return the index of these shapes."""
        index = cls(shapes)
        for position, shape in enumerate(shapes):
            for cell in {part.cell for part in shape.parts}:
                index.by_cell[cell].append(position)
        return index

    def count_touched(self, pattern: MinedPattern) -> int:
        """Return how many incidents have at least one alert that the pattern covers."""
        positions = {
            position
            for cell in pattern.cells
            for position in self.by_cell.get(cell, ())
            if pattern.is_any_time
            or any(
                part.cell == cell and pattern.covers_time(part.slot, part.utc_slot, part.works)
                for part in self.shapes[position].parts
            )
        }
        return sum(self.shapes[place].count for place in positions)


def make_row(
    pattern: MinedPattern,
    *,
    history: SiteHistory,
    critical: CriticalPairs,
    incidents: int,
    days: int,
    max_days_seen: int,
    usual_minutes: float | None,
    now: datetime,
) -> Pattern:
    """Return a row with everything but its key, its place in the plan and its obstacles.

    `days` are the whole days of the history, by which work a month is reckoned; `max_days_seen`
    those that have begun.
    """
    row = Pattern(
        site=history.site,
        workspace_id=history.workspaces.most_common(1)[0][0],
        definition=pattern_as_json(pattern),
        alert_types=sorted({title for title, _ in pattern.types}),
        search_text=_search_text(pattern),
        alerts=pattern.alerts,
        incidents=incidents,
        reasons=[
            reason.as_json() for reason in reasons_for_width(pattern, history.cells, critical)
        ],
        mined_at=now,
    )
    _add_times(row, pattern, history, max_days=max_days_seen)
    _add_counts(row, pattern, history.cells)
    _add_evidence(row, pattern)
    row.title = title_of(pattern, row.types_by_weight)
    _add_work(row, pattern, history, days=days, usual_minutes=usual_minutes)
    return row


def _add_times(row: Pattern, pattern: MinedPattern, history: SiteHistory, *, max_days: int) -> None:
    rhythm = [0] * HOURS_OF_WEEK
    hours: set[tuple[int, int]] = set()  # day and hour, both in UTC
    dates: set[int] = set()
    moments = Counter(
        chain.from_iterable(history.cells[position].occurrences for position in pattern.cells)
    )
    for occurrence, times in moments.items():
        slot, utc_slot = occurrence.slot, occurrence.utc_slot
        if pattern.covers_time(slot, utc_slot, occurrence.works):
            rhythm[slot] += occurrence.alerts * times
            dates.add(occurrence.day)
            shift = (utc_slot // 24 - slot // 24 + 3) % 7 - 3
            hours.add((occurrence.day + shift - EPOCH, utc_slot % 24))
    # A period of 90 days touches 91 dates; what came on all of them came on each of its days.
    row.rhythm, row.days_seen = rhythm, min(len(dates), max_days)
    first, latest = _moment(*min(hours)), _moment(*max(hours))
    oldest = min(history.first_at[place] for place in pattern.cells)
    newest = max(history.latest_at[place] for place in pattern.cells)
    # To the minute where the hour is that of the first or the latest alert of all.
    row.first_at = oldest if oldest - first < HOUR and oldest >= first else first
    row.latest_at = newest if newest - latest < HOUR else latest


def _moment(day: int, hour: int) -> datetime:
    return datetime.fromtimestamp((day * 24 + hour) * 3600, tz=UTC)


def _add_counts(row: Pattern, pattern: MinedPattern, cells: Sequence[AlertCell]) -> None:
    """By type and by member: alerts, and verdicts that call them harmless."""
    types: dict[Any, tuple[Counter[str], set[str]]] = defaultdict(lambda: (Counter(), set()))
    members: dict[str, dict[Any, tuple[Counter[str], set[str]]]] = {
        "source": defaultdict(lambda: (Counter(), set())),
        "destination": defaultdict(lambda: (Counter(), set())),
    }
    for position in pattern.cells:
        cell = cells[position]
        alerts = pattern.count_inside(cell)
        judged = {
            v.uuid
            for v in cell.verdicts
            if v.verdict in HARMLESS and pattern.covers_time(v.slot, v.utc_slot, v.works)
        }
        targets = (
            types[cell.key.alert_type, cell.key.own_title],
            members["source"][cell.key.source.name],
            members["destination"][cell.key.destination.name],
        )
        for counts, verdicts in targets:
            counts["alerts"] += alerts
            verdicts.update(judged)
    row.type_figures = [
        {"title": title, "own_title": own, "alerts": counts["alerts"], "judged": len(judged)}
        for (title, own), (counts, judged) in _largest_first(types)
    ]
    row.member_figures = {
        side: [
            [name, counts["alerts"], len(judged)]
            for name, (counts, judged) in _largest_first(by_name)[:MAX_MEMBERS]
            if name
        ]
        for side, by_name in members.items()
    }


def _largest_first(
    by_name: Mapping[Any, tuple[Counter[str], set[str]]],
) -> list[tuple[Any, tuple[Counter[str], set[str]]]]:
    return sorted(by_name.items(), key=lambda item: (-item[1][0]["alerts"], item[0]))


def _add_evidence(row: Pattern, pattern: MinedPattern) -> None:
    evidence = pattern.evidence
    row.routine, row.maintenance = evidence.routine, evidence.maintenance
    row.suspicious, row.not_sure = evidence.suspicious, evidence.not_sure
    row.true_positives, row.closings = evidence.true_positives, evidence.closings
    row.judged, row.people, row.limit = evidence.judged, len(evidence.people), evidence.limit
    row.judged_share = round(evidence.judged_share, 4)
    row.has_enough_evidence = evidence.is_enough
    row.cause = evidence.causes[0][0] if evidence.causes else ""
    row.verdict_uuids = [UUID(text) for text in evidence.verdicts[:MAX_VERDICTS]]
    largest = sorted(evidence.open_units, key=lambda unit: (-unit[1], str(unit[0])))[:MAX_UNITS]
    row.open_units = [_unit_as_json(unit, alerts) for unit, alerts in largest]


def _unit_as_json(unit: Unit, alerts: int) -> dict[str, Any]:
    kind, target = unit
    if isinstance(target, DeviceGroup):
        return {"kind": kind, "name": target.kind, "zone": target.zone, "alerts": alerts}
    return {"kind": kind, "name": target, "zone": "", "alerts": alerts}


def _add_work(
    row: Pattern,
    pattern: MinedPattern,
    history: SiteHistory,
    *,
    days: int,
    usual_minutes: float | None,
) -> None:
    """Minutes saved in a month, times the least share that is harmless. Where nobody measured
    minutes, incidents take their place.
    """
    measured = list(_minutes(pattern.cells, history.minutes))
    minutes = median(measured) if len(measured) >= MIN_CLOSES else usual_minutes
    each_month = row.incidents / days * MONTH
    row.minutes_each = minutes
    row.minutes_month = None if minutes is None else round(minutes * each_month, 1)
    worth = each_month if row.minutes_month is None else row.minutes_month
    row.rank = round(worth * (1 - row.limit), 3)


def _minutes(cells: Iterable[int], minutes: Mapping[int, list[float]]) -> Iterable[float]:
    for position in cells:
        yield from minutes.get(position, ())


def _search_text(pattern: MinedPattern) -> str:
    words = [word for name in pattern.types for word in name if word]
    for side in (pattern.source, pattern.destination):
        words += [*side.members, *side.kinds, *side.zones]
    return " ".join(dict.fromkeys(words))
