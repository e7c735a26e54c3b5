"""Set where a site is: its time zone and its control room."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from django.db import DataError, connection, transaction
from django.utils.translation import gettext

from alerts.sites.engine.time_zones import plant_zones, similar_zones
from alerts.sites.models import Site
from alerts.sites.policies import reasons_against_setting_site
from alerts.sites.registry import begin_clock_change
from portal.accounts.models import User
from portal.audit.services import Actor, record
from portal.errors import Refused
from portal.formats.tables import one_of

MAX_NAME, MAX_PHONE = 120, 40
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.\-]{2,}", re.ASCII)


class CannotSetSite(Refused):
    """The site was left as it is."""


@dataclass(frozen=True, slots=True)
class SiteChange:
    """What was changed of a site: names of its columns, and the rules that stopped by it."""

    site: Site
    is_new: bool
    changed: tuple[str, ...]
    stopped: tuple[str, ...]


@transaction.atomic
def set_site(
    *,
    name: str,
    time_zone: str | None = None,
    control_room_phone: str | None = None,
    by: Actor,
    now: datetime,
    unshifted: datetime,
) -> SiteChange:
    """Set what is given of a site, and leave the rest as it is. A command may name a site that is
    not known yet: then its alerts find their clock when they come. A new time zone moves the plant
    hours of all alerts of the site, and stops rules whose hours are on its old clock.
    """
    site, is_new = _site_named(name, by=by)
    if isinstance(by, User) and (reasons := reasons_against_setting_site(by, site)):
        raise CannotSetSite(*reasons)
    submitted = {"time_zone": time_zone, "control_room_phone": control_room_phone}
    values = {name: value.strip() for name, value in submitted.items() if value is not None}
    if reasons := _reasons_against(values):
        raise CannotSetSite(*reasons)
    changed = {name: value for name, value in values.items() if getattr(site, name) != value}
    if not (changed or is_new):
        return SiteChange(site, False, (), ())
    before = {name: getattr(site, name) for name in changed}
    for column, value in changed.items():
        setattr(site, column, value)
    site.save()
    stopped: list[str] = []
    if "time_zone" in changed and not is_new:
        stopped = begin_clock_change(site, before=before["time_zone"], now=now, unshifted=unshifted)
    record(
        "sites.site.set",
        on=site,
        by=by,
        at=now,
        before=before,
        after=changed,
        new=is_new,
        stopped=stopped,
    )
    return SiteChange(site, is_new, tuple(changed), tuple(stopped))


def reason_against_time_zone(name: str) -> str:
    """Return why a plant cannot have this time zone; empty where it can."""
    if name in plant_zones() and _is_time_zone_in_database(name):
        return ""
    if similar := similar_zones(name):
        text = gettext("There is no time zone “%(name)s”. Did you mean %(known)s?")
        return text % {"name": name, "known": one_of(similar)}
    text = gettext("There is no time zone “%(name)s”. Use a name such as Europe/Warsaw.")
    return text % {"name": name}


def _site_named(name: str, *, by: Actor) -> tuple[Site, bool]:
    """The site, locked; a new one where a command names it first."""
    words = " ".join(name.split())
    site = Site.objects.select_for_update().filter(name=words).first()
    if site is not None:
        return site, False
    names = list(Site.objects.order_by("name").values_list("name", flat=True))
    similar = [name for name in names if _plain(name) == _plain(words)]
    if similar:
        text = gettext("There is no site “%(name)s”. Did you mean “%(meant)s”?")
        raise CannotSetSite(text % {"name": words, "meant": similar[0]})
    if isinstance(by, User) or not words or len(words) > MAX_NAME:
        raise CannotSetSite(gettext("There is no site “%(name)s”.") % {"name": words[:MAX_NAME]})
    return Site(name=words), True


def _plain(name: str) -> str:
    """A name without case and accents, by which people mistype it."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in parts if sign.isalnum())


def _reasons_against(values: dict[str, str]) -> list[str]:
    reasons = []
    if "time_zone" in values and (reason := reason_against_time_zone(values["time_zone"])):
        reasons.append(reason)
    phone = values.get("control_room_phone", "")
    if phone and (len(phone) > MAX_PHONE or not _PHONE.fullmatch(phone)):
        reasons.append(
            gettext("“%(phone)s” is not a phone number. Write it like +48 58 555 01 10.")
            % {"phone": phone[:MAX_PHONE]}
        )
    return reasons


def _is_time_zone_in_database(name: str) -> bool:
    """Whether SQL reads clocks of this zone as well: plant hours are counted there."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT now() AT TIME ZONE %s", [name])
    except DataError:
        return False
    return True
