"""Which devices did what a signed rule is about, and when: cells of a site beside its lines."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from alerts.patterns.engine.cells import AlertCell, CellEnd, CellHour, DeviceGroup
from alerts.rules.fields import FieldValues
from alerts.rules.match import exception_predicate, predicate
from alerts.rules.rule import Clause, RuleDefinition
from alerts.rules.windows import ranges_by_zone

# What a cell shows. A rule with a line about anything else cannot be held against cells.
SHOWN: Final = frozenset(
    {
        *("site", "alert_type", "user_defined_title", "protocol", "function", "severity"),
        *("source_device", "source_address", "source_kind", "source_zone"),
        *("destination_device", "destination_address", "destination_kind", "destination_zone"),
        *("any_device", "any_address", "time", "planned_work"),
    }
)
WHEN: Final = frozenset({"time", "planned_work"})
_ANY: Final = frozenset({"any_device", "any_address"})
_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)  # lines about time are read by the hour
type Partner = str | DeviceGroup
type Deed = tuple[str, str, str, str]  # alert type, its own title, function, the other end


def hour_number(occurrence: CellHour) -> int:
    """Return the hour of an occurrence, counted from the first day there is."""
    return occurrence.day * 24 + occurrence.slot % 24


@dataclass(slots=True)
class RoleSighting:
    """A device in the place of one line, in alerts that all other lines of the rule match."""

    name: str  # as the line lists it
    end: CellEnd  # as its latest alert names it
    groups: set[DeviceGroup] = field(default_factory=set)  # the kinds and zones it was seen in
    occurrences: list[CellHour] = field(default_factory=list)
    partners: set[Partner] = field(default_factory=set)
    types: set[tuple[str, str]] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    cells: list[int] = field(default_factory=list)
    days: set[int] = field(default_factory=set)
    alerts: int = 0
    first: int = 0  # the hours of its first alert and of its latest
    latest: int = 0

    @property
    def group(self) -> DeviceGroup:
        """Its kind and zone; empty where alerts name none, or several: then it is nobody's like."""
        named = {group for group in self.groups if group.is_named}
        return next(iter(named)) if len(named) == 1 else DeviceGroup("", "")

    def add_cell(
        self, position: int, cell: AlertCell, end: CellEnd, occurrences: Sequence[CellHour]
    ) -> None:
        """Count what it did in one cell."""
        hours = [hour_number(occurrence) for occurrence in occurrences]
        if max(hours) >= self.latest:
            self.end, self.latest = end, max(hours)
        self.first = min(self.first, *hours) if self.cells else min(hours)
        self.groups.add(end.group)
        self.occurrences += occurrences
        self.days.update(occurrence.day for occurrence in occurrences)
        self.alerts += sum(occurrence.alerts for occurrence in occurrences)
        self.types.add((cell.key.alert_type, cell.key.own_title))
        self.functions.add(cell.key.function)
        self.cells.append(position)


