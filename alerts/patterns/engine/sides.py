"""One side of a pattern: listed devices, devices of one kind in one zone, a zone, or a network."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import (
    IPV4LENGTH,
    IPv4Address,
    IPv4Network,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

from alerts.patterns.engine.cells import CellEnd, DeviceGroup

MAX_LISTED: Final = 100
MIN_GROUP_MEMBERS: Final = 3
MIN_GROUP_SHARE: Final = 0.5  # of the members known for 30 days
MIN_NETWORK_ADDRESSES: Final = 10
MAX_ADDRESSES: Final = 30  # that lie in no network and are listed one by one
MIN_SHARED_ADDRESSES: Final = 2  # in a network that the site's alerts show as one
MIN_PREFIX: Final = 12
MAX_NETWORKS: Final = 8
MAX_LINES: Final = 10  # beyond the plant, where one network could stand for all of them
type Inventory = Mapping[
    DeviceGroup, int
]  # devices of each kind and zone that were known for 30 days


class Rung(StrEnum):
    """How far a side was generalised, the narrowest first."""

    NONE = "none"  # alerts of the pattern name nobody here
    LISTED = "listed"
    GROUP = "group"
    ZONE = "zone"
    SITE = "site"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class PatternSide:
    """One side of a pattern. `members` are the names that were seen, or that the inventory has.

    `kinds` and `zones` are set at the group rung and above; at the listed rung `zones` narrows the
    names to the zones in which they were seen. `known_count` is how many members the inventory has,
    at the listed rung 0 where the list is of what was seen.
    """

    rung: Rung
    members: tuple[str, ...] = ()
    by_address: bool = False  # members are addresses: some have no device name
    kinds: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    known_count: int = 0

    @property
    def is_from_inventory(self) -> bool:
        """Whether it lists devices that the inventory has, seen or not."""
        return self.rung == Rung.LISTED and self.known_count > 0

    @property
    def is_by_address(self) -> bool:
        """Whether its ends are called by their addresses: those beyond the plant always are."""
        return self.by_address or self.rung == Rung.NETWORK

    def name_of(self, end: CellEnd) -> str:
        """Return what a line of a rule about this side calls an end."""
        return (end.address if self.is_by_address else "") or end.name

    def covers(self, end: CellEnd) -> bool:
        """Whether an end lies inside."""
        match self.rung:
            case Rung.NONE:
                return not end.name
            case Rung.SITE:
                return bool(end.name) and not end.is_outside
            case Rung.NETWORK:
                return end.is_outside and is_in_networks(end.address, self.networks)
        if end.is_outside or (self.zones and end.zone not in self.zones):
            return False
        if self.rung == Rung.ZONE:
            return True
        if self.rung == Rung.GROUP:
            return end.kind in self.kinds
        return (end.address if self.by_address else end.device) in self.members


def describe_side(
    ends: Iterable[CellEnd],
    inventory: Inventory,
    *,
    allow_group: bool = True,
    networks: Sequence[str] = (),
) -> PatternSide | None:
    """Return the narrowest side that describes these ends. None where none can: too
    many for a list, mixed with the outside, or partly without a name. `networks` are those beyond
    the plant that all alerts of the site together show.
    """
    distinct = set(ends)
    if not any(end.name for end in distinct):
        return PatternSide(Rung.NONE)
    if not all(end.name for end in distinct):
        return None
    outside = {end for end in distinct if end.is_outside}
    if outside:
        if distinct - outside:
            return None
        return _describe_outside(outside, networks, allow_whole=allow_group)
    groups = {end.group for end in distinct}
    zones = tuple(sorted({end.zone for end in distinct})) if all(e.zone for e in distinct) else ()
    kinds = tuple(sorted({group.kind for group in groups}))
    members = tuple(sorted(end.name for end in distinct))
    if allow_group and is_group(distinct, inventory) and _is_product(groups):
        member_count = sum(inventory.get(group, 0) for group in groups)
        return PatternSide(Rung.GROUP, members, kinds=kinds, zones=zones, known_count=member_count)
    if allow_group and is_kind_of_site(distinct, inventory):
        member_count = sum(count for group, count in inventory.items() if group.kind in kinds)
        return PatternSide(Rung.GROUP, members, kinds=kinds, known_count=member_count)
    if allow_group and is_kind_of_zones(distinct, inventory) and _is_product(groups):
        member_count = sum(inventory.get(group, 0) for group in groups)
        return PatternSide(Rung.GROUP, members, kinds=kinds, zones=zones, known_count=member_count)
    return list_side(distinct, zones)


def list_side(ends: set[CellEnd], zones: tuple[str, ...] = ()) -> PatternSide | None:
    """Return a side that lists these ends; None where there are too many or not all have a name of
    one sort.
    """
    by_address = not all(end.device for end in ends)
    if by_address and not all(end.address for end in ends):
        return None
    members = tuple(sorted({end.address if by_address else end.device for end in ends}))
    if len(members) > MAX_LISTED:
        return None
    return PatternSide(Rung.LISTED, members, by_address=by_address, zones=zones)


def is_group(ends: set[CellEnd], inventory: Inventory) -> bool:
    """Whether each kind and zone among these ends may be named as a group: at least three members,
    and at least half of those known, were seen.
    """
    counts = Counter(group for group, _ in {(end.group, end.name) for end in ends})
    return all(
        group.is_named
        and count >= MIN_GROUP_MEMBERS
        and count >= MIN_GROUP_SHARE * inventory.get(group, 0)
        for group, count in counts.items()
    )


def nameable_groups(ends: set[CellEnd], inventory: Inventory) -> set[DeviceGroup]:
    """Return the largest set of groups among these ends that one side can name: kinds of the whole
    site where there are any, else the groups of the zone or kind with the most members.
    """
    inside = [end for end in ends if end.name and not end.is_outside]
    by_kind: dict[str, set[CellEnd]] = defaultdict(set)
    by_group: dict[DeviceGroup, set[CellEnd]] = defaultdict(set)
    for end in inside:
        by_kind[end.kind].add(end)
        by_group[end.group].add(end)
    of_site = {kind for kind, members in by_kind.items() if is_kind_of_site(members, inventory)}
    if of_site:
        return {end.group for end in inside if end.kind in of_site}
    fitting = {group: m for group, m in by_group.items() if is_group(m, inventory)}
    best: set[DeviceGroup] = set()
    for named_group in fitting:
        for same in ("kind", "zone"):
            family = {g for g in fitting if getattr(g, same) == getattr(named_group, same)}
            if sum(len(fitting[g]) for g in family) > sum(len(fitting[g]) for g in best):
                best = family
    return best


def is_kind_of_site(ends: set[CellEnd], inventory: Inventory) -> bool:
    """Whether each kind among these ends may be named over all zones of the site: the same measure,
    where the kind stands in several zones with few members each.
    """
    if len({end.zone for end in ends}) < 2:
        return False
    counts = Counter(kind for kind, _ in {(end.kind, end.name) for end in ends})
    if not all(kind and count >= MIN_GROUP_MEMBERS for kind, count in counts.items()):
        return False  # most often; what is known is counted only where it matters
    inventory_counts: Counter[str] = Counter()
    for group, count in inventory.items():
        inventory_counts[group.kind] += count
    return all(count >= MIN_GROUP_SHARE * inventory_counts[kind] for kind, count in counts.items())


def is_kind_of_zones(ends: set[CellEnd], inventory: Inventory) -> bool:
    """Whether each kind among these ends may be named over the zones in which it was seen: the same
    measure for all zones together, such as stations with two controllers each, and half of those
    known in each of them.
    """
    counts = Counter(group for group, _ in {(end.group, end.name) for end in ends})
    members: Counter[str] = Counter()
    for group, count in counts.items():
        members[group.kind] += count
    return (
        len({group.zone for group in counts}) > 1
        and min(members.values()) >= MIN_GROUP_MEMBERS
        and all(
            group.is_named and count >= MIN_GROUP_SHARE * inventory.get(group, 0)
            for group, count in counts.items()
        )
    )


def _is_product(groups: set[DeviceGroup]) -> bool:
    """Whether naming kinds and zones apart says nothing more than these groups."""
    kinds, zones = {group.kind for group in groups}, {group.zone for group in groups}
    return len(groups) == len(kinds) * len(zones)


def _describe_outside(
    ends: set[CellEnd], site_networks: Sequence[str], *, allow_whole: bool
) -> PatternSide | None:
    """Return networks that hold these addresses, and the addresses that lie in none, one by one;
    instead of a long list the one network that holds all, where `allow_whole`. None where there are
    too many: what is beyond the plant is never open.
    """
    addresses = {end.address for end in ends if end.address}
    networks, remaining = smallest_networks(addresses)
    if allow_whole and len(networks) + len(remaining) > MAX_LINES:
        whole = network_of_all(addresses)
        networks, remaining = ([whole], set()) if whole else (networks, remaining)
    for network in site_networks:
        inside = {address for address in remaining if is_in_networks(address, (network,))}
        if len(inside) >= MIN_SHARED_ADDRESSES and len(networks) < MAX_NETWORKS:
            networks.append(network)
            remaining -= inside
    if len(remaining) > MAX_ADDRESSES:
        remaining = set()  # they stay with people
    networks += [f"{address}/{ip_address(address).max_prefixlen}" for address in sorted(remaining)]
    if not networks:
        return None
    inside = {address for address in addresses if is_in_networks(address, tuple(networks))}
    return PatternSide(Rung.NETWORK, tuple(sorted(inside)), networks=tuple(sorted(networks)))


def smallest_networks(addresses: Iterable[str]) -> tuple[list[str], set[str]]:
    """Return the smallest networks, at most /12, that each hold at least ten of the addresses, and
    the addresses that lie in none of them. A network inside another one is not named beside it.
    """
    networks: list[str] = []
    remaining: dict[int, str] = {}
    others = set[str]()
    for text in addresses:
        number = _ipv4(text)
        if number is None:
            others.add(text)
        else:
            remaining[number] = text
    for prefix in range(30, MIN_PREFIX - 1, -1):
        shift = IPV4LENGTH - prefix
        by_network = Counter(number >> shift for number in remaining)
        for network, count in by_network.most_common():
            if count >= MIN_NETWORK_ADDRESSES and len(networks) < MAX_NETWORKS:
                networks.append(f"{IPv4Address(network << shift)}/{prefix}")
                remaining = {
                    number: text for number, text in remaining.items() if number >> shift != network
                }
    return _without_contained(networks), {*remaining.values(), *others}


def _without_contained(networks: Sequence[str]) -> list[str]:
    """Return the networks that lie in no other one. The narrow ones were found first."""
    return [
        text
        for position, text in enumerate(networks)
        if not any(
            IPv4Network(text).subnet_of(IPv4Network(other)) for other in networks[position + 1 :]
        )
    ]


def network_of_all(addresses: Collection[str]) -> str | None:
    """Return the smallest network that holds all of these addresses, which are ten at least; None
    where it would be wider than /12.
    """
    numbers = [number for text in addresses if (number := _ipv4(text)) is not None]
    if len(numbers) < max(len(addresses), MIN_NETWORK_ADDRESSES):
        return None
    prefix = IPV4LENGTH - (min(numbers) ^ max(numbers)).bit_length()
    if prefix < MIN_PREFIX:
        return None
    shift = IPV4LENGTH - prefix
    return f"{IPv4Address(min(numbers) >> shift << shift)}/{prefix}"


@lru_cache(maxsize=65536)
def _ipv4(text: str) -> int | None:
    try:
        return int(IPv4Address(text))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text)


def is_in_networks(text: str, networks: tuple[str, ...]) -> bool:
    """Whether an address lies in one of the networks."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(address in _network(network) for network in networks)
