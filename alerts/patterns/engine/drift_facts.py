"""Facts against a drift being what it looks like, and facts for it, as codes with details: what a
person can check. The page makes sentences of them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from alerts.patterns.engine.cells import AlertCell, CellHour
from alerts.patterns.engine.sightings import Deed, RoleSighting, hours_of_day

type DriftFact = tuple[str, dict[str, str]]
type FactsBothWays = tuple[tuple[DriftFact, ...], tuple[DriftFact, ...]]
MAX_GAP: Final = 3  # days between the old one's end and the new one's beginning
NEW: Final = 2  # days for which a newcomer may have been here before it began
MAX_NAMED: Final = 3
AROUND: Final = 14  # days; planned work so long before a change says why the plant changed
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """What inventory and planned work hold about a device."""

    is_described: bool = False  # by an inventory or a person, not by alerts alone
    vendor: str = ""
    first_day: int = 0  # since when it is here
    works: tuple[tuple[int, str], ...] = ()  # day and title of planned work that names it


@dataclass(frozen=True, slots=True, kw_only=True)
class HabitSides:
    """The device that fell silent and the one that began, with what is on record of both."""

    old: RoleSighting
    new: RoleSighting
    more: tuple[Deed, ...]
    described: Mapping[str, DeviceRecord]


def facts_about_replacing(sides: HabitSides) -> FactsBothWays:
    """Return the facts against one device being another's replacement, and those for it."""
    old, new = sides.old, sides.new
    against, in_favour = list(facts_of_more(sides.more)), list[DriftFact]()
    _weigh_partners(old, new, against, in_favour)
    _weigh_hours(old.occurrences, new.occurrences, against, in_favour)
    _weigh_inventory(new, sides.described, against, in_favour)
    was, now = (_description(row, sides.described) for row in (old, new))
    if was.vendor and now.vendor:
        differs = was.vendor.casefold() != now.vendor.casefold()
        fact = ("vendor", {"before": was.vendor, "after": now.vendor})
        (against if differs else in_favour).append(fact)
    if now.first_day and now.first_day < new.first // 24 - NEW:
        against.append(("here_before", {"days": str(new.first // 24 - now.first_day)}))
    gap = new.first // 24 - old.latest // 24
    if gap > MAX_GAP:
        against.append(("gap", {"days": str(gap)}))
    stems = {_DIGITS.sub("#", row.name.casefold()) for row in (old, new)}
    names = {"before": old.name, "after": new.name}
    (in_favour if len(stems) == 1 else against).append(("name", names))
    if old.end.address and old.end.address == new.end.address:
        in_favour.append(("same_address", {"address": new.end.address}))
    _weigh_work(new, sides.described, against, in_favour)
    in_favour.append(("silent", {"name": old.name, "day": str(old.latest // 24)}))
    return tuple(against), tuple(in_favour)


def facts_about_renumbering(sides: HabitSides) -> FactsBothWays:
    """Return the same of one device that has another address."""
    old, new = sides.old, sides.new
    against, in_favour = list(facts_of_more(sides.more)), list[DriftFact]()
    in_favour.append(("same_name", {"name": new.end.device}))
    _weigh_partners(old, new, against, in_favour)
    _weigh_hours(old.occurrences, new.occurrences, against, in_favour)
    _weigh_inventory(new, sides.described, against, in_favour)
    _weigh_work(new, sides.described, against, in_favour)
    in_favour.append(("silent", {"name": old.name, "day": str(old.latest // 24)}))
    return tuple(against), tuple(in_favour)


def facts_about_joining(
    new: RoleSighting,
    listed: Sequence[RoleSighting],
    *,
    more: tuple[Deed, ...],
    described: Mapping[str, DeviceRecord],
) -> FactsBothWays:
    """Return the same of a device that would be one more of a list."""
    against, in_favour = list(facts_of_more(more)), list[DriftFact]()
    usual = [occurrence for row in listed for occurrence in row.occurrences]
    _weigh_hours(usual, new.occurrences, against, in_favour)
    _weigh_inventory(new, described, against, in_favour)
    vendors = {_description(row, described).vendor.casefold() for row in listed} - {""}
    vendor = _description(new, described).vendor
    if vendor and vendors and vendor.casefold() not in vendors:
        against.append(("vendor", {"before": ", ".join(sorted(vendors)), "after": vendor}))
    stems = {_DIGITS.sub("#", row.name.casefold()) for row in listed}
    is_alike = _DIGITS.sub("#", new.name.casefold()) in stems
    names = {"before": listed[0].name, "after": new.name}
    (in_favour if is_alike else against).append(("name", names))
    _weigh_work(new, described, against, in_favour)
    in_favour.append(("like_rest", {"n": str(len(listed)), "kind": new.group.kind}))
    return tuple(against), tuple(in_favour)


def facts_about_hours(
    cells: Sequence[AlertCell], *, before: Iterable[CellHour], begun: Sequence[CellHour]
) -> FactsBothWays:
    """Return the same of a job that moved to another hour."""
    against, in_favour = list[DriftFact](), list[DriftFact]()
    if any(occurrence.works for occurrence in begun):
        in_favour.append(("work_then", {}))
    else:
        against.append(("no_work", {}))
    pairs = {(cell.key.source.name, cell.key.destination.name) for cell in cells}
    in_favour.append(("same_pairs", {"n": str(len(pairs))}))
    in_favour.append(("hour_empty", {"day": str(max(o.day for o in before))}))
    in_favour.append(("nights", {"n": str(len({o.day for o in begun}))}))
    return tuple(against), tuple(in_favour)


def _description(row: RoleSighting, described: Mapping[str, DeviceRecord]) -> DeviceRecord:
    found = (described.get(name.casefold()) for name in (row.end.device, row.end.address) if name)
    return next((item for item in found if item is not None), DeviceRecord())


def facts_of_more(more: tuple[Deed, ...]) -> list[DriftFact]:
    """Return that the newcomer does so many things more; those named are what a person asks for."""
    if not more:
        return []
    named = "; ".join(
        f"{own_title or alert_type} ({', '.join(filter(None, (function, partner.strip('<>'))))})"
        for alert_type, own_title, function, partner in more[:MAX_NAMED]
    )
    return [("more", {"n": str(len(more)), "what": named})]


def _weigh_partners(
    old: RoleSighting, new: RoleSighting, against: list[DriftFact], in_favour: list[DriftFact]
) -> None:
    n, missing = len(old.partners), len(old.partners - new.partners)
    if missing:
        against.append(("partners_missing", {"n": str(missing), "all": str(n)}))
    else:
        in_favour.append(("partners", {"n": str(n)}))


def _weigh_hours(
    usual: Iterable[CellHour],
    begun: Iterable[CellHour],
    against: list[DriftFact],
    in_favour: list[DriftFact],
) -> None:
    """An hour beside one that was usual is usual."""
    hours = {(hour + by) % 24 for hour in hours_of_day(usual) for by in (-1, 0, 1)}
    others = sorted(hours_of_day(begun) - hours)
    if others:
        against.append(("other_hours", {"hours": ", ".join(f"{h:02}:00" for h in others)}))
    else:
        in_favour.append(("hours", {}))


def _weigh_inventory(
    new: RoleSighting,
    described: Mapping[str, DeviceRecord],
    against: list[DriftFact],
    in_favour: list[DriftFact],
) -> None:
    is_described = _description(new, described).is_described
    fact = ("inventory" if is_described else "no_inventory", {"name": new.name})
    (in_favour if is_described else against).append(fact)


def _weigh_work(
    new: RoleSighting,
    described: Mapping[str, DeviceRecord],
    against: list[DriftFact],
    in_favour: list[DriftFact],
) -> None:
    """Only work that names the newcomer and began in the days before it did."""
    first = new.first // 24
    works = sorted(_description(new, described).works, reverse=True)
    titles = [title for day, title in works if first - AROUND <= day <= first]
    if titles:
        in_favour.append(("work", {"title": titles[0]}))
    else:
        against.append(("no_work", {}))
