"""Builds sites and devices of a scenario, and what happens to them in 120 days.

A seat is a place in the plant that one device after another may take: when an engineering station
is replaced, its seat stays. Processes choose seats; an alert names whoever sits there.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from random import Random

from simulator.scenarios.chance import between
from simulator.scenarios.records import Criticality, Device, Site, Zone
from simulator.scenarios.tables import DAYS, DriftRow, Setting, SiteRow, ZoneRow

LEASE_DAYS = 8


@dataclass(slots=True, eq=False)
class Seat:
    """The devices that are in one place of the plant, in the order of time."""

    zone_key: str
    kind: str
    devices: list[Device]

    def device_at(self, at: datetime) -> Device | None:
        """Return the device that is there at this moment."""
        for device in reversed(self.devices):
            if device.is_there(at):
                return device
        return None


@dataclass(slots=True, eq=False)
class SitePlan:
    """One site with its seats, as the rest of the scenario is built on it."""

    site: Site
    row: SiteRow
    zones: dict[str, ZoneRow]
    seats: list[Seat]

    def matching(self, kind: str, zone_key: str = "") -> list[Seat]:
        """Return the seats of a kind in all zones whose key begins so."""
        return [
            seat for seat in self.seats if seat.kind == kind and seat.zone_key.startswith(zone_key)
        ]


def build_sites(setting: Setting) -> list[SitePlan]:
    """Return the sites of a scenario with all devices they will have had."""
    rng, tables = setting.dice("sites"), setting.tables
    count = rng.choice(tables.site_counts)
    rows = rng.sample(tables.sites, count)
    share = tables.shrink.get(str(count), 1.0)
    return [_build_site(setting, row, share) for row in rows]


def _build_site(setting: Setting, row: SiteRow, share: float) -> SitePlan:
    tables = setting.tables
    zones = {zone.key: zone for zone in tables.zones}
    site = Site(
        name=row.name,
        time_zone=row.time_zone,
        workspace=f"law-ot-{row.code.lower()}",
        zones=tuple(
            Zone(
                name=zone.name,
                subnet=zone.subnet.format(net=row.net),
                purdue_level=zone.level,
                sensor=f"sensor-{row.code.lower()}-{zone.key}",
            )
            for zone in tables.zones
        ),
    )
    plan = SitePlan(site=site, row=row, zones=zones, seats=[])
    rng = setting.dice(row.name, "devices")
    for zone in tables.zones:
        plan.seats += _seats_of_zone(setting, plan, zone, share, rng)
    for change in tables.drift:
        _apply(change, plan, setting, rng)
    return plan


def _seats_of_zone(
    setting: Setting, plan: SitePlan, zone: ZoneRow, share: float, rng: Random
) -> list[Seat]:
    subnet = zone.subnet.format(net=plan.row.net)
    hosts = iter(list(ip_network(subnet).hosts())[9:])
    seats = []
    for line in zone.devices:
        stem, count, kind, criticality = (part.strip() for part in line.split("|"))
        low, _, high = count.partition("-")
        number = rng.randint(int(low), int(high or low))
        if number > 3 and high:
            number = max(3, round(number * share))
        for place in range(1, number + 1):
            device = Device(
                name=f"{stem.format(code=plan.row.code)}-{place:02d}",
                site=plan.row.name,
                zone=zone.name,
                kind=kind,
                purdue_level=setting.tables.levels.get(kind, zone.level),
                criticality=_criticality(criticality, place),
                addresses=((setting.starts_at, str(next(hosts)), subnet),),
                since=setting.starts_at,
            )
            seats.append(Seat(zone.key, kind, [device]))
    if zone.dhcp:
        _lease(seats, subnet, rng, setting.starts_at)
    return seats


def _criticality(text: str, place: int) -> Criticality:
    """Read `safety`, `important`, or `crown-jewel:1`, where only the first one is that."""
    word, _, first = text.partition(":")
    if first and place > int(first):
        return "normal"
    levels: dict[str, Criticality] = {
        "": "normal",
        "important": "important",
        "crown-jewel": "crown-jewel",
        "safety": "safety",
    }
    return levels[word]


def _lease(seats: list[Seat], subnet: str, rng: Random, starts_at: datetime) -> None:
    """Give every device of a zone a new address now and then; most keep theirs."""
    pool = [str(host) for host in ip_network(subnet).hosts()][99:239]
    rng.shuffle(pool)
    addresses = {id(seat): pool.pop() for seat in seats}
    epochs: dict[int, list[tuple[datetime, str, str]]] = {
        key: [(starts_at, address, subnet)] for key, address in addresses.items()
    }
    for day in range(LEASE_DAYS, DAYS, LEASE_DAYS):
        for seat in seats:
            if rng.random() < 0.35:
                pool.insert(0, addresses[id(seat)])
                addresses[id(seat)] = pool.pop()
                at = starts_at + timedelta(days=day, hours=rng.random() * 12)
                epochs[id(seat)].append((at, addresses[id(seat)], subnet))
    for seat in seats:
        seat.devices[0] = replace(seat.devices[0], addresses=tuple(epochs[id(seat)]))


def _apply(change: DriftRow, plan: SitePlan, setting: Setting, rng: Random) -> None:
    hours = 8 + rng.random() * 6
    at = setting.starts_at + timedelta(days=between(rng, change.day), hours=hours)
    kind, _, zone_key = change.selector.partition("@")
    seats = plan.matching(kind, zone_key) if kind else []
    if change.change == "replaced" and seats:
        _replace(rng.choice(seats[:2]), plan, rng, at)
    elif change.change == "joins":
        for _ in range(between(rng, change.count)):
            _join(change, kind, plan, setting, at)
    elif change.change == "renumbered":
        _renumber(plan, change, at)


def _free_address(plan: SitePlan, zone: ZoneRow) -> tuple[str, str]:
    subnet = zone.subnet.format(net=plan.row.net)
    used = {
        address
        for seat in plan.seats
        if seat.zone_key == zone.key
        for device in seat.devices
        for _, address, _ in device.addresses
    }
    hosts = (str(host) for host in list(ip_network(subnet).hosts())[9:])
    return next(host for host in hosts if host not in used), subnet


def _replace(seat: Seat, plan: SitePlan, rng: Random, at: datetime) -> None:
    old = seat.devices[-1]
    address, subnet = _free_address(plan, plan.zones[seat.zone_key])
    stem, _, _ = old.name.rpartition("-")
    successor = replace(
        old,
        name=f"{stem}-{rng.randint(40, 90)}",
        addresses=((at, address, subnet),),
        since=at,
        replaces=old.name,
    )
    seat.devices[-1] = replace(old, until=at)
    seat.devices.append(successor)


def _join(change: DriftRow, kind: str, plan: SitePlan, setting: Setting, at: datetime) -> None:
    zone = plan.zones[change.zone]
    address, subnet = _free_address(plan, zone)
    number = sum(seat.zone_key == zone.key and seat.kind == kind for seat in plan.seats) + 1
    device = Device(
        name=f"{change.stem.format(code=plan.row.code)}-{number:02d}",
        site=plan.row.name,
        zone=zone.name,
        kind=kind,
        purdue_level=setting.tables.levels.get(kind, zone.level),
        criticality="normal",
        addresses=((at, address, subnet),),
        since=at,
    )
    plan.seats.append(Seat(zone.key, kind, [device]))


def _renumber(plan: SitePlan, change: DriftRow, at: datetime) -> None:
    """Move a zone to another subnet; hosts keep the last byte of their address."""
    subnet = change.subnet.format(net=plan.row.net)
    head = subnet.rpartition(".")[0]
    for seat in plan.seats:
        if seat.zone_key != change.zone:
            continue
        for place, device in enumerate(seat.devices):
            starts = [start for start, _, _ in device.addresses]
            index = bisect_right(starts, at)
            moved = [
                (max(start, at), f"{head}.{address.rpartition('.')[2]}", subnet)
                for start, address, _ in device.addresses[max(0, index - 1) :]
            ]
            addresses = (*device.addresses[:index], *moved)
            seat.devices[place] = replace(device, addresses=addresses)
