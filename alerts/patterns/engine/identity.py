"""What pins a pattern to this plant (S2): devices that come again, or the sensors of a place."""

from collections.abc import Callable
from typing import Final

from alerts.patterns.engine.cells import AlertCell, count_alerts
from alerts.patterns.engine.hours import Hours
from alerts.patterns.engine.sides import PatternSide, Rung
from alerts.planned_work.engine.kinds import KINDS_FOR_RULES

MAX_SENSORS: Final = 5  # that stand for the place of devices which come and go
MIN_RETURNING_SHARE: Final = 0.5  # of the alerts, on later days than a listed device's first


def obstacle_of(
    source: PatternSide,
    destination: PatternSide,
    *,
    is_strict: bool,
    hours: Hours | None,
    planned_work: str,
    sensors: tuple[str, ...],
) -> str:
    """Return the code of why no rule can come of it as it stands; empty where one can."""
    if Rung.LISTED not in (source.rung, destination.rung) and not sensors:
        return "no_identity"
    if is_strict and hours is None and not planned_work:
        return "needs_hours"
    if planned_work and planned_work not in KINDS_FOR_RULES:
        return "needs_planned_work"  # of a kind that a rule can name
    return ""


def sensors_of_place(
    source: PatternSide, destination: PatternSide, cells: list[AlertCell]
) -> tuple[str, ...]:
    """Return the sensors that pin what devices of a kind do in their zone although each of them
    comes once, such as visitors' laptops: they see all of it, and it is aimed at nobody.
    """
    sensors = {cell.key.sensor for cell in cells}
    is_place = source.rung == Rung.GROUP and source.zones and destination.rung == Rung.NONE
    if not is_place or "" in sensors or len(sensors) > MAX_SENSORS:
        return ()
    return tuple(sorted(sensors))


def returns(source: PatternSide, destination: PatternSide, cells: list[AlertCell]) -> bool:
    """Whether the devices that a side lists came back on other days. A list of devices that were
    each seen once, such as what was installed last month, matches nothing that is yet to come.
    """
    ends: list[Callable[[AlertCell], str]] = []
    if source.rung == Rung.LISTED:
        ends.append(lambda cell: cell.key.source.name)
    if destination.rung == Rung.LISTED:
        ends.append(lambda cell: cell.key.destination.name)
    return all(_returning_share(cells, end) >= MIN_RETURNING_SHARE for end in ends)


def _returning_share(cells: list[AlertCell], end: Callable[[AlertCell], str]) -> float:
    """Return the share of alerts on other days than the first of the device at this end."""
    first: dict[str, int] = {}
    for cell in cells:
        day = min(occurrence.day for occurrence in cell.occurrences)
        first[end(cell)] = min(first.get(end(cell), day), day)
    again = sum(o.alerts for cell in cells for o in cell.occurrences if o.day > first[end(cell)])
    return again / count_alerts(cells)
