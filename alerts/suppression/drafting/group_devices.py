"""Which devices of the inventory are in the groups that a rule names."""

from collections.abc import Collection
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from alerts.rules.guards.closing import grouped_sides, is_in_group
from alerts.rules.rule import RuleDefinition
from alerts.sites.models import Device

PREFIX = 24  # of the subnet of a device, as alerts record it


class GroupDevice(NamedTuple):
    """A device of the inventory by what makes it a member of a group. A replay reads thousands for
    each of hundreds of rules, and as models they took longer than all questions of the database.
    """

    pk: int
    name: str
    address: str
    kind: str
    site_id: int
    zone: str


def as_group_devices(devices: QuerySet[Any]) -> list[GroupDevice]:
    """Return these devices by name."""
    rows = devices.order_by("name", "address", "pk")
    columns = ("pk", "name", "address", "kind", "zone__site", "zone__name")
    return list(map(GroupDevice._make, rows.values_list(*columns)))


def devices_in_groups(
    rule: RuleDefinition, site_ids: Collection[int]
) -> list[tuple[str, GroupDevice]]:
    """Return the devices that are in the rule's groups now, each with the side of the group."""
    sides = grouped_sides(rule)
    if not sides:
        return []
    anywhere = Q()
    for side in sides:
        anywhere |= _in_group(rule, side)
    # Of thousands of devices; hardly any rule names a subnet.
    names_subnet = any(clause.field.endswith("_subnet") for clause in rule.all_of)
    devices = Device.objects.filter(anywhere, zone__site__in=site_ids)
    return [
        (side, device)
        for device in as_group_devices(devices)
        for side in sides
        if is_in_group(
            rule,
            side,
            kind=device.kind,
            zone=device.zone,
            subnet=subnet_of(device.address) if names_subnet else "",
        )
    ]


def _in_group(rule: RuleDefinition, side: str) -> Q:
    """What the database can tell of a group: kinds and zones."""
    columns = {f"{side}_kind": "kind__in", f"{side}_zone": "zone__name__in"}
    found = Q(pk__isnull=False)
    for clause in rule.all_of:
        if clause.field in columns:
            found &= Q(**{columns[clause.field]: clause.texts})
    return found


def subnet_of(address: str) -> str:
    """Return the network of a device as alerts record it; nothing where it has no IPv4 address."""
    try:
        is_v4 = isinstance(ip_address(address), IPv4Address)
    except ValueError:
        return ""
    return str(ip_network(f"{address}/{PREFIX}", strict=False)) if is_v4 else ""
