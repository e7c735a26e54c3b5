"""Reads over places."""

from collections.abc import Collection
from uuid import UUID

from alerts.sites.models import Site
from portal.accounts.models import Role, User
from portal.accounts.queries import reach_of
from portal.ui.moments import READER, PlantClock

# The device at one end of an alert: by its address, in the alert's own zone first; by its name
# where the alert says no address. {end} is like "x.source", {at} the alert's row.
FIND_DEVICE = """
    SELECT d.kind, z.name AS zone,
           CASE WHEN pg_input_is_valid(d.address, 'inet') AND family(d.address::inet) = 4
                THEN text(network(set_masklen(d.address::inet, 24))) ELSE '' END AS subnet
      FROM (SELECT * FROM sites_device WHERE address = {end}_address AND {end}_address <> ''
             UNION ALL
            SELECT * FROM sites_device
             WHERE name = {end}_device AND {end}_device <> '' AND {end}_address = '') d
      JOIN sites_zone z ON z.id = d.zone_id AND z.site_id = {at}.site_id
     ORDER BY (z.id = {at}.zone_id) DESC NULLS LAST, d.id LIMIT 1
"""


def plants_for(user: User) -> list[PlantClock]:
    """Return all plants with their time zones, and which of them the person's grants reach."""
    reach = reach_of(user, frozenset(Role))
    is_wide = bool(reach.everywhere or reach.workspaces or reach.organisations)
    rows = Site.objects.values_list("pk", "time_zone", "uuid")
    return [PlantClock(pk, zone, is_wide or uuid in reach.sites) for pk, zone, uuid in rows]


def names_of_sites(uuids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of these sites."""
    return dict(Site.objects.filter(uuid__in=uuids).values_list("uuid", "name"))


def zone_of_sites(ids: Collection[int]) -> str:
    """Return the common time zone of these plants; `READER` where there are several or none."""
    names = set(Site.objects.filter(pk__in=ids).values_list("time_zone", flat=True))
    return names.pop() if len(names) == 1 else READER
