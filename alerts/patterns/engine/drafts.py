"""Which cells belong together: ladders from a pair of devices up to zones, and types that agree.

Attribute-oriented induction: alerts of one type between groups of devices are counted first; what
is too rare climbs the cheapest rung that makes it frequent, and no further. Types of one source
that go where its other types go are one draft.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from alerts.patterns.engine.cells import (
    AlertCell,
    CellEnd,
    CellHour,
    CellKey,
    DeviceGroup,
    are_on_days,
    count_alerts,
)
from alerts.patterns.engine.hours import Hours, learn_hours
from alerts.patterns.engine.pattern import TypeName
from alerts.patterns.engine.separation import (
    SourceDays,
    is_beside_doubt,
    is_vouched,
    kind_or_end,
    split_by_hours,
)
from alerts.patterns.engine.sides import (
    MIN_GROUP_MEMBERS,
    Inventory,
    Rung,
    describe_side,
    nameable_groups,
)

MIN_ALERTS: Final = 5  # of a pattern
MIN_DAYS: Final = 3
SAME_PLACES: Final = 0.8  # of a type's alerts must go where the pattern goes already
SIMILAR_HOURS: Final = 1.34  # joined hours may be this much longer than the longer of the two
SHORT_LIST: Final = 3  # targets; longer lists are looked at for groups
MAX_HOURS: Final = 100  # a week; what happens in more of them is not known by its hours


@dataclass
class PatternDraft:
    """Cells that are becoming a pattern."""

    cells: list[AlertCell]
    groups: set[DeviceGroup | CellEnd] = field(default_factory=set)  # places of the destinations
    sources: set[CellEnd] = field(default_factory=set)
    types: set[TypeName] = field(default_factory=set)
    alerts_by_route: Counter[tuple[CellEnd, DeviceGroup | CellEnd]] = field(
        default_factory=Counter
    )  # alerts, by where they go
    moments: Counter[CellHour] = field(default_factory=Counter)

    @cached_property
    def hours(self) -> Hours | None:
        """When it happens; None where that is most of the week. Learned when asked for: most
        drafts are compared by their places.
        """
        hours = learn_hours(self.moments)
        return None if hours is None or hours.hours_a_week > MAX_HOURS else hours

    @property
    def acts(self) -> frozenset[tuple[TypeName, str]]:
        """What is done: each type with its functions."""
        return frozenset(
            ((cell.key.alert_type, cell.key.own_title), cell.key.function) for cell in self.cells
        )

    @cached_property
    def crowds(self) -> set[DeviceGroup | CellEnd]:
        """The places of so many of its sources that they are devices of a kind, not these few."""
        counts = Counter(source.group_or_self for source in self.sources)
        return {group for group, count in counts.items() if count >= MIN_GROUP_MEMBERS}

    @classmethod
    def of(cls, cells: list[AlertCell]) -> PatternDraft:
        """Return a draft with what it needs to be compared."""
        draft = cls(cells)
        for cell in cells:
            key = cell.key
            draft.types.add((key.alert_type, key.own_title))
            draft.alerts_by_route[key.source, key.destination.group_or_self] += cell.alerts
            draft.moments.update(cell.occurrences)
        draft.sources = {source for source, _ in draft.alerts_by_route}
        draft.groups = {group for _, group in draft.alerts_by_route}
        return draft

    def join(self, other: PatternDraft) -> None:
        """Take in the cells of another draft."""
        self.cells = self.cells + other.cells
        self.groups |= other.groups
        self.sources |= other.sources
        self.types |= other.types
        self.alerts_by_route.update(other.alerts_by_route)
        self.moments.update(other.moments)
        for name in ("hours", "crowds"):
            vars(self).pop(name, None)  # to be learned anew


def soft_drafts(
    cells: list[AlertCell], doubted_days: SourceDays = frozenset()
) -> Iterator[PatternDraft]:
    """Yield drafts of soft types, by the cheapest rung that makes them frequent; and beside them
    what devices of one kind do in several zones, from which the plan may choose. `doubted_days`:
    when a source did something that somebody called suspicious.
    """
    remaining, frequent = cells, list[list[AlertCell]]()
    for rung in _RUNGS:
        parts, remaining = _split(remaining, rung), []
        if rung in _RUNGS_OF_ZONES:
            parts = [apart for part in parts for apart in split_by_hours(part)]
        for part in parts:
            if is_frequent(part):
                frequent.append(part)
            else:
                remaining += part
    rare = _split(remaining, lambda key: (key.source.group_or_self, key.destination.group_or_self))
    rare = [part for part in rare if not is_beside_doubt(part, doubted_days)]
    drafts = list(join_types(frequent, _origin, rare=rare))
    yield from drafts
    yield from join_kinds(drafts)
    across = [part for part in _split(cells, _by_kinds) if is_frequent(part)]
    zones: dict[object, set[str]] = defaultdict(set)
    for part in across:
        zones[_origin_kind(part[0].key)].update(cell.key.source.zone for cell in part)
    across = [part for part in across if len(zones[_origin_kind(part[0].key)]) > 1]
    for draft in join_types(across, _origin_kind):
        if len({cell.key.source.zone for cell in draft.cells}) > 1:
            yield draft


def strict_drafts(cells: list[AlertCell]) -> Iterator[PatternDraft]:
    """Yield drafts of strict types: one source each, whose destinations are listed."""
    parts = _split(cells, lambda key: (key.source, key.destination.is_outside))
    yield from join_types([part for part in parts if is_frequent(part)], _origin)


def _split(cells: list[AlertCell], key_of: Callable[[CellKey], object]) -> list[list[AlertCell]]:
    """Return the cells by their type, direction and place."""
    by_key: dict[object, list[AlertCell]] = defaultdict(list)
    for cell in cells:
        key = cell.key
        by_key[key.alert_type, key.own_title, key.is_directed, key_of(key)].append(cell)
    return list(by_key.values())


def _by_kinds(key: CellKey) -> object:
    return kind_or_end(key.source), key.destination.kind, key.destination.is_outside


# From narrow to wide: what may stand for the two ends of an alert.
_RUNGS: Final[tuple[Callable[[CellKey], object], ...]] = (
    lambda key: (key.source.group_or_self, key.destination.group_or_self),
    lambda key: (key.source.group_or_self, key.destination.kind, key.destination.is_outside),
    _by_kinds,
    lambda key: (key.source.group_or_self, _zone_of(key.destination)),
    lambda key: (key.source.group_or_self, key.destination.is_outside),
    lambda key: (_zone_of(key.source), key.destination.group_or_self),
    lambda key: (_zone_of(key.source), _zone_of(key.destination)),
)
_RUNGS_OF_ZONES: Final = _RUNGS[-2:]  # where sources of several kinds meet


def _origin(key: CellKey) -> object:
    return key.own_title, key.source.group_or_self, key.is_directed, key.destination.is_outside


def _origin_kind(key: CellKey) -> object:
    return key.own_title, kind_or_end(key.source), key.is_directed, key.destination.is_outside


def is_frequent(cells: list[AlertCell]) -> bool:
    """Whether these cells happen often enough, on enough days, to be a process."""
    return count_alerts(cells) >= MIN_ALERTS and are_on_days(cells, MIN_DAYS)


def join_types(
    parts: list[list[AlertCell]],
    origin_of: Callable[[CellKey], object],
    *,
    rare: Iterable[list[AlertCell]] = (),
) -> Iterator[PatternDraft]:
    """Join parts that begin at the same sources and go to the same places at the same hours. Rare
    parts join a draft where they fit one; they make none.
    """
    by_origin: dict[object, list[list[AlertCell]]] = defaultdict(list)
    rare_by_origin: dict[object, list[list[AlertCell]]] = defaultdict(list)
    for part in parts:
        by_origin[origin_of(part[0].key)].append(part)
    for part in rare:
        rare_by_origin[origin_of(part[0].key)].append(part)
    for key, origin in by_origin.items():
        drafts: list[PatternDraft] = []
        for part in sorted(origin, key=count_alerts, reverse=True):
            draft = PatternDraft.of(part)
            home = next((other for other in drafts if fits_draft(draft, other)), None)
            if home is None:
                drafts.append(draft)
            else:
                home.join(draft)
        for part in rare_by_origin.get(key, ()):
            home = next((other for other in drafts if fits_rare(part, other)), None)
            if home is not None:
                home.cells = home.cells + part
        yield from drafts


def join_kinds(drafts: Iterable[PatternDraft]) -> Iterator[PatternDraft]:
    """Yield what devices of several kinds in one zone do alike: the same types with the same
    functions, to the same places at the same hours, such as laptops and phones that ask for names.
    """
    alike: dict[object, list[PatternDraft]] = defaultdict(list)
    for draft in drafts:
        key = draft.cells[0].key
        if key.source.zone:
            alike[key.source.zone, key.is_directed, draft.acts].append(draft)
    for group in alike.values():
        if len({source.kind for draft in group for source in draft.sources}) < 2:
            continue
        homes: list[PatternDraft] = []
        for draft in group:
            for position, home in enumerate(homes):
                if goes_along(draft, home):
                    homes[position] = PatternDraft.of(home.cells + draft.cells)
                    break
            else:
                homes.append(draft)
        for home in homes:
            if len({source.kind for source in home.sources}) > 1:
                yield home


def goes_along(first: PatternDraft, second: PatternDraft) -> bool:
    """Whether nearly all of either goes to places of both, at about the same hours."""
    both = first.groups & second.groups
    return all(
        sum(alerts for (_, group), alerts in draft.alerts_by_route.items() if group in both)
        >= SAME_PLACES * draft.alerts_by_route.total()
        for draft in (first, second)
    ) and have_similar_hours(first, second)


def fits_rare(part: list[AlertCell], home: PatternDraft) -> bool:
    """Whether what happened a few times begins and ends where the draft does, in its hours. Of a
    type that the draft lacks, once is too little while nobody has called it harmless.
    """
    name = part[0].key.alert_type, part[0].key.own_title
    if name not in home.types and not is_vouched(part):
        return False
    inside = sum(
        occurrence.alerts
        for cell in part
        if cell.key.destination.group_or_self in home.groups and cell.key.source in home.sources
        for occurrence in cell.occurrences
        if home.hours is None or home.hours.contains(occurrence.slot, occurrence.utc_slot)
    )
    return inside >= SAME_PLACES * count_alerts(part)


def fits_draft(part: PatternDraft, home: PatternDraft) -> bool:
    """Return whether a part has the draft's sources, places and hours. Where the
    sources are many of a kind, any other of that kind and zone will do.
    """
    is_same_type = part.types <= home.types  # one type to another place: of the same sources
    same = sum(
        alerts
        for (source, group), alerts in part.alerts_by_route.items()
        if (source in home.sources or source.group_or_self in home.crowds)
        and (is_same_type or group in home.groups)
    )
    return same >= SAME_PLACES * part.alerts_by_route.total() and have_similar_hours(part, home)


def have_similar_hours(first: PatternDraft, second: PatternDraft) -> bool:
    """Whether joining two drafts leaves their hours about as tight as they are. What came too
    seldom to show hours of its own belongs to those inside which it lies.
    """
    if first.hours is None or second.hours is None:
        hours = first.hours or second.hours
        return hours is None or _lies_inside(second if first.hours else first, hours)
    joined = learn_hours(first.moments + second.moments)
    longer = max(first.hours.hours_a_week, second.hours.hours_a_week)
    return joined is not None and joined.hours_a_week <= SIMILAR_HOURS * longer


def _lies_inside(draft: PatternDraft, hours: Hours) -> bool:
    """Whether nothing of a draft happened outside these hours."""
    return all(hours.contains(occurrence.slot, occurrence.utc_slot) for occurrence in draft.moments)


def split_by_groups(drafts: Iterable[PatternDraft], inventory: Inventory) -> Iterator[PatternDraft]:
    """Yield drafts whose targets can be named as groups apart from the few that cannot, where the
    groups hold most of the alerts: who is seen next is then expected.
    """
    for draft in drafts:
        ends = {cell.key.destination for cell in draft.cells}
        side = describe_side(ends, inventory)
        if side is None or (side.rung == Rung.LISTED and len(side.members) > SHORT_LIST):
            named = nameable_groups(ends, inventory)
            inside = [cell for cell in draft.cells if cell.key.destination.group in named]
            if count_alerts(inside) >= SAME_PLACES * count_alerts(draft.cells):
                yield PatternDraft.of(inside)
                outside = [c for c in draft.cells if c.key.destination.group not in named]
                if is_frequent(outside):
                    yield PatternDraft.of(outside)
                continue
        yield draft


def _zone_of(end: CellEnd) -> object:
    return (end.zone, end.is_outside) if end.group_or_self != end else end
