"""Sites, zones and devices: read them, and say what they are."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext

from alerts.incidents.api.bodies import DeviceIn, SiteIn
from alerts.incidents.api.places import DEVICES, SITES, ZONES
from alerts.incidents.page.site_page import sites_visible_to, zones_visible_to
from alerts.incidents.queries import devices_visible_to
from alerts.sites.models import Device, Site, Zone
from alerts.sites.policies import LEADING, reasons_against_setting_site
from alerts.sites.registry import foresee_clock_change
from alerts.sites.services import CannotSetSite, describe_device, set_site
from portal import clock
from portal.accounts.models import OT_ROLES, TokenScope
from portal.api.views import Resource, command


class SiteViewSet(Resource):
    """Plants."""

    tag = "sites"
    listing = SITES

    def rows(self) -> QuerySet[Site]:
        """Sites that the person may see."""
        return sites_visible_to(self.person)

    @command(SiteIn, scope=TokenScope.SITES_WRITE, roles=LEADING, address="set")
    def set_place(self, row: Site, said: dict[str, Any]) -> None:
        """Say where a site is: its time zone and its control room. Where rules stop by a new clock,
        that is refused until it is confirmed.
        """
        if reasons := reasons_against_setting_site(self.person, row):
            raise CannotSetSite(*reasons)
        is_confirmed, zone = said.pop("confirmed"), said.get("time_zone", row.time_zone).strip()
        if not is_confirmed and (stopping := foresee_clock_change(row, time_zone=zone)):
            words = gettext("Rules stop by this: %(rules)s. Look at them, then confirm it.")
            raise CannotSetSite(words % {"rules": ", ".join(stopping)})
        set_site(name=row.name, by=self.person, now=self.now, unshifted=clock.unshifted(), **said)


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

    @command(DeviceIn, scope=TokenScope.SITES_WRITE, roles=OT_ROLES)
    def describe(self, row: Device, said: dict[str, Any]) -> None:
        """Say what a device is: its kind, its role, how critical it is, on which level."""
        describe_device(
            device_id=row.pk, by=self.person, now=self.now, unshifted=clock.unshifted(), **said
        )
