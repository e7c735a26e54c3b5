"""Sites, zones and devices: read them, and do what the pages do, with the same refusals."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_lazy

from alerts.incidents.queries import devices_visible_to
from alerts.inventory.api.bodies import DeviceIn, SiteIn
from alerts.inventory.api.listings import DEVICES, SITES, ZONES
from alerts.inventory.queries import sites_visible_to, zones_visible_to
from alerts.sites.models import Device, Site, Zone
from alerts.sites.policies import LEADING, reasons_against_setting_site
from alerts.sites.registry import foresee_clock_change
from alerts.sites.services.describe import describe_device
from alerts.sites.services.set_site import CannotSetSite, set_site
from portal import clock
from portal.accounts.models import TokenScope
from portal.accounts.rights import OT_ROLES
from portal.api.views import Resource, command


class SiteViewSet(Resource):
    """Plants."""

    tag = "sites"
    title = gettext_lazy("Sites")
    listing = SITES

    def rows(self) -> QuerySet[Site]:
        """Sites that the person may see."""
        return sites_visible_to(self.person)

    @command(SiteIn, scope=TokenScope.SITES_WRITE, roles=LEADING, address="set")
    def set_place(self, row: Site, values: dict[str, Any]) -> None:
        """Set where a site is: its time zone and its control room. Where rules stop by a new clock,
        that is refused until it is confirmed.
        """
        if reasons := reasons_against_setting_site(self.person, row):
            raise CannotSetSite(*reasons)
        is_confirmed, zone = values.pop("confirmed"), values.get("time_zone", row.time_zone).strip()
        if not is_confirmed and (stopping := foresee_clock_change(row, time_zone=zone)):
            words = gettext("Rules stop by this: %(rules)s. Look at them, then confirm it.")
            raise CannotSetSite(words % {"rules": ", ".join(stopping)})
        set_site(name=row.name, by=self.person, now=self.now, unshifted=clock.unshifted(), **values)


class ZoneViewSet(Resource):
    """Network segments of plants."""

    tag = "zones"
    title = gettext_lazy("Zones")
    listing = ZONES

    def rows(self) -> QuerySet[Zone]:
        """Zones of those sites."""
        return zones_visible_to(self.person)


class DeviceViewSet(Resource):
    """Devices."""

    tag = "devices"
    title = gettext_lazy("Devices")
    listing = DEVICES

    def rows(self) -> QuerySet[Device]:
        """Devices of the person's sites, and those that alerts of their workspaces name."""
        return devices_visible_to(self.person)

    @command(DeviceIn, scope=TokenScope.SITES_WRITE, roles=OT_ROLES)
    def describe(self, row: Device, values: dict[str, Any]) -> None:
        """Set what a device is: its kind, its role, how critical it is, on which level."""
        describe_device(
            device_id=row.pk, by=self.person, now=self.now, unshifted=clock.unshifted(), **values
        )