class SiteCells:
    """The cells of one site, by what rules look for."""

    def __init__(self, cells: Sequence[AlertCell]) -> None:
        self.cells = cells
        self.by_type: dict[str, list[int]] = defaultdict(list)
        self.by_name: dict[str, list[int]] = defaultdict(list)
        self._facts: dict[int, FieldValues] = {}
        self._deeds: dict[str, dict[Deed, list[int]]] = {}
        for position, cell in enumerate(cells):
            self.by_type[cell.key.alert_type].append(position)
            for end in (cell.key.source, cell.key.destination):
                for name in {end.device, end.address} - {""}:
                    self.by_name[name].append(position)

    def facts_of(self, position: int) -> FieldValues:
        """Return what rules read of a cell, apart from when it was."""
        if position not in self._facts:
            self._facts[position] = _facts(self.cells[position])
        return self._facts[position]

    def is_doubted(self, name: str) -> bool:
        """Whether somebody called something that names the device suspicious."""
        return any(self.cells[position].is_suspect for position in self.by_name.get(name, ()))

    def latest_of(self, name: str, end: CellEnd | None = None) -> int:
        """Return the hour of the latest alert that names the device, whatever it was; with its end,
        also of what shows nothing but its address.
        """
        positions = self.by_name.get(name, ()) if end is None else self.positions_of(name, end)
        return max(hour_number(o) for at in positions for o in self.cells[at].occurrences)

    def positions_of(self, name: str, end: CellEnd) -> list[int]:
        """Return the cells of a device that a line lists by this name: under its name, and under
        its address where they name no other device.
        """
        found = {*self.by_name.get(name, ()), *self.by_name.get(end.device, ())}
        for position in self.by_name.get(end.address, ()):
            key = self.cells[position].key
            here = [o.device for o in (key.source, key.destination) if o.address == end.address]
            if {"", end.device}.intersection(here):
                found.add(position)
        return sorted(found)

    def deeds_of_end(self, name: str, end: CellEnd) -> dict[Deed, list[int]]:
        """Return what a device did by its name or by its address, with the cells of each."""
        deeds: dict[Deed, list[int]] = defaultdict(list)
        names = {name, end.device, end.address} - {""}
        for position in self.positions_of(name, end):
            key = self.cells[position].key
            shown = {key.source.device, key.source.address}
            shown |= {key.destination.device, key.destination.address}
            deeds[deed_of(self.cells[position], min(names & shown))].append(position)
        return deeds

    def deeds_of(self, name: str) -> dict[Deed, list[int]]:
        """Return what a device did, with the cells of each: also what it was done to, for nothing
        that names a newcomer may go unseen.
        """
        if name not in self._deeds:
            deeds: dict[Deed, list[int]] = defaultdict(list)
            for position in self.by_name.get(name, ()):
                deeds[deed_of(self.cells[position], name)].append(position)
            self._deeds[name] = deeds
        return self._deeds[name]


def deed_of(cell: AlertCell, name: str) -> Deed:
    """Return what a device did in a cell."""
    key = cell.key
    is_source = name in (key.source.device, key.source.address)
    other = key.destination if is_source else key.source
    # What goes from it and what comes to it are two things, and so is what has no direction.
    mark = "" if not key.is_directed else ">" if is_source else "<"
    partner = other.group.kind if other.is_outside else other.name
    return key.alert_type, key.own_title, key.function, mark + partner


def _facts(cell: AlertCell) -> FieldValues:
    key = cell.key
    source, destination = (key.source, key.destination) if key.is_directed else (CellEnd(),) * 2
    ends = (key.source, key.destination)
    return FieldValues(
        workspace="",
        site=key.site,
        alert_type=key.alert_type,
        user_defined_title=key.own_title,
        severity=cell.severity,
        protocol=key.protocol,
        function=key.function,
        source_device=source.device,
        source_address=source.address,
        source_kind=source.kind,
        source_zone=source.zone,
        destination_device=destination.device,
        destination_address=destination.address,
        destination_kind=destination.kind,
        destination_zone=destination.zone,
        any_device=tuple(end.device for end in ends if end.device),
        any_address=tuple(end.address for end in ends if end.address),
        at=_NO_TIME,
    )


