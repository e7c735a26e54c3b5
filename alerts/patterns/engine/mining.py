"""Join cells into patterns that read like a sentence about the plant (suppression §3).

Time is linear in the number of cells. A strict pattern takes in soft types between its devices at
its hours: a backup copies programs, which is strict, and reads settings, which is not.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from alerts.patterns.engine.cells import AlertCell, CellEnd, count_alerts, count_days, weigh_types
from alerts.patterns.engine.drafts import (
    SAME_PLACES,
    PatternDraft,
    is_frequent,
    soft_drafts,
    split_by_groups,
    strict_drafts,
)
from alerts.patterns.engine.evidence import VerdictEvidence, pool_evidence
from alerts.patterns.engine.identity import obstacle_of, returns, sensors_of_place
from alerts.patterns.engine.pattern import MinedPattern, Strictness, TypeName, strictness_of
from alerts.patterns.engine.process import CellIndex
from alerts.patterns.engine.roaming_jobs import DeviceNames, with_targets_of_inventory
from alerts.patterns.engine.separation import days_with_doubt
from alerts.patterns.engine.sides import (
    MAX_LISTED,
    Inventory,
    PatternSide,
    Rung,
    describe_side,
    smallest_networks,
)
from alerts.patterns.engine.works import split_by_works, when_it_happens
from alerts.rules.fields import NO_VALUE
from alerts.rules.guards.never import HIGH

type CellsBySource = Mapping[str, Sequence[AlertCell]]
MAX_UNITS: Final = 10  # targets that are judged one by one; of more their kinds in their zones
NO_NAMES: Final[DeviceNames] = {}


def group_by_source(cells: Iterable[AlertCell]) -> CellsBySource:
    """Return the cells by the name and the address of their source."""
    by_source: dict[str, list[AlertCell]] = defaultdict(list)
    for cell in cells:
        for name in {cell.key.source.device, cell.key.source.address} - {""}:
            by_source[name].append(cell)
    return by_source


def with_soft_types(pattern: MinedPattern, soft: CellsBySource) -> MinedPattern:
    """Return a strict pattern with the soft types of its sources of which at least four fifths of
    the alerts keep to its devices and hours. Neither becomes wider by them. A type that somebody
    called suspicious there stays apart.
    """
    if pattern.obstacle:
        return pattern
    by_type: dict[TypeName, list[AlertCell]] = defaultdict(list)
    near = {id(cell): cell for name in pattern.source.members for cell in soft.get(name, ())}
    for cell in near.values():
        if cell.key.is_directed == pattern.is_directed and pattern.source.covers(cell.key.source):
            by_type[cell.key.alert_type, cell.key.own_title].append(cell)
    joined: list[AlertCell] = []
    for name, cells in sorted(by_type.items()):
        if name not in pattern.types:
            joined += _inside(replace(pattern, types=(name,), protocols=(), functions=()), cells)
    if not joined:
        return pattern
    names = sorted({(cell.key.alert_type, cell.key.own_title) for cell in joined})
    protocols = {*pattern.protocols, *(cell.key.protocol for cell in joined)}
    functions = {*(pattern.functions or [NO_VALUE]), *(cell.key.function for cell in joined)}
    return replace(
        pattern,
        types=(*pattern.types, *names),
        protocols=tuple(sorted(protocols)) if pattern.protocols and "" not in protocols else (),
        functions=() if functions == {NO_VALUE} else tuple(sorted(functions)),
    )


def _inside(pattern: MinedPattern, cells: list[AlertCell]) -> list[AlertCell]:
    """Return the cells of one type that lie in this place, where most of its alerts do."""
    covered = [cell for cell in cells if pattern.covers_cell(cell)]
    if not is_frequent(covered) or any(cell.is_suspect for cell in covered):
        return []
    alerts = sum(pattern.count_inside(cell) for cell in covered)
    return covered if alerts >= SAME_PLACES * count_alerts(cells) else []


def form_patterns(
    cells: Iterable[AlertCell], inventory: Inventory, names: DeviceNames = NO_NAMES
) -> list[MinedPattern]:
    """Return the patterns of these cells, the largest first. Indices of cells are their places.

    `names` are those of devices that a list may take from the inventory. Cells that touch safety
    systems or crown jewels, that may never be suppressed, or that somebody called suspicious are
    left out of what patterns are made of.
    """
    numbered = list(cells)
    positions_by_site: dict[str, list[int]] = defaultdict(list)
    for position, cell in enumerate(numbered):
        positions_by_site[cell.key.site].append(position)
    patterns: list[MinedPattern] = []
    for positions in positions_by_site.values():
        index = CellIndex(numbered, positions)
        found = _patterns_of_site([numbered[at] for at in positions], inventory, names)
        patterns += [_with_cells(pattern, index) for pattern in found]
    return sorted(patterns, key=lambda pattern: (-pattern.alerts, pattern.types))


def _patterns_of_site(
    cells: Sequence[AlertCell], inventory: Inventory, names: DeviceNames
) -> Iterator[MinedPattern]:
    """Yield the patterns of one site, soft ones first, without their cells."""
    usable = [
        cell
        for cell in cells
        if not (cell.key.source.is_critical or cell.key.destination.is_critical)
        and cell.key.source.name
        and strictness_of(cell) != Strictness.NEVER
    ]
    networks, doubted_days = outside_networks(usable), days_with_doubt(cells)
    soft = [cell for cell in usable if strictness_of(cell) == Strictness.SOFT]
    soft_cells = group_by_source(soft)
    suspect = [cell for cell in soft if cell.is_suspect]
    drafts = soft_drafts([cell for cell in soft if not cell.is_suspect], doubted_days)
    for draft in split_by_groups(split_by_works(drafts), inventory):
        pattern = pattern_of(draft, suspect, inventory, is_strict=False, networks=networks)
        if pattern is not None:
            yield _with_inventory(pattern, draft.cells, suspect, names)
    strict = [cell for cell in usable if strictness_of(cell) == Strictness.STRICT]
    suspect = [cell for cell in strict if cell.is_suspect]
    drafts = strict_drafts([cell for cell in strict if not cell.is_suspect])
    for draft in split_by_works(drafts):
        pattern = pattern_of(draft, suspect, inventory, is_strict=True)
        if pattern is not None:
            pattern = _with_inventory(pattern, draft.cells, suspect, names)
            yield with_soft_types(pattern, soft_cells)


def _is_strict(cell: AlertCell) -> bool:
    return strictness_of(cell) == Strictness.STRICT


def outside_networks(cells: Iterable[AlertCell]) -> list[str]:
    """Return the networks beyond the plant that soft alerts of a site show together: two servers
    that fetch from one provider see few of its addresses each.
    """
    ends = {
        end
        for cell in cells
        if strictness_of(cell) == Strictness.SOFT and not cell.is_suspect
        for end in (cell.key.source, cell.key.destination)
        if end.is_outside
    }
    return smallest_networks({end.address for end in ends if end.address})[0]


def pattern_of(
    draft: PatternDraft,
    suspect: list[AlertCell],
    inventory: Inventory,
    *,
    is_strict: bool,
    networks: Sequence[str] = (),
) -> MinedPattern | None:
    """Return a draft as a pattern; None where no rule could express it."""
    cells = draft.cells
    weights = weigh_types(cells)
    types = tuple(sorted(weights, key=lambda name: (-weights[name], name)))
    shared = () if is_strict else networks
    source = _side([c.key.source for c in cells], inventory, allow_wide=not is_strict)
    destination = _side(
        [c.key.destination for c in cells], inventory, allow_wide=not is_strict, networks=shared
    )
    if source is None or destination is None:
        return None
    hours, planned_work = when_it_happens(draft, is_strict=is_strict)
    sensors: tuple[str, ...] = ()
    if Rung.LISTED not in (source.rung, destination.rung):
        listed = _side([c.key.source for c in cells], inventory, allow_wide=False) or source
        if not (is_strict or (listed.rung == Rung.LISTED and returns(listed, destination, cells))):
            sensors = sensors_of_place(source, destination, cells)
        source = source if sensors else listed
    pattern = MinedPattern(
        site=cells[0].key.site,
        types=types,
        source=source,
        destination=destination,
        is_directed=cells[0].key.is_directed,
        is_strict=is_strict,
        protocols=_all_of(cells, lambda cell: cell.key.protocol),
        functions=_functions_of(cells),
        hours=hours,
        planned_work=planned_work,
        exceptions=(),
        except_sources=(),
        severity=max(cell.severity for cell in cells) if is_strict else HIGH - 1,
        alerts=count_alerts(cells),
        days=count_days(cells),
        cells=(),
        evidence=VerdictEvidence(),
        obstacle=obstacle_of(
            source,
            destination,
            is_strict=is_strict,
            hours=hours,
            planned_work=planned_work,
            sensors=sensors,
        )
        or ("" if planned_work or returns(source, destination, cells) else "one_off"),
        sensors=sensors,
    )
    return _with_exceptions(pattern, suspect, cells)


def _with_inventory(
    pattern: MinedPattern, cells: list[AlertCell], suspect: list[AlertCell], names: DeviceNames
) -> MinedPattern:
    """Return the pattern with the targets of a weekly job from the inventory, and what of them
    somebody called suspicious left out.
    """
    listed = with_targets_of_inventory(pattern, cells, names)
    if listed is pattern:
        return pattern
    return _with_exceptions(replace(listed, exceptions=(), except_sources=()), suspect, cells)


def _side(
    ends: list[CellEnd], inventory: Inventory, *, allow_wide: bool, networks: Sequence[str] = ()
) -> PatternSide | None:
    side = describe_side(ends, inventory, allow_group=allow_wide, networks=networks)
    if side is not None or not allow_wide:
        return side
    distinct = set(ends)
    if not all(end.name for end in distinct) or any(end.is_outside for end in distinct):
        return None
    zones = tuple(sorted({end.zone for end in distinct}))
    if all(zones):
        return PatternSide(Rung.ZONE, tuple(sorted(end.name for end in distinct)), zones=zones)
    return PatternSide(Rung.SITE, tuple(sorted(end.name for end in distinct)))


def _with_exceptions(
    pattern: MinedPattern, suspect: list[AlertCell], cells: list[AlertCell]
) -> MinedPattern:
    """Leave out the rarer end of each suspicious cell that the pattern would cover."""
    weights: Counter[str] = Counter()
    for cell in cells:
        weights[cell.key.source.name] += cell.alerts
        weights[cell.key.destination.name] += cell.alerts
    sources, destinations = set[str](), set[str]()
    for cell in suspect:
        if not pattern.covers_cell(cell):
            continue
        if not any(pattern.covers_time(o.slot, o.utc_slot, o.works) for o in cell.occurrences):
            continue
        source, destination = cell.key.source, cell.key.destination
        if destination.name and weights[destination.name] <= weights[source.name]:
            destinations.add(pattern.destination.name_of(destination))
        else:
            sources.add(pattern.source.name_of(source))
    if not sources and not destinations:
        return pattern
    for side, left_out in ((pattern.source, sources), (pattern.destination, destinations)):
        if side.members and left_out >= set(side.members):  # nothing would be left
            return replace(pattern, obstacle="suspicious")
    return replace(
        pattern,
        exceptions=tuple(sorted(destinations)),
        except_sources=tuple(sorted(sources)),
    )


def _with_cells(pattern: MinedPattern, index: CellIndex) -> MinedPattern:
    """Return the pattern with the cells that it covers, counted and judged."""
    covered = index.covered_by(pattern)
    cells = [index.cells[position] for position in covered]
    counts = [(cell, pattern.count_inside(cell)) for cell in cells]
    side = pattern.destination
    # Who comes once cannot be asked about one by one: the rule names a kind and its zone.
    by_group = len(side.members) > MAX_UNITS or side.is_from_inventory or bool(pattern.sensors)
    evidence = pool_evidence(counts, covers_time=pattern.covers_time, by_group=by_group)
    strict = [entry for entry in counts if _is_strict(entry[0])] if pattern.is_strict else counts
    if len(strict) < len(counts):
        own = pool_evidence(strict, covers_time=pattern.covers_time, by_group=by_group)
        # That its soft types are harmless is no word about the strict ones; a suspicion is.
        evidence = replace(
            own, suspicious=evidence.suspicious, true_positives=evidence.true_positives
        )
    alerts = sum(inside for _, inside in counts)
    return replace(pattern, cells=tuple(covered), alerts=alerts, evidence=evidence)


def _functions_of(cells: list[AlertCell]) -> tuple[str, ...]:
    """Return the functions that these cells tell, sorted; first "" where some tell none. Nothing
    where all tell none, or the functions are many.
    """
    functions = {cell.key.function for cell in cells}
    return (
        () if functions == {NO_VALUE} or len(functions) > MAX_LISTED else tuple(sorted(functions))
    )


def _all_of(cells: list[AlertCell], get: Callable[[AlertCell], str]) -> tuple[str, ...]:
    """Return the distinct values, sorted; nothing where some cell has none, or there are many."""
    values = {get(cell) for cell in cells}
    return () if "" in values or len(values) > MAX_LISTED else tuple(sorted(values))
