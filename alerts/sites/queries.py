"""Reads over places."""

from alerts.sites.models import Site
from portal.accounts.models import Role, User
from portal.accounts.queries import reach_of
from portal.ui.zones import Plant


def plants_for(user: User) -> list[Plant]:
    """Return all plants with their time zones, and which of them the person's grants reach.

    What the alerts of a workspace touch is not asked for: whoever sees one may see any plant.
    """
    reach = reach_of(user, frozenset(Role))
    is_wide = bool(reach.everywhere or reach.workspaces or reach.organisations)
    rows = Site.objects.values_list("pk", "time_zone", "uuid")
    return [Plant(pk, zone, is_wide or uuid in reach.sites) for pk, zone, uuid in rows]
