"""Members of the groups that rules name: those of the signing, who came later, and in which
incident a person meets them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Lower

from alerts.rules.guards.closing import CoveredEnd, names_sensors
from alerts.sites.models import Device, Site
from alerts.suppression.drafting.group_devices import (
    GroupDevice,
    as_group_devices,
    devices_in_groups,
)
from alerts.suppression.models import GroupMember, NewMember, RuleVersion


@dataclass(frozen=True, slots=True)
class LateMember:
    """A device that is in a group of the rule now and was not when it was signed; `first` is the
    incident in which a person meets it, None where it was in none yet.
    """

    device: GroupDevice
    first: int | None


def late_members(version: RuleVersion) -> list[LateMember]:
    """Return who joined the groups of a version after it was signed, by name; and the newcomers of
    its lists.
    """
    now = devices_in_groups(version.definition, version.site_ids)
    now += [("", device) for device in _newcomers(version)]
    if not now:
        return []
    sites = dict(Site.objects.filter(pk__in=version.site_ids).values_list("pk", "name"))
    ends = {
        (
            version.pk,
            CoveredEnd(
                side,
                sites[device.site_id],
                device.zone,
                device.name,
                device.address,
                comes_and_goes=bool(side) and names_sensors(version.definition),
            ),
        ): device
        for side, device in now
    }
    members = members_among(list(ends))
    late = {
        device.pk: (device, end) for (pk, end), device in ends.items() if (pk, end) not in members
    }
    first = {
        (row.site.name, row.zone, row.handle): row.incident_id
        for row in NewMember.objects.filter(site__in=version.site_ids).select_related("site")
    }
    return [LateMember(device, _first_of(end, first)) for device, end in late.values()]


def _newcomers(version: RuleVersion) -> list[GroupDevice]:
    devices = Device.objects.annotate(lower_name=Lower("name")).filter(
        lower_name__in=version.newcomers, zone__site__in=version.site_ids
    )
    return as_group_devices(devices)


def _first_of(end: CoveredEnd, first: Mapping[tuple[str, str, str], int]) -> int | None:
    """An alert may have told only its name."""
    handles = (end.handle, end.device.casefold())
    return next(
        (
            first[end.site, end.zone, handle]
            for handle in handles
            if (end.site, end.zone, handle) in first
        ),
        None,
    )


def members_among(found: Collection[tuple[int, CoveredEnd]]) -> set[tuple[int, CoveredEnd]]:
    """Those of these ends that were members when the version beside them was signed. A name counts
    only where the alert has no address; of devices that come and go both count, of one member.
    """
    handles = {(end.address or end.device).casefold() for _version, end in found}
    rows = GroupMember.objects.filter(
        Q(address__in=handles) | Q(name__in=handles),
        version__in={version for version, _end in found},
    ).values_list("version", "side", "site__name", "zone", "address", "name")
    members = set[tuple[object, ...]]()
    for *place, address, name in rows:
        members |= {(*place, address, ""), (*place, "", name), (*place, address, name)}
    return {
        (version, end)
        for version, end in found
        if end.handle and (version, end.side, end.site, end.zone, *end.identity) in members
    }


def introduced_ends(ends: Iterable[CoveredEnd], *, but: int) -> set[tuple[str, str, str]]:
    """Those of these ends that another incident has introduced."""
    ends_filter = Q()
    for end in ends:
        ends_filter |= Q(site__name=end.site, zone=end.zone, handle=end.handle)
    if not ends_filter:
        return set()
    rows = NewMember.objects.filter(ends_filter).exclude(incident=but)
    return set(rows.values_list("site__name", "zone", "handle"))


def record_members(version: RuleVersion) -> None:
    """Write down who is in the groups that a version names. Part of the second signature."""
    GroupMember.objects.bulk_create(
        [
            GroupMember(
                version=version,
                side=side,
                site_id=device.site_id,
                zone=device.zone,
                name=device.name.casefold(),
                address=device.address.casefold(),
            )
            for side, device in devices_in_groups(version.definition, version.site_ids)
        ],
        ignore_conflicts=True,
    )


def introduce_members(*, incident_id: int, ends: Iterable[CoveredEnd], now: datetime) -> None:
    """Write down that a person meets these new members in this incident, which stays open."""
    named = {end for end in ends if end.handle}
    sites = dict(
        Site.objects.filter(name__in={end.site for end in named}).values_list("name", "pk")
    )
    NewMember.objects.bulk_create(
        [
            NewMember(
                site_id=sites[end.site],
                zone=end.zone,
                handle=end.handle,
                incident_id=incident_id,
                found_at=now,
            )
            for end in named
            if end.site in sites
        ],
        ignore_conflicts=True,
    )
