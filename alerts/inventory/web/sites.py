"""Sites and their zones: what is there, who speaks for them, what is missing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET

from alerts.incidents.ingest.plant_hours import plant_hours_progress
from alerts.incidents.page.devices import level_words
from alerts.inventory.queries import SiteDetail, SiteRow, detail_of, list_sites, sites_visible_to
from alerts.inventory.web.forms import SiteForm
from alerts.sites.engine.time_zones import plant_zones
from alerts.sites.models import Site, Zone
from alerts.sites.policies import reasons_against_setting_site
from alerts.sites.registry import foresee_clock_change
from alerts.sites.services.set_site import CannotSetSite, set_site
from portal import clock
from portal.accounts.queries import roles_of
from portal.accounts.rights import READING_ROLES
from portal.accounts.sessions import actor_of
from portal.ui.pieces import ChartPoint
from portal.ui.responses import leave_toast, post_only, render_page
from portal.ui.words import number


@require_GET
def sites(request: HttpRequest) -> HttpResponse:
    """All sites that the person may see."""
    user = actor_of(request)
    rows = list_sites(user, now=clock.now())
    page = {
        "rows": [(row, missing_at(row)) for row in rows],
        "sees_incidents": not roles_of(user).isdisjoint(READING_ROLES),
    }
    return render_page(request, "alerts/inventory/sites.html", page, part="rows")


@require_GET
def site(request: HttpRequest, site: UUID) -> HttpResponse:
    """One site."""
    return site_page(request, _site(request, site))


@post_only(otherwise=lambda site: reverse("sites:site", args=[site]))
def set_clock(request: HttpRequest, site: UUID) -> HttpResponse:
    """Set time zone and phone. A time zone that stops rules is asked about first."""
    row, form, user = _site(request, site), SiteForm(request.POST), actor_of(request)
    if reasons := reasons_against_setting_site(user, row):
        form.add_error(None, reasons)
    if not form.is_valid():
        return site_page(request, row, form=form)
    values = form.cleaned_data
    stopping = foresee_clock_change(row, time_zone=values["time_zone"].strip())
    if stopping and not values["confirmed"]:
        form.add_error(None, gettext("Rules stop by this. Look at them, then confirm it below."))
        return site_page(request, row, form=form, stopping=stopping)
    try:
        done = set_site(
            name=row.name,
            time_zone=values["time_zone"],
            control_room_phone=values["control_room_phone"],
            by=user,
            now=clock.now(),
            unshifted=clock.unshifted(),
        )
    except CannotSetSite as refusal:
        form.add_error(None, list(refusal.reasons))
        return site_page(request, row, form=form, stopping=stopping)
    answer = HttpResponseRedirect(reverse("sites:site", args=[site]))
    words = gettext("Saved: %(site)s") % {"site": row}
    if n := len(done.stopped):
        more = ngettext("%(n)s rule stopped", "%(n)s rules stopped", n) % {"n": number(n)}
        words = f"{words}. {more}."
    return leave_toast(request, answer, words)


def site_page(
    request: HttpRequest,
    row: Site,
    *,
    form: SiteForm | None = None,
    stopping: Sequence[str] = (),
) -> HttpResponse:
    """The page of a site, with what was wrong with the form."""
    user, now = actor_of(request), clock.now()
    detail = detail_of(row, user=user, now=now)
    sees_incidents = not roles_of(user).isdisjoint(READING_ROLES)
    may_set = not reasons_against_setting_site(user, row)
    page = {
        "site": row,
        "detail": detail,
        "numbers": detail.row.numbers,
        "missing": missing_at(detail.row, sees_devices=sees_incidents),
        "sees_incidents": sees_incidents,
        "levels": levels_of(detail),
        "sensors_elsewhere": [sensor.name for sensor in detail.sensors if sensor.zone is None],
        "bars": [ChartPoint(date_format(begins, "j M"), n) for begins, n in detail.weeks],
        "form": (form or SiteForm.of(row)) if may_set else None,
        "time_zones": sorted(plant_zones()) if may_set else [],
        "stopping": stopping,
        "progress": plant_hours_progress(row),
        "now": now,
    }
    return render_page(request, "alerts/inventory/site.html", page, form=form)


@dataclass(frozen=True, slots=True)
class ShownZone:
    """A zone of the page, with the names of its sensors."""

    row: Zone
    sensors: Sequence[str]


def levels_of(detail: SiteDetail) -> list[tuple[str, list[ShownZone]]]:
    """Return the zones of a site by Purdue level in words, the highest level first, those of
    unknown level last.
    """

    def height(zone: Zone) -> float:
        return -1.0 if zone.purdue_level is None else zone.purdue_level

    sensors: dict[int | None, list[str]] = defaultdict(list)
    for sensor in detail.sensors:
        sensors[sensor.zone_id].append(sensor.name)
    levels: dict[str, list[ShownZone]] = defaultdict(list)
    for zone in sorted(detail.zones, key=height, reverse=True):  # by name within a level
        words = level_words(zone.purdue_level) or gettext("Level unknown")
        levels[words].append(ShownZone(zone, sensors[zone.pk]))
    return list(levels.items())


def missing_at(row: SiteRow, *, sees_devices: bool = False) -> list[dict[str, Any]]:
    """What is not known of a site yet, and why that matters."""
    missing, devices = [], reverse("devices:list")
    if row.site.time_zone == "UTC":
        sentence = gettext("No time zone is set: hours are shown and learned in UTC.")
        missing.append({"words": sentence, "href": "#set"})
    if not row.site.control_room_phone:
        missing.append({"words": gettext("No control room phone number is set."), "href": "#set"})
    if not row.numbers.ot_people:
        sentence = gettext("No OT contact is set up here, so questions cannot be asked.")
        missing.append({"words": sentence, "href": ""})
    if n := row.numbers.unknown:
        words = ngettext("%(n)s device of unknown kind.", "%(n)s devices of unknown kind.", n)
        href = f"{devices}?tab=unknown&site={row.site.uuid}" if sees_devices else ""
        missing.append({"words": words % {"n": number(n)}, "href": href})
    return missing


def _site(request: HttpRequest, uuid: UUID) -> Site:
    return get_object_or_404(sites_visible_to(actor_of(request)), uuid=uuid)