class RuleOnCells:
    """One rule held against the cells of its site. Not of every rule: see `is_readable`."""

    def __init__(self, rule: RuleDefinition, site: SiteCells) -> None:
        self.rule, self.site = rule, site
        self.where = [line for line in rule.all_of if line.field not in WHEN]
        self.when = [line for line in rule.all_of if line.field in WHEN]
        types = [line.texts for line in rule.all_of if line.field == "alert_type"]
        self.positions = sorted(
            {at for values in types for title in values for at in site.by_type.get(title, ())}
        )

    @property
    def is_readable(self) -> bool:
        """Whether cells show all that its lines and exceptions are about."""
        lines = [*self.rule.all_of, *self.rule.except_any]
        has_types = any(line.field == "alert_type" for line in self.where)
        is_timed = any(line.field in WHEN for line in self.rule.except_any)
        return has_types and not is_timed and all(line.field in SHOWN for line in lines)

    def fitting(self, *, but: Clause | None = None) -> list[int]:
        """Return the cells that all its lines but this one hold for, whenever they came."""
        tests = [predicate(line) for line in self.where if line != but]
        exceptions = [exception_predicate(line) for line in self.rule.except_any]
        found = []
        for position in self.positions:
            facts = self.site.facts_of(position)
            if all(test(facts) for test in tests) and not any(test(facts) for test in exceptions):
                found.append(position)
        return found

    def inside(self, position: int) -> list[CellHour]:
        """Return those occurrences of a cell that its lines about time hold for."""
        return [o for o in self.site.cells[position].occurrences if is_timely(o, self.when)]

    def sightings(self, line: Clause) -> dict[str, RoleSighting]:
        """Return by name the devices in the place of a line that lists devices or addresses."""
        found: dict[str, RoleSighting] = {}
        groups = not self._lists_other_end(line)
        for position in self.fitting(but=line):
            cell, pair = self.site.cells[position], self._pair_at(line, position)
            occurrences = self.inside(position)
            if pair is None or not occurrences:
                continue
            end, other = pair
            name = end.address if line.field.endswith("_address") else end.device
            if not name:
                continue
            row = found.setdefault(name, RoleSighting(name, end))
            row.add_cell(position, cell, end, occurrences)
            row.partners.add(other.group if groups else other.name)
        return found

    def _pair_at(self, line: Clause, position: int) -> tuple[CellEnd, CellEnd] | None:
        """Return the end that a line is about and the other one; None where that is not clear."""
        key = self.site.cells[position].key
        if line.field.startswith("source_"):
            return key.source, key.destination
        if line.field.startswith("destination_"):
            return key.destination, key.source
        others = [o for o in self.where if o.field in _ANY and o != line]
        if key.is_directed or len(others) != 1:
            return None
        ends = [key.source, key.destination]
        partners = [e for e in ends if {e.device, e.address} & set(others[0].texts)]
        if len(partners) != 1:
            return None
        return next(end for end in ends if end is not partners[0]), partners[0]

    def _lists_other_end(self, line: Clause) -> bool:
        """Whether the rule lists the other end one by one; else partners count by kind and zone."""
        if line.field in _ANY:
            return True
        other = "destination" if line.field.startswith("source_") else "source"
        fields = {f"{other}_device", f"{other}_address"}
        return any(o.field in fields and o.operator != "within" for o in self.where)


def is_timely(occurrence: CellHour, lines: Iterable[Clause]) -> bool:
    """Whether lines about time hold for an hour: all of it lies in a window, or work covers it."""
    for line in lines:
        if line.field == "planned_work":
            if occurrence.works.isdisjoint(line.texts):
                return False
        elif not is_in_hours(occurrence, line.texts):
            return False
    return True


def is_in_hours(occurrence: CellHour, windows: tuple[str, ...]) -> bool:
    """Whether the middle of an hour lies in one of the windows."""
    return any(
        (occurrence.utc_slot if is_utc else occurrence.slot) in slots
        for is_utc, slots in _slots_of(windows)
    )


@lru_cache(maxsize=1024)
def _slots_of(windows: tuple[str, ...]) -> tuple[tuple[bool, frozenset[int]], ...]:
    """The hours of the week whose middle lies in the windows, by whether they go by UTC."""
    return tuple(
        (
            zone == "UTC",
            frozenset(
                slot
                for slot in range(168)
                if any(start <= slot * 60 + 30 < end for start, end in ranges)
            ),
        )
        for zone, ranges in ranges_by_zone(windows)
    )


def common_groups(rows: Collection[RoleSighting]) -> set[DeviceGroup]:
    """Return the kinds and zones of these devices, as far as alerts name both."""
    return {row.group for row in rows if row.group.is_named}


def hours_of_day(occurrences: Iterable[CellHour]) -> set[int]:
    """Return the hours of the day of these, in plant time."""
    return {occurrence.slot % 24 for occurrence in occurrences}
