"""The history of one site as the engine takes it: cells with verdicts, and shapes of incidents."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from alerts.incidents.time_to_close import first_closes
from alerts.patterns.engine.cells import (
    OUTSIDE,
    AlertCell,
    CellEnd,
    CellHour,
    CellKey,
    CellVerdict,
    DeviceGroup,
    put_busier_end_first,
)
from alerts.patterns.engine.drift_facts import DeviceRecord
from alerts.patterns.engine.plan import IncidentPart, IncidentShape
from alerts.patterns.engine.roaming_jobs import DeviceNames
from alerts.patterns.engine.sides import Inventory
from alerts.patterns.services.history_tables import CELL_COLUMNS, SURE, WORKS
from alerts.rules.fields import FieldValues
from alerts.rules.match import holds
from alerts.rules.rule import RuleDefinition, pinned
from alerts.sites.engine.devices import is_public_address
from alerts.sites.models import Device, Site
from alerts.suppression.backtesting.history_sql import fetch_rows

SETTLED: Final = timedelta(days=30)  # a device known so long counts as a member of its group
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
NO_WORKS: Final[frozenset[str]] = frozenset()
UNCOVERED: Final = IncidentPart(-1, 0, 0)  # of an alert of another site, or of a storm

_CELLS = f"""
SELECT c.cell, c.severity, c.first_at, c.latest_at, c.moments,
       EXISTS (SELECT FROM mined_harm h WHERE h.id = a.id), a.workspace_id,
       {", ".join(CELL_COLUMNS)}
  FROM mined_cell c JOIN incidents_alerts a ON a.id = c.alert_id WHERE c.site_id = %s
 ORDER BY c.latest_at, c.cell
"""
_VERDICTS = "SELECT cell, uuid, verdict, cause, by_id, week FROM mined_verdict WHERE site_id = %s"
_ENDINGS = """
SELECT cell, count(DISTINCT incident_id) FILTER (WHERE benign),
       count(DISTINCT incident_id) FILTER (WHERE harmful)
  FROM mined_part WHERE site_id = %s AND (benign OR harmful) GROUP BY cell
"""
_LONE = "SELECT cell, week, lives, n FROM mined_lone WHERE site_id = %s"
_MIXED = "SELECT sites, cells, weeks, lives FROM mined_mixed WHERE site_ids @> ARRAY[%s]::bigint[]"
_MINUTES = f"""
SELECT p.cell, array_agg(c.minutes::real)
  FROM (SELECT DISTINCT cell, incident_id FROM mined_part WHERE site_id = %s) p
  JOIN ({first_closes()}) c ON c.id = p.incident_id GROUP BY p.cell
