"""Sites, zones and devices: read them."""

from django.db.models import QuerySet

from alerts.incidents.api.places import DEVICES, SITES, ZONES
from alerts.incidents.queries import devices_visible_to
from alerts.incidents.reads.site_page import sites_visible_to, zones_visible_to
from alerts.sites.models import Device, Site, Zone
from portal.api.views import Resource


class SiteViewSet(Resource):
    """Plants."""

    tag = "sites"
    listing = SITES

    def rows(self) -> QuerySet[Site]:
        """Sites that the person may see."""
        return sites_visible_to(self.person)


class ZoneViewSet(Resource):
    """Network segments of plants."""

    tag = "zones"
    listing = ZONES

    def rows(self) -> QuerySet[Zone]:
        """Zones of those sites."""
        return zones_visible_to(self.person)


class DeviceViewSet(Resource):
    """Devices."""

    tag = "devices"
    listing = DEVICES

    def rows(self) -> QuerySet[Device]:
        """Devices of the person's sites, and those that alerts of their workspaces name."""
        return devices_visible_to(self.person)
