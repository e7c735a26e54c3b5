"""Who takes part in an alert: resolves the words of the tables into devices and addresses.

Words, joined by ` + `:
    kind@zone      every device of a kind in all zones whose key begins so (`PLC@line`)
    kind@zone#3    three of them, always the same;   kind@zone[0]  the first
    net:name       addresses of a network outside
    visitor@zone   somebody's device nobody knows: another address each time
    new:kind@zone  equipment nobody knows yet, likewise
    rogue:kind     one device nobody knows, in the zone of the side it replaces
    sensor@zone    the sensors of these zones
    (empty)        the alert names nobody on this side
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from random import Random
from typing import Protocol

from simulator.scenarios.chance import between, dice
from simulator.scenarios.inventory import Seat, SitePlan
from simulator.scenarios.records import Criticality
from simulator.scenarios.tables import NetworkRow

_WORD = re.compile(r"(?P<kind>[^@#\[]+)(@(?P<zone>\w*))?(#(?P<some>\d+))?(\[(?P<nth>\d+)\])?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One side of an alert at one moment."""

    name: str = ""
    address: str = ""
    kind: str = ""
    zone: str = ""
    subnet: str = ""
    criticality: Criticality = "normal"
    is_outside: bool = False


class End(Protocol):
    """One side of a pair, before the moment is known."""

    @property
    def zone_key(self) -> str:
        """Return the key of its zone; empty outside the plant."""

    def party(self, at: datetime, rng: Random) -> Party | None:
        """Return who this is at a moment, None if nobody is there."""


@dataclass(frozen=True, slots=True, eq=False)
class SeatEnd:
    """A place in the plant."""

    seat: Seat

    @property
    def zone_key(self) -> str:
        """Return the key of its zone."""
        return self.seat.zone_key

    def party(self, at: datetime, rng: Random) -> Party | None:
        """Return the device that is there."""
        device = self.seat.device_at(at)
        if device is None:
            return None
        address, subnet = device.place_at(at)
        return Party(
            name=device.name,
            address=address,
            kind=device.kind,
            zone=device.zone,
            subnet=subnet,
            criticality=device.criticality,
        )


@dataclass(frozen=True, slots=True, eq=False)
class FixedEnd:
    """Somebody who does not change: an address outside, a sensor, a rogue device, or nobody."""

    fixed: Party
    zone_key: str = ""

    def party(self, at: datetime, rng: Random) -> Party | None:
        """Return the same as always."""
        return self.fixed


@dataclass(frozen=True, slots=True, eq=False)
class VisitorEnd:
    """Devices that come once: each time another address in the zone."""

    zone_name: str
    subnet: str
    zone_key: str
    kinds: tuple[str, ...]

    def party(self, at: datetime, rng: Random) -> Party | None:
        """Return a visitor: by address, or by MAC address before it has one."""
        address = str(ip_network(self.subnet)[rng.randint(100, 240)])
        if rng.random() < 0.3:
            address = ":".join(f"{rng.randrange(256):02x}" for _ in range(6))
        return Party(
            name=address,
            address=address,
            kind=rng.choice(self.kinds),
            zone=self.zone_name,
            subnet=self.subnet,
        )


def ends_of(
    words: str, plan: SitePlan, networks: dict[str, NetworkRow], *names: object
) -> list[End]:
    """Return everybody the words stand for at a site; `names` make the choice repeatable."""
    if not words:
        return [FixedEnd(Party())]
    ends: list[End] = []
    for word in words.split(" + "):
        ends += _ends_of_word(word, plan, networks, names)
    return ends


def _ends_of_word(
    word: str, plan: SitePlan, networks: dict[str, NetworkRow], names: tuple[object, ...]
) -> Iterator[End]:
    rng = dice(*names, plan.row.name, word)
    if word.startswith("net:"):
        for address in addresses_outside(networks[word[4:]], rng):
            yield FixedEnd(Party(name=address, address=address, is_outside=True))
        return
    match = _WORD.match(word)
    if not match:
        raise ValueError(f"'{word}' matches no device of the plant.")
    kind, zone_key = match["kind"], match["zone"] or ""
    zones = [zone for key, zone in plan.zones.items() if key.startswith(zone_key)]
    if kind == "visitor" or kind.startswith("new:"):
        kinds = ("laptop", "laptop", "phone") if kind == "visitor" else (kind[4:],)
        for zone in zones:
            yield VisitorEnd(zone.name, zone.subnet.format(net=plan.row.net), zone.key, kinds)
    elif kind == "sensor":
        for zone in zones:
            name = f"sensor-{plan.row.code.lower()}-{zone.key}"
            yield FixedEnd(Party(name=name, kind="sensor", zone=zone.name), zone.key)
    else:
        yield from map(SeatEnd, _seats(plan, kind, zone_key, match, rng))


def _seats(
    plan: SitePlan, kind: str, zone_key: str, match: re.Match[str], rng: Random
) -> list[Seat]:
    seats = plan.matching(kind, zone_key)
    if match["some"]:
        initial = [
            seat for seat in seats if seat.devices[0].since == plan.seats[0].devices[0].since
        ]
        seats = rng.sample(initial, min(int(match["some"]), len(initial)))
    if match["nth"]:
        seats = seats[int(match["nth"]) : int(match["nth"]) + 1]
    return seats


def rogue(kind: str, like: Party, rng: Random) -> FixedEnd:
    """Return an unknown device that poses as one of a kind, beside an honest one."""
    head = (like.subnet or "10.0.0.0/24").rpartition(".")[0]
    address = f"{head}.{rng.randint(241, 251)}"
    return FixedEnd(
        Party(name=address, address=address, kind=kind, zone=like.zone, subnet=like.subnet)
    )


def addresses_outside(row: NetworkRow, rng: Random) -> list[str]:
    """Return some addresses of a network outside, the same for the same dice."""
    networks = [ip_network(cidr) for cidr in row.cidr]
    count = between(rng, row.addresses)
    addresses: dict[str, None] = {}
    while len(addresses) < count:
        network = rng.choice(networks)
        addresses[str(network[rng.randrange(1, network.num_addresses - 1)])] = None
    return list(addresses)
