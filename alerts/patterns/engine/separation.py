"""What stays apart although it begins at the same place: other hours, a single time, a doubt."""

from collections import defaultdict
from collections.abc import Collection, Container, Iterable

from alerts.patterns.engine.cells import HARMLESS, AlertCell, CellEnd, are_on_days, count_alerts
from alerts.patterns.engine.hours import DAY, SLACK

type SourceDays = Container[tuple[str, int]]  # a device or an address, and a day


def days_with_doubt(cells: Iterable[AlertCell]) -> frozenset[tuple[str, int]]:
    """Return when a source did something that somebody called suspicious."""
    return frozenset(
        (cell.key.source.name, day) for cell in cells if cell.is_suspect for day in cell.days
    )


def is_beside_doubt(part: Iterable[AlertCell], doubted_days: SourceDays) -> bool:
    """Whether a source of these cells did something suspicious on the same day."""
    return any((cell.key.source.name, day) in doubted_days for cell in part for day in cell.days)


def is_vouched(part: list[AlertCell]) -> bool:
    """Whether these cells were seen on two days at least, or somebody called one harmless."""
    return are_on_days(part, 2) or any(
        verdict.verdict in HARMLESS for cell in part for verdict in cell.verdicts
    )


def split_by_hours(part: Iterable[AlertCell]) -> list[list[AlertCell]]:
    """Return a part by the kinds of its sources, those together whose hours of the day touch: who
    works by day and who runs at night are two processes.
    """
    by_kind: dict[object, list[AlertCell]] = defaultdict(list)
    for cell in part:
        by_kind[kind_or_end(cell.key.source)].append(cell)
    groups: list[tuple[frozenset[int], list[AlertCell]]] = []
    for cells in sorted(by_kind.values(), key=count_alerts, reverse=True):
        hours = stretch_of_day({o.slot % DAY for cell in cells for o in cell.occurrences})
        near = [group for group in groups if group[0] & hours]
        groups = [group for group in groups if not group[0] & hours]
        joined = [cell for _, others in near for cell in others] + cells
        groups.append((hours.union(*(others for others, _ in near)), joined))
    return [cells for _, cells in groups]


def stretch_of_day(hours: Collection[int]) -> frozenset[int]:
    """Return the shortest stretch of the day that holds these hours, with slack on both sides."""
    ordered = sorted(hours)
    gaps = {
        following % DAY: following - hour
        for hour, following in zip(ordered, [*ordered[1:], ordered[0] + DAY], strict=True)
    }
    start = max(gaps, key=lambda hour: gaps[hour])
    length = DAY - gaps[start] + 1
    return frozenset((start + n) % DAY for n in range(-SLACK, length + SLACK))


def kind_or_end(end: CellEnd) -> object:
    """Return the kind of an end; itself where it has neither kind nor zone."""
    return (end.kind, end.is_outside) if end.group_or_self != end else end
