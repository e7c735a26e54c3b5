"""The list of devices, one of them, and what OT says of it. Filters and page stand in the
address.
"""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from alerts.incidents.page.device_list import ALL, GRAVEST, UNKNOWN, DeviceFilter, list_devices
from alerts.incidents.page.device_page import history_of_device
from alerts.incidents.page.devices import CRITICALITY_WORDS, level_words
from alerts.incidents.page.site_page import sites_visible_to
from alerts.incidents.queries import devices_visible_to
from alerts.incidents.web.device_forms import DeviceForm
from alerts.incidents.web.links import queue_of_device_address, rules_of_device_address
from alerts.sites.models import Criticality, Device, Zone
from alerts.sites.policies import leads, reasons_against_describing
from alerts.sites.services import CannotDescribeDevice, describe_device
from portal import clock
from portal.accounts.actor import actor_of
from portal.accounts.models import OT_ROLES, User
from portal.accounts.queries import roles_of
from portal.ui.forms_only import post_only
from portal.ui.htmx import render_page
from portal.ui.pieces import Choice, Point, Tab, with_query
from portal.ui.toasts import leave_toast
from portal.ui.words import number


@require_GET
def devices(request: HttpRequest) -> HttpResponse:
    """Devices by their names, as far as the person sees them."""
    user = actor_of(request)
    asked = _filter_of(request, user)
    found = list_devices(user, asked, after=_number(request.GET.get("after", "")))
    page = {
        "rows": [
            (row, criticality_words(row.criticality), [row.zone.site_id]) for row in found.rows
        ],
        "tab": asked.tab,
        "tabs": _tabs(request, asked, found.counts),
        "asked": asked,
        "filters": _filters(request, asked, found),
        "kept": [
            (name, value) for name, value in request.GET.items() if name not in ("q", "after")
        ],
        "more": with_query(request.GET, {"after": str(found.after)}) if found.after else "",
        "without_filters": with_query(request.GET, dict.fromkeys(_FILTERS)),
        "may_import": not roles_of(user).isdisjoint(OT_ROLES),
    }
    return render_page(request, "alerts/incidents/devices.html", page, part="rows")


_FILTERS = ("q", "site", "zone", "kind", "criticality")


def _filter_of(request: HttpRequest, user: User) -> DeviceFilter:
    given = request.GET
    tab = given.get("tab", ALL)
    site = zone = None
    if (uuid := _uuid(given.get("site", ""))) is not None:
        site = sites_visible_to(user).filter(uuid=uuid).first()
    if site is not None and (pk := _number(given.get("zone", ""))):
        zone = Zone.objects.filter(site=site, pk=pk).first()
    criticality = given.get("criticality", "")
    return DeviceFilter(
        tab=tab if tab in (UNKNOWN, GRAVEST) else ALL,
        text=" ".join(given.get("q", "").replace("\x00", "").split())[:120],
        site=site,
        zone=zone,
        kind=given.get("kind", "").replace("\x00", "")[:80],
        criticality=criticality if criticality in Criticality.values else "",
    )


def _tabs(request: HttpRequest, asked: DeviceFilter, counts: dict[str, int]) -> list[Tab]:
    labels = {
        ALL: gettext("All"),
        UNKNOWN: gettext("Kind unknown"),
        GRAVEST: gettext("Never silenced"),
    }
    return [
        Tab(label, with_query(request.GET, {"tab": tab}), counts[tab], current=tab == asked.tab)
        for tab, label in labels.items()
    ]


def _filters(request: HttpRequest, asked: DeviceFilter, found: Any) -> list[dict[str, Any]]:
    """Each filter with what is chosen, or what can be."""
    chosen = {
        "site": asked.site.name if asked.site else "",
        "zone": asked.zone.name if asked.zone else "",
        "kind": asked.kind,
        "criticality": criticality_words(asked.criticality) if asked.criticality else "",
    }
    labels = {
        "site": gettext("Site"),
        "zone": gettext("Zone"),
        "kind": gettext("Kind"),
        "criticality": gettext("Criticality"),
    }
    choices = {
        "site": [Choice(str(site.uuid), site.name) for site in found.sites],
        "zone": [Choice(str(zone.pk), zone.name) for zone in found.zones],
        "kind": [Choice(kind, kind) for kind in found.kinds],
        "criticality": [Choice(each, criticality_words(each)) for each in Criticality.values],
    }
    drops = {"site": {"site": None, "zone": None}}
    return [
        {
            "label": label,
            "chosen": chosen[name],
            "without": with_query(request.GET, drops.get(name, {name: None})),
            "choices": [
                (each.label, with_query(request.GET, {name: each.value})) for each in choices[name]
            ],
        }
        for name, label in labels.items()
    ]


