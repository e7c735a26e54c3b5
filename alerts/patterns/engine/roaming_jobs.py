"""Jobs of one device that reach other targets each time: scanners, patch servers (suppression §3).

A list of the targets that were seen matches little of what is yet to come, so their list is frozen
from the inventory: the devices of their kinds in their zones, without those that OT calls critical.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from alerts.patterns.engine.cells import AlertCell, DeviceGroup
from alerts.patterns.engine.pattern import MinedPattern
from alerts.patterns.engine.sides import MAX_LISTED, MIN_GROUP_MEMBERS, PatternSide, Rung

# Names of the devices of each kind and zone, without safety systems and crown jewels.
type DeviceNames = Mapping[DeviceGroup, frozenset[str]]
MAX_WEEKDAYS: Final = 2  # on which such a job runs
MIN_NEW_SHARE: Final = 0.5  # of its days, on which it reached a target that it had not before


def with_targets_of_inventory(
    pattern: MinedPattern, cells: Sequence[AlertCell], names: DeviceNames
) -> MinedPattern:
    """Return the pattern of such a job with its targets from the inventory, any other as it is."""
    if not (is_weekly_job(pattern) and reaches_new_targets(cells)):
        return pattern
    reached: dict[DeviceGroup, set[str]] = defaultdict(set)
    for cell in cells:
        reached[cell.key.destination.group].add(cell.key.destination.device)
    members = set(pattern.destination.members)
    for group, devices in reached.items():
        if group.is_named and len(devices) >= MIN_GROUP_MEMBERS:
            members |= names.get(group, frozenset())
    if len(members) > MAX_LISTED or len(members) == len(pattern.destination.members):
        return pattern
    listed = PatternSide(
        Rung.LISTED,
        tuple(sorted(members)),
        zones=pattern.destination.zones,
        known_count=len(members),
    )
    obstacle = "" if pattern.obstacle == "one_off" else pattern.obstacle
    return replace(pattern, destination=listed, obstacle=obstacle)


def is_weekly_job(pattern: MinedPattern) -> bool:
    """Whether one device does it in hours of its own on a day or two of the week, to devices that
    have names and zones. Soft types may do so within planned work instead.
    """
    source, destination = pattern.source, pattern.destination
    hours = pattern.hours
    is_visit = bool(pattern.planned_work) and not pattern.is_strict
    return (
        (is_visit or (hours is not None and len(hours.weekdays) <= MAX_WEEKDAYS))
        and source.rung == Rung.LISTED
        and len(source.members) == 1
        and destination.rung == Rung.LISTED
        and not destination.by_address
        and bool(destination.zones)
        and pattern.is_directed
    )


def reaches_new_targets(cells: Sequence[AlertCell]) -> bool:
    """Whether on most of the days after the first one some target was new."""
    first_days: dict[str, int] = {}
    days: set[int] = set()
    for cell in cells:
        name = cell.key.destination.device
        days |= cell.days
        first_days[name] = min({first_days.get(name, min(cell.days)), *cell.days})
    new_days = set(first_days.values()) - {min(days)}
    return len(new_days) >= MIN_NEW_SHARE * (len(days) - 1)
