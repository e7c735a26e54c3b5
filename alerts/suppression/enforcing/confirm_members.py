"""Members of the groups that rules name: write down who they are, and in which incident a person
meets those who came later.
"""

from collections.abc import Iterable
from datetime import datetime

from alerts.sites.models import Site
from alerts.suppression.enforcing.members import devices_in_groups
from alerts.suppression.engine.guards.members import End
from alerts.suppression.models import GroupMember, NewMember, RuleVersion


def record_members(version: RuleVersion) -> None:
    """Write down who is in the groups that a version names. Part of the second signature."""
    GroupMember.objects.bulk_create(
        [
            GroupMember(
                version=version,
                side=side,
                site_id=device.zone.site_id,
                zone=device.zone.name,
                name=device.name.casefold(),
                address=device.address.casefold(),
            )
            for side, device in devices_in_groups(version.said, version.site_ids)
        ],
        ignore_conflicts=True,
    )


def introduce_members(*, incident_id: int, ends: Iterable[End], now: datetime) -> None:
    """Write down that a person meets these new members in this incident, which stays open."""
    known = {end for end in ends if end.handle}
    sites = dict(
        Site.objects.filter(name__in={end.site for end in known}).values_list("name", "pk")
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
            for end in known
            if end.site in sites
        ],
        ignore_conflicts=True,
    )
