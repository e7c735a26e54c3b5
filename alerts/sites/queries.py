"""Reads over places."""

from collections.abc import Collection

from alerts.sites.models import Site
from portal.accounts.models import Role, User
from portal.accounts.queries import reach_of
from portal.ui.zones import READER, Plant


def plants_for(user: User) -> list[Plant]:
    """Return all plants with their time zones, and which of them the person's grants reach.

    What the alerts of a workspace touch is not asked for: whoever sees one may see any plant.
    """
    reach = reach_of(user, frozenset(Role))
    is_wide = bool(reach.everywhere or reach.workspaces or reach.organisations)
    rows = Site.objects.values_list("pk", "time_zone", "uuid")
    return [Plant(pk, zone, is_wide or uuid in reach.sites) for pk, zone, uuid in rows]


def zone_of_sites(ids: Collection[int]) -> str:
    """Return the time zone of these plants, for what is not read on a page; `READER` where there
    are several or none.
    """
    names = set(Site.objects.filter(pk__in=ids).values_list("time_zone", flat=True))
    return names.pop() if len(names) == 1 else READER
