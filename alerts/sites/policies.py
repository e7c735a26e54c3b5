"""Who may say what of a plant, and why not. Page and service ask the same ones."""

from django.utils.translation import gettext

from alerts.sites.engine.devices import CRITICAL
from alerts.sites.models import Criticality, Device, Site
from portal.accounts.models import Role, User
from portal.accounts.queries import reach_of
from portal.accounts.rights import roles_for
from portal.text import visible_text

LEADING = roles_for("sites.set")


def can_describe(user: User, site: Site) -> bool:
    """Whether the person may say what the devices of a site are: OT of the site."""
    return _reaches(user, roles_for("sites.describe"), site)


def can_lead(user: User, site: Site | None) -> bool:
    """Whether the person leads OT at a site, or administers Tagout. None: all sites."""
    return _reaches(user, LEADING, site)


def reasons_against_setting_site(user: User, site: Site | None) -> list[str]:
    """Why this person cannot say where and when a site is."""
    if can_lead(user, site):
        return []
    return [gettext("Only the OT lead of the site and administrators can change this.")]


def reasons_against_describing(user: User, site: Site) -> list[str]:
    """Why this person cannot say what the devices of a site are."""
    if can_describe(user, site) or can_lead(user, site):
        return []
    return [gettext("Only OT of %(site)s can say what stands there.") % {"site": site}]


def reasons_against_criticality(
    user: User, device: Device, criticality: str, *, reason: str
) -> list[str]:
    """Why this person cannot give a device this criticality. Safety systems and crown jewels are
    never silenced (S1): to take that away is a lead's act, with its reason on record.
    """
    if not device.is_critical or criticality in CRITICAL:
        return []
    details = {"device": device, "criticality": Criticality(device.criticality).label}
    if not can_lead(user, device.zone.site):
        text = gettext("%(device)s is a %(criticality)s. Only the OT lead can lower that.")
        return [text % details]
    if not visible_text(reason):
        text = gettext("%(device)s is a %(criticality)s: say why it no longer is one.")
        return [text % details]
    return []


def _reaches(user: User, roles: frozenset[Role], site: Site | None) -> bool:
    reach = reach_of(user, roles)
    return reach.everywhere or (site is not None and site.uuid in reach.sites)
