"""Planned work: the windows that really were, and the calendar that people keep of them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from simulator.scenarios.chance import WEEKDAYS, between, on_clock
from simulator.scenarios.inventory import SitePlan
from simulator.scenarios.parties import SeatEnd, ends_of
from simulator.scenarios.records import Work
from simulator.scenarios.tables import DAYS, Setting, WorkRow


@dataclass(frozen=True, slots=True)
class Window:
    """Work that really took place, whether the calendar has it or not."""

    kind: str
    zones: frozenset[str]
    """Keys of zones."""
    seats: frozenset[int]
    """Identities of seats; empty where the work is about whole zones."""
    starts_at: datetime
    over_at: datetime
    is_listed: bool


def plan_work(setting: Setting, plan: SitePlan) -> tuple[list[Window], list[Work]]:
    """Return all windows of a site, and the entries of its calendar."""
    windows: list[Window] = []
    entries: list[Work] = []
    for number, row in enumerate(setting.tables.works):
        rng = setting.dice(plan.row.name, "work", row.kind, number)
        series = f"{plan.row.code}-{row.kind}-{number}"
        for day in _days(row, rng, setting):
            window, entry = _occurrence(_Occasion(row, series, day), setting, plan, rng)
            windows.append(window)
            if entry:
                entries.append(entry)
    entries.sort(key=lambda entry: (entry.starts_at, entry.id))
    return windows, entries


def _days(row: WorkRow, rng: Random, setting: Setting) -> list[date]:
    if not row.days:
        working = [day for day in map(setting.day, range(2, DAYS - 2)) if day.weekday() < 5]
        return sorted(rng.sample(working, between(rng, row.count)))
    offset = rng.randrange(row.every)
    return [
        day
        for number, day in enumerate(map(setting.day, range(DAYS)))
        if WEEKDAYS[day.weekday()] in row.days and (number // 7 + offset) % row.every == 0
    ]


@dataclass(frozen=True, slots=True)
class _Occasion:
    """One occurrence of a row of the table."""

    row: WorkRow
    series: str
    day: date


def _occurrence(
    occasion: _Occasion, setting: Setting, plan: SitePlan, rng: Random
) -> tuple[Window, Work | None]:
    row, day = occasion.row, occasion.day
    begins = on_clock(day, time.fromisoformat(row.start), ZoneInfo(plan.row.time_zone))
    low, high = row.hours
    hours = high if row.days else rng.uniform(low, high)
    ends = begins + timedelta(hours=hours)
    over = ends - timedelta(minutes=rng.uniform(0, 40))
    if rng.random() < row.overruns:
        over = ends + timedelta(minutes=rng.choice((25, 40, 55, 80, 150)))
    zone_keys = _zone_keys(row, plan, rng)
    ends_named = ends_of(row.devices, plan, setting.tables.networks, occasion.series)
    seats = [end.seat for end in ends_named if isinstance(end, SeatEnd)]
    is_listed = rng.random() >= row.unlisted
    late = rng.random() < 0.1
    entered = (
        begins + timedelta(minutes=rng.uniform(-30, 90))
        if late
        else begins - timedelta(days=rng.uniform(1, 20))
    )
    window = Window(
        kind=row.kind,
        zones=frozenset(zone_keys),
        seats=frozenset(map(id, seats)),
        starts_at=begins,
        over_at=over,
        is_listed=is_listed,
    )
    if not is_listed:
        return window, None
    devices = [device for seat in seats if (device := seat.device_at(begins))]
    entry = Work(
        id=f"{occasion.series}-{day.isoformat()}",
        series=occasion.series if row.days else "",
        recurrence=_recurrence(row),
        site=plan.row.name,
        kind=row.kind,
        title=row.title,
        order=f"WO-{rng.randint(40000, 99999)}",
        vendor=row.vendor,
        zones=tuple(plan.zones[key].name for key in zone_keys),
        devices=tuple(sorted(device.name for device in devices)),
        starts_at=begins,
        ends_at=ends,
        entered_at=max(setting.starts_at - timedelta(days=30), entered),
        ran_until=over,
    )
    return window, entry


def _zone_keys(row: WorkRow, plan: SitePlan, rng: Random) -> list[str]:
    """Return the zones of one occurrence: all that begin so, or one of them (`?line`)."""
    prefix = row.zones.removeprefix("?")
    keys = [key for key in plan.zones if key.startswith(prefix)] if prefix else []
    return [rng.choice(keys)] if row.zones.startswith("?") else keys


def _recurrence(row: WorkRow) -> str:
    if not row.days:
        return ""
    days = ",".join(day[:2].upper() for day in row.days)
    return f"FREQ=WEEKLY;INTERVAL={row.every};BYDAY={days}"
