"""What a rule that lists its devices no longer fits: a device of the same kind and zone that talks
to the same partners came to them, or took the place of one that fell silent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from alerts.rules.fields import Operator
from alerts.rules.rule import MAX_VALUES, Clause, RuleDefinition

LISTING: Final = (
    "source_device",
    "source_address",
    "destination_device",
    "destination_address",
)
SILENT: Final = timedelta(days=7)  # a listed device that was heard of before, and no more
MIN_ALERTS, MIN_DAYS = 3, 2  # fewer are chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A device at one side of the alerts that all other lines of the rule match."""

    name: str  # as the rule's line would list it
    kind: str
    zone: str
    first_at: datetime
    latest_at: datetime
    alerts: int
    days: int
    partners: frozenset[str]
    is_doubted: bool = False  # somebody called one of the alerts suspicious, or it was an attack

    @property
    def group(self) -> tuple[str, str]:
        """Kind and zone, as the alerts state them."""
        return self.kind, self.zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A device that the line does not list and should; `instead_of` fell silent before it came."""

    name: str
    kind: str
    zone: str
    alerts: int
    first_at: datetime
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class LineChange:
    """How one line of a rule would be said now."""

    line: Clause
    newcomers: tuple[Newcomer, ...]

    @property
    def added(self) -> tuple[str, ...]:
        """The devices that the line does not list yet."""
        return tuple(newcomer.name for newcomer in self.newcomers)

    @property
    def removed(self) -> tuple[str, ...]:
        """The devices that fell silent and whose place another took."""
        return tuple(newcomer.instead_of for newcomer in self.newcomers if newcomer.instead_of)

    @property
    def new_line(self) -> Clause:
        """The line with the newcomers, and without those whose place they took."""
        remaining = [value for value in self.line.texts if value not in self.removed]
        values = tuple(sorted({*remaining, *self.added}))
        operator = Operator.IS if len(values) == 1 else Operator.IS_ONE_OF
        return Clause(self.line.field, operator, values)


def listing_lines(rule: RuleDefinition) -> list[Clause]:
    """Return the lines that list devices or addresses of one side one by one."""
    return [
        line
        for line in rule.all_of
        if line.field in LISTING and line.operator in (Operator.IS, Operator.IS_ONE_OF)
    ]


def without_line(rule: RuleDefinition, line: Clause) -> RuleDefinition:
    """Return the rule without one of its lines: what it would match for any device."""
    return replace(rule, all_of=tuple(clause for clause in rule.all_of if clause != line))


def change_of(line: Clause, sightings: Sequence[Sighting], *, now: datetime) -> LineChange | None:
    """Return how the line would read now, or None where it still fits. `sightings` are of all
    devices in its place, listed or not.
    """
    members = [sighting for sighting in sightings if sighting.name in line.texts]
    groups = {sighting.group for sighting in members if sighting.kind and sighting.zone}
    partners = frozenset[str]().union(*(sighting.partners for sighting in members))
    silent = [sighting for sighting in members if sighting.latest_at <= now - SILENT]
    found = []
    for sighting in sorted(sightings, key=lambda device: (device.first_at, device.name)):
        if sighting.name in line.texts or sighting.group not in groups or sighting.is_doubted:
            continue
        if (
            sighting.alerts < MIN_ALERTS
            or sighting.days < MIN_DAYS
            or not sighting.partners <= partners
        ):
            continue
        gone = next((device for device in silent if _takes_place(sighting, device)), None)
        if gone is not None:
            silent.remove(gone)
        found.append(
            Newcomer(
                name=sighting.name,
                kind=sighting.kind,
                zone=sighting.zone,
                alerts=sighting.alerts,
                first_at=sighting.first_at,
                instead_of=gone.name if gone else "",
            )
        )
    if not found or len(line.texts) + len(found) > MAX_VALUES:
        return None
    return LineChange(line, tuple(found))


def _takes_place(new: Sighting, old: Sighting) -> bool:
    return (
        new.group == old.group
        and old.latest_at <= new.first_at
        and old.alerts >= MIN_ALERTS
        and bool(new.partners & old.partners)
    )


def suggested_rule(rule: RuleDefinition, changes: Sequence[LineChange]) -> RuleDefinition:
    """Return what the next version of the rule would be."""
    new_by_line = {change.line: change.new_line for change in changes}
    return replace(rule, all_of=tuple(new_by_line.get(line, line) for line in rule.all_of))
