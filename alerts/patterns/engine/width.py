"""Why a pattern is as wide as it is: one reason for each rung that it took."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from alerts.patterns.engine.cells import HARMLESS, AlertCell, CellEnd
from alerts.patterns.engine.pattern import MinedPattern, TypeName
from alerts.patterns.engine.sides import PatternSide, Rung

type Part = Literal["source", "destination", "types", "hours", "exceptions"]
# Ends of alerts of which one is a safety system or a crown jewel, by site and type.
type CriticalPairs = Mapping[tuple[str, TypeName], set[tuple[CellEnd, CellEnd]]]
MAX_NAMES: Final = 20  # of exceptions that are told


@dataclass(frozen=True, slots=True)
class WidthReason:
    """Why one part of a pattern is as wide as it is: a code of `web.width`, and its numbers."""

    part: Part
    code: str
    detail: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the reason as plain data."""
        return {"part": self.part, "code": self.code, "detail": self.detail}


def critical_pairs(cells: Iterable[AlertCell]) -> CriticalPairs:
    """Return the ends of cells with a critical end: few of all, and every pattern looks at them."""
    pairs: dict[tuple[str, TypeName], set[tuple[CellEnd, CellEnd]]] = defaultdict(set)
    for cell in cells:
        key = cell.key
        if key.source.is_critical or key.destination.is_critical:
            name = key.alert_type, key.own_title
            pairs[key.site, name].add((key.source, key.destination))
    return dict(pairs)


def reasons_for_width(
    pattern: MinedPattern, cells: Sequence[AlertCell], critical: CriticalPairs
) -> list[WidthReason]:
    """Return why source, destination, types and hours are as wide as they are, and what is left
    out. `cells` are those of the mining that found the pattern, `critical` their critical pairs.
    """
    inside = [cells[at] for at in pattern.cells]
    reasons = [
        _side_reason("source", pattern, pattern.source, inside),
        _side_reason("destination", pattern, pattern.destination, inside),
        _types_reason(pattern, inside),
        _hours_reason(pattern, inside),
    ]
    if suspicious := sorted({*pattern.exceptions, *pattern.except_sources}):
        reasons.append(WidthReason("exceptions", "suspicious", _named(suspicious)))
    if names := _critical_names(pattern, critical):
        reasons.append(WidthReason("exceptions", "critical", _named(names)))
    return reasons


def _side_reason(
    part: Part, pattern: MinedPattern, side: PatternSide, cells: Sequence[AlertCell]
) -> WidthReason:
    members = len(side.members)
    detail: dict[str, Any] = {"seen": members}
    match side.rung:
        case Rung.GROUP:
            code = "group" if side.zones else "kind"
            return WidthReason(part, code, {**detail, "known": max(side.known_count, members)})
        case Rung.NETWORK:
            return WidthReason(part, "network", {**detail, "networks": len(side.networks)})
        case Rung.LISTED if side.is_from_inventory:
            ends = {cell.key.destination.device for cell in cells}
            return WidthReason(part, "inventory", {"seen": len(ends), "known": members})
        case Rung.LISTED if len(side.members) == 1:
            return WidthReason(part, "single", detail)
        case Rung.LISTED if pattern.is_strict:
            return WidthReason(part, "strict", detail)
    return WidthReason(part, side.rung.value, detail)


def _types_reason(pattern: MinedPattern, cells: Sequence[AlertCell]) -> WidthReason:
    judged = {
        (cell.key.alert_type, cell.key.own_title)
        for cell in cells
        if any(verdict.verdict in HARMLESS for verdict in cell.verdicts)
    }
    code = "one" if len(pattern.types) == 1 else "set"
    return WidthReason("types", code, {"types": len(pattern.types), "judged": len(judged)})


def _hours_reason(pattern: MinedPattern, cells: Sequence[AlertCell]) -> WidthReason:
    if pattern.planned_work:
        return WidthReason("hours", "planned_work", {"kind": pattern.planned_work})
    if pattern.hours is None:
        slots = {o.slot for cell in cells for o in cell.occurrences}
        return WidthReason("hours", "any", {"slots": len(slots)})
    outside = sum(
        o.alerts
        for cell in cells
        for o in cell.occurrences
        if not pattern.hours.contains(o.slot, o.utc_slot)
    )
    code = "utc" if pattern.hours.is_utc else "plant"
    return WidthReason("hours", code, {"outside": outside, "hours": pattern.hours.hours_a_week})


def _critical_names(pattern: MinedPattern, critical: CriticalPairs) -> list[str]:
    """Return the safety systems and crown jewels that would lie inside if they were none."""
    names = set()
    for name in pattern.types:
        for source, destination in critical.get((pattern.site, name), ()):
            if _is_near(pattern.source, source) and _is_near(pattern.destination, destination):
                names |= {end.name for end in (source, destination) if end.is_critical}
    return sorted(names)


def _is_near(side: PatternSide, end: CellEnd) -> bool:
    """Whether a side covers an end, or stands in the same zones with a critical one."""
    return side.covers(end) or (end.is_critical and (not side.zones or end.zone in side.zones))


def _named(names: list[str]) -> dict[str, Any]:
    return {"names": names[:MAX_NAMES], "count": len(names)}