@require_GET
def device(request: HttpRequest, device_id: int) -> HttpResponse:
    """What is known of one device."""
    return device_page(request, _device(request, device_id))


@post_only(otherwise=lambda device_id: reverse("devices:device", args=[device_id]))
def describe(request: HttpRequest, device_id: int) -> HttpResponse:
    """Take over what OT says of it."""
    row, form = _device(request, device_id), DeviceForm(request.POST)
    if not form.is_valid():
        return device_page(request, row, form=form)
    try:
        describe_device(
            device_id=row.pk,
            by=actor_of(request),
            now=clock.now(),
            unshifted=clock.unshifted(),
            **form.cleaned_data,
        )
    except CannotDescribeDevice as refusal:
        form.add_error(None, list(refusal.reasons))
        return device_page(request, row, form=form)
    answer = HttpResponseRedirect(reverse("devices:device", args=[device_id]))
    return leave_toast(request, answer, gettext("Saved: %(device)s") % {"device": row})


def device_page(
    request: HttpRequest, row: Device, *, form: DeviceForm | None = None
) -> HttpResponse:
    """The page of a device, with what was wrong with the form."""
    user, now = actor_of(request), clock.now()
    history = history_of_device(row, user=user, now=now)
    may_edit = not reasons_against_describing(user, row.zone.site)
    kinds = devices_visible_to(user).exclude(kind="").order_by("kind")
    page = {
        "device": row,
        "site": row.zone.site,
        "site_ids": [row.zone.site_id],
        "criticality": criticality_words(row.criticality) if row.criticality != "normal" else "",
        "facts": facts_of(row),
        "history": history,
        "bars": [Point(date_format(begins, "j M"), n) for begins, n in history.weeks],
        "types": [(name, number(n)) for name, n in history.types],
        "verdicts": history.verdicts,
        "form": (form or DeviceForm.of(row)) if may_edit else None,
        "kinds": list(kinds.values_list("kind", flat=True).distinct()[:60]) if may_edit else [],
        "may_lower": leads(user, row.zone.site),
        "rules": rules_of_device_address(row.pk),
        "queue": queue_of_device_address(row.name or row.address),
        "now": now,
    }
    return render_page(request, "alerts/incidents/device.html", page, form=form)


def facts_of(row: Device) -> list[tuple[str, str]]:
    """What is told of a device, name and value."""
    level = row.purdue_level if row.purdue_level is not None else row.zone.purdue_level
    yes_no = {True: gettext("yes"), False: gettext("no"), None: ""}
    return [
        (gettext("Kind"), row.kind or gettext("unknown")),
        (gettext("Role"), row.role),
        (gettext("Vendor and model"), " ".join(filter(None, (row.vendor, row.model)))),
        (gettext("Firmware"), row.firmware),
        (gettext("Address"), row.address),
        (gettext("Zone"), str(row.zone)),
        (gettext("Purdue level"), level_words(level)),
        (gettext("Programming device"), yes_no[row.is_programming]),
        (gettext("Scanner"), yes_no[row.is_scanner]),
        (gettext("Authorised"), yes_no[row.is_authorized]),
    ]


def criticality_words(criticality: str) -> str:
    """What people call a criticality."""
    value = Criticality(criticality)
    return str(CRITICALITY_WORDS.get(value, gettext("Normal")))


def _device(request: HttpRequest, device_id: int) -> Device:
    rows = devices_visible_to(actor_of(request)).select_related("zone__site")
    return get_object_or_404(rows, pk=device_id)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