"""


@dataclass(slots=True)
class SiteHistory:
    """What mining reads of a site. Lists beside `cells` are by the place of the cell."""

    site: Site
    cells: list[AlertCell] = field(default_factory=list)
    first_at: list[datetime] = field(default_factory=list)
    latest_at: list[datetime] = field(default_factory=list)
    minutes: dict[int, list[float]] = field(default_factory=dict)
    workspaces: Counter[int] = field(default_factory=Counter)
    shapes: list[IncidentShape] = field(default_factory=list)
    # The same incidents without the alerts that acting rules match already.
    open_shapes: list[IncidentShape] = field(default_factory=list)
    inventory: Inventory = field(default_factory=dict)
    device_names: DeviceNames = field(default_factory=dict)
    criticality: dict[str, str] = field(default_factory=dict)  # by folded name or address
    # What the inventory says of each device, by folded name or address.
    descriptions: dict[str, DeviceRecord] = field(default_factory=dict)
    works: dict[int, frozenset[str]] = field(default_factory=dict)  # kinds, by their number
    # What rules read of the alerts that stop them, by alert type.
    stops: dict[str, list[FieldValues]] = field(default_factory=lambda: defaultdict(list))
    sure_verdicts: int = 0
    incidents: int = 0  # that have an alert at this site
    living_incidents: int = 0  # of them those that acting rules cover wholly
    live_incidents: int | None = None  # of those, what live rules cover; None if not counted

    def count_stops(self, rule: RuleDefinition) -> int:
        """Return how many alerts that would stop it in a back-test the rule matches."""
        types = pinned(rule.all_of, "alert_type")
        return sum(holds(rule, facts) for title in types for facts in self.stops.get(title, ()))


def read_site(site: Site, *, stops: Iterable[FieldValues], now: datetime) -> SiteHistory:
    """Return the history of a site out of the tables of `history_tables`. `stops`: of its alerts
    those that would stop a rule.
    """
    history = SiteHistory(site)
    devices = list(Device.objects.filter(zone__site=site).select_related("zone"))
    history.inventory = _inventory(devices, now)
    history.device_names = _device_names(devices, now)
    history.criticality = {
        name.casefold(): device.criticality
        for device in devices
        if device.is_critical
        for name in (device.name, device.address)
        if name
    }
    history.descriptions = _descriptions(devices)
    rows = fetch_rows("SELECT number, kinds FROM mined_works")
    history.works = {number: frozenset(kinds) for number, kinds in rows}
    positions = _read_cells(history, _Ends(devices, history.criticality))
    put_busier_end_first(history.cells)
    _read_verdicts(history, positions)
    for cell, closings, harmful in fetch_rows(_ENDINGS, [site.pk]):
        if cell in positions:  # not what became harmful while the tables were filled
            history.cells[positions[cell]].closings += closings
            history.cells[positions[cell]].true_positives += harmful
    for cell, minutes in fetch_rows(_MINUTES, [site.pk]):
        if cell in positions:
            history.minutes.setdefault(positions[cell], []).extend(minutes)
    _read_shapes(history, positions)
    for facts in stops:
        history.stops[facts.alert_type].append(facts)
    return history


class _Ends:
    """The ends of alerts, each made once. Whether an end is critical or outside the plant is asked
    of the inventory; where it was is what the alert recorded, for a rule sees nothing else.
    """

    def __init__(self, devices: Iterable[Device], criticality: Mapping[str, str]) -> None:
        self.criticality = criticality
        self.inside = {device.address for device in devices if not device.is_outside}
        self.made: dict[tuple[str, str, str, str], CellEnd] = {}

    def end(self, device: str, address: str, kind: str = "", zone: str = "") -> CellEnd:
        key = (device, address, kind, zone)
        if key not in self.made:
            is_outside = not kind and address not in self.inside and is_public_address(address)
            self.made[key] = CellEnd(
                device,
                address,
                OUTSIDE if is_outside else kind,
                "" if is_outside else zone,
                is_outside,
                any(name.casefold() in self.criticality for name in (device, address) if name),
            )
        return self.made[key]

    def pair(self, devices: list[str], addresses: list[str]) -> tuple[CellEnd, CellEnd]:
        """Return the two ends that an alert without direction names; nobody where it names more."""
        named = [self.end(name, "") for name in sorted(set(devices))]
        named = named or [self.end("", name) for name in sorted(set(addresses))]
        if not 1 <= len(named) <= 2:
            return CellEnd(), CellEnd()
        return named[0], named[1] if len(named) > 1 else CellEnd()


def _read_cells(history: SiteHistory, ends: _Ends) -> dict[int, int]:
    """Fill the cells; return the place of each by its hash in the tables."""
    positions: dict[int, int] = {}
    by_key: dict[tuple[CellKey, bool, bool], int] = {}
    works = history.works
    occurrences: dict[int, CellHour] = {}
    for row in fetch_rows(_CELLS, [history.site.pk]):
        cell, severity, first_at, latest_at, moments, is_harm, workspace, _site, *columns = row
        key, is_high = _cell_key(history.site.name, columns, ends)
        position = by_key.setdefault((key, is_high, is_harm), len(history.cells))
        if position == len(history.cells):
            history.cells.append(AlertCell(key))
            history.first_at.append(first_at)
            history.latest_at.append(latest_at)
        positions[cell] = position
        history.first_at[position] = min(history.first_at[position], first_at)
        history.latest_at[position] = max(history.latest_at[position], latest_at)
        current = history.cells[position]
        current.severity = max(current.severity, severity)
        for moment in moments:
            if moment not in occurrences:
                number, hour = divmod(moment, WORKS)
                occurrences[moment] = occurrence_at(hour, works=works.get(number, NO_WORKS))
            current.occurrences.append(occurrences[moment])
        history.workspaces[workspace] += len(moments)
    return positions


def _cell_key(site: str, columns: list[Any], ends: _Ends) -> tuple[CellKey, bool]:
    (
        alert_type,
        own_title,
        source_device,
        source_address,
        source_kind,
        source_zone,
        destination_device,
        destination_address,
        destination_kind,
        destination_zone,
        protocol,
        function,
        sensor,
        devices,
        addresses,
        is_high,
    ) = columns
    source = ends.end(source_device, source_address, source_kind, source_zone)
    destination = ends.end(
        destination_device, destination_address, destination_kind, destination_zone
    )
    is_directed = bool(source.name)
    if not source.name and destination.name:
        source, destination = destination, CellEnd()
    elif not source.name:
        source, destination = ends.pair(devices, addresses)
    key = CellKey(
        site, alert_type, own_title, source, destination, protocol, function, is_directed, sensor
    )
    return key, is_high


def occurrence_at(moment: int, *, works: frozenset[str] = NO_WORKS) -> CellHour:
    """Return the hour that the tables write as `hour * 256 + slot`."""
    hour, slot = divmod(moment, 256)
    utc_slot = (hour + 72) % 168  # 1970 began on a Thursday
    day = EPOCH + hour // 24
    # The plant's date is the UTC date or one beside it: the one with the plant's weekday.
    day += (slot // 24 - utc_slot // 24 + 3) % 7 - 3
    return CellHour(day, slot, utc_slot, works=works)


def _read_verdicts(history: SiteHistory, positions: Mapping[int, int]) -> None:
    sure: set[str] = set()
    for cell, uuid, verdict, cause, by, week in fetch_rows(_VERDICTS, [history.site.pk]):
        number, hours = divmod(week, WORKS)
        utc_slot, slot = divmod(hours, 256)
        works = history.works.get(number, NO_WORKS)
        history.cells[positions[cell]].verdicts.append(
            CellVerdict(str(uuid), verdict, cause, str(by), slot, utc_slot, works)
        )
        if verdict in SURE:
            sure.add(str(uuid))
    history.sure_verdicts = len(sure)


def _read_shapes(history: SiteHistory, positions: Mapping[int, int]) -> None:
    parts: dict[tuple[int, int], IncidentPart] = {}
    times: dict[int, tuple[int, int, frozenset[str]]] = {}  # few, and shared by all cells

    def time_of(week: int) -> tuple[int, int, frozenset[str]]:
        number, hours = divmod(week, WORKS)
        utc_slot, slot = divmod(hours, 256)
        times[week] = slot, utc_slot, history.works.get(number, NO_WORKS)
        return times[week]

    def part_of(cell: int, week: int) -> IncidentPart:
        if cell not in positions:  # it came in storms only
            return UNCOVERED
        key = positions[cell], week
        part = parts.get(key)
        if part is None:
            part = parts[key] = IncidentPart(key[0], *(times.get(week) or time_of(week)))
        return part

    shapes: Counter[frozenset[IncidentPart]] = Counter()
    open_shapes: Counter[frozenset[IncidentPart]] = Counter()
    for cell, week, lives, n in fetch_rows(_LONE, [history.site.pk]):
        shape = frozenset((part_of(cell, week),))
        shapes[shape] += n
        open_shapes[frozenset() if lives else shape] += n
    for sites, cells, weeks, living in fetch_rows(_MIXED, [history.site.pk]):
        incident_parts = [
            (part_of(cell, week) if site == history.site.pk else UNCOVERED, lives)
            for site, cell, week, lives in zip(sites, cells, weeks, living, strict=True)
        ]
        shapes[frozenset(part for part, _ in incident_parts)] += 1
        open_shapes[frozenset(part for part, lives in incident_parts if not lives)] += 1
    history.shapes = [IncidentShape(shape_parts, n) for shape_parts, n in shapes.items()]
    history.open_shapes = [IncidentShape(shape_parts, n) for shape_parts, n in open_shapes.items()]
    history.incidents = shapes.total()
    history.living_incidents = open_shapes[frozenset()]


def _inventory(devices: Iterable[Device], now: datetime) -> Inventory:
    """How many devices of each kind and zone have been known for 30 days, by their names."""
    names_by_group: dict[DeviceGroup, set[str]] = defaultdict(set)
    for device in devices:
        if device.kind and device.first_seen_at <= now - SETTLED and not device.is_outside:
            names_by_group[DeviceGroup(device.kind, device.zone.name)].add(
                device.name or device.address
            )
    return {group: len(names) for group, names in names_by_group.items()}


def _descriptions(devices: Iterable[Device]) -> dict[str, DeviceRecord]:
    """What is on record of each device; under an address that two zones have, of neither."""
    found: dict[str, DeviceRecord] = {}
    twice = set[str]()
    for device in devices:
        for name in {device.name.casefold(), device.address.casefold()} - {""}:
            if name in found:
                twice.add(name)
            found[name] = DeviceRecord(
                is_described=device.is_described,
                vendor=device.vendor,
                first_day=device.first_seen_at.toordinal(),
            )
    return {name: row for name, row in found.items() if name not in twice}


def _device_names(devices: Iterable[Device], now: datetime) -> DeviceNames:
    """The names of the devices of each kind and zone that a rule may list, without strangers."""
    names: dict[DeviceGroup, set[str]] = defaultdict(set)
    for device in devices:
        is_listed = device.name and not (device.is_critical or device.is_outside)
        if is_listed and device.kind and device.first_seen_at <= now - SETTLED:
            names[DeviceGroup(device.kind, device.zone.name)].add(device.name)
    return {group: frozenset(found) for group, found in names.items()}
