"""The list of devices, one of them, what OT says of it, and the import of a file of them."""

from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, pgettext
from django.views.decorators.http import require_GET, require_http_methods

from alerts.incidents.page.devices import level_name, level_words
from alerts.incidents.queries import devices_visible_to
from alerts.inventory.queries import (
    ALL,
    GRAVEST,
    UNKNOWN,
    DeviceFilter,
    history_of_device,
    list_devices,
    sites_visible_to,
)
from alerts.inventory.web.forms import DeviceForm
from alerts.inventory.web.links import queue_of_device_address, rules_of_device_address
from alerts.sites.models import Criticality, Device, DeviceFile, Zone
from alerts.sites.policies import can_lead, reasons_against_describing
from alerts.sites.services.describe import CannotDescribeDevice, describe_device
from alerts.sites.services.device_file import CannotKeepFile, discard_device_file, keep_device_file
from alerts.sites.services.import_devices import (
    CannotImportDevices,
    DeviceChange,
    DeviceImport,
    import_devices,
)
from portal import clock
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.rights import OT_ROLES
from portal.accounts.sessions import actor_of
from portal.ui.pieces import ChartPoint, Choice, Tab, with_query
from portal.ui.responses import leave_toast, post_only, render_page
from portal.ui.words import number


@require_GET
def devices(request: HttpRequest) -> HttpResponse:
    """Devices by their names, as far as the person sees them."""
    user = actor_of(request)
    device_filter = _filter_of(request, user)
    found = list_devices(user, device_filter, after=_number(request.GET.get("after", "")))
    page = {
        "rows": [
            (row, criticality_words(row.criticality), [row.zone.site_id]) for row in found.rows
        ],
        "tab": device_filter.tab,
        "tabs": _tabs(request, device_filter, found.counts),
        "device_filter": device_filter,
        "filters": _filters(request, device_filter, found),
        "kept": [
            (name, value) for name, value in request.GET.items() if name not in ("q", "after")
        ],
        "more": with_query(request.GET, {"after": str(found.after)}) if found.after else "",
        "without_filters": with_query(request.GET, dict.fromkeys(_FILTERS)),
        "may_import": not roles_of(user).isdisjoint(OT_ROLES),
    }
    return render_page(request, "alerts/inventory/devices.html", page, part="rows")


_FILTERS = ("q", "site", "zone", "kind", "criticality")


def _filter_of(request: HttpRequest, user: User) -> DeviceFilter:
    query = request.GET
    tab = query.get("tab", ALL)
    site = zone = None
    if (uuid := _uuid(query.get("site", ""))) is not None:
        site = sites_visible_to(user).filter(uuid=uuid).first()
    if site is not None and (pk := _number(query.get("zone", ""))):
        zone = Zone.objects.filter(site=site, pk=pk).first()
    criticality = query.get("criticality", "")
    return DeviceFilter(
        tab=tab if tab in (UNKNOWN, GRAVEST) else ALL,
        text=" ".join(query.get("q", "").replace("\x00", "").split())[:120],
        site=site,
        zone=zone,
        kind=query.get("kind", "").replace("\x00", "")[:80],
        criticality=criticality if criticality in Criticality.values else "",
    )


def _tabs(request: HttpRequest, device_filter: DeviceFilter, counts: dict[str, int]) -> list[Tab]:
    labels = {
        ALL: gettext("All"),
        UNKNOWN: gettext("Kind unknown"),
        GRAVEST: gettext("Never silenced"),
    }
    return [
        Tab(
            label,
            with_query(request.GET, {"tab": tab}),
            counts[tab],
            current=tab == device_filter.tab,
        )
        for tab, label in labels.items()
    ]


def _filters(request: HttpRequest, device_filter: DeviceFilter, found: Any) -> list[dict[str, Any]]:
    """Each filter with what is chosen, or what can be."""
    chosen = {
        "site": device_filter.site.name if device_filter.site else "",
        "zone": device_filter.zone.name if device_filter.zone else "",
        "kind": device_filter.kind,
        "criticality": criticality_words(device_filter.criticality)
        if device_filter.criticality
        else "",
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
        "criticality": [Choice(choice, criticality_words(choice)) for choice in Criticality.values],
    }
    drops = {"site": {"site": None, "zone": None}}
    return [
        {
            "label": label,
            "chosen": chosen[name],
            "without": with_query(request.GET, drops.get(name, {name: None})),
            "choices": [
                (choice.label, with_query(request.GET, {name: choice.value}))
                for choice in choices[name]
            ],
        }
        for name, label in labels.items()
    ]


@require_GET
def device_page_view(request: HttpRequest, device_id: int) -> HttpResponse:
    """What is known of one device."""
    return device_page(request, _device(request, device_id))


@post_only(otherwise=lambda device_id: reverse("devices:device", args=[device_id]))
def describe_device_view(request: HttpRequest, device_id: int) -> HttpResponse:
    """Store OT's description of it."""
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
        "facts": device_facts(row),
        "history": history,
        "bars": [ChartPoint(date_format(begins, "j M"), n) for begins, n in history.weeks],
        "types": [(name, number(n)) for name, n in history.types],
        "verdicts": history.verdicts,
        "form": (form or DeviceForm.of(row)) if may_edit else None,
        "kinds": list(kinds.values_list("kind", flat=True).distinct()[:60]) if may_edit else [],
        "may_lower": can_lead(user, row.zone.site),
        "rules": rules_of_device_address(row.pk),
        "queue": queue_of_device_address(row.name or row.address),
        "now": now,
    }
    return render_page(request, "alerts/inventory/device.html", page, form=form)


def device_facts(row: Device) -> list[tuple[str, str]]:
    """What is stored of a device, name and value."""
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
    return str(Criticality(criticality).label)


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


MAX_SHOWN = 100
_READ = ["GET", "HEAD", "POST"]


@require_http_methods(_READ)
def upload_device_file(request: HttpRequest) -> HttpResponse:
    """Take a file, and lead on to what it would change."""
    user = actor_of(request)
    page: dict[str, Any] = {"may_import": not roles_of(user).isdisjoint(OT_ROLES)}
    if request.method == "POST":
        file = request.FILES.get("file")
        data = file.read() if isinstance(file, UploadedFile) else b""
        name = file.name or "" if isinstance(file, UploadedFile) else ""
        try:
            kept = keep_device_file(data=data, name=name, by=user, now=clock.now())
            return HttpResponseRedirect(reverse("devices:preview", args=[kept.uuid]))
        except CannotKeepFile as refusal:
            page["problems"] = refusal.reasons
    status = 422 if "problems" in page else 200
    return render_page(request, "alerts/inventory/device_import.html", page, status=status)


@require_http_methods(_READ)
def preview_device_file(request: HttpRequest, file: UUID) -> HttpResponse:
    """What the file would change, or all that is wrong with it; POST takes it over."""
    user, now = actor_of(request), clock.now()
    kept = get_object_or_404(DeviceFile, uuid=file, by=user)
    is_final = request.method == "POST"
    page: dict[str, Any] = {"file": kept, "may_import": True, "now": now}
    try:
        done = import_devices(
            data=bytes(kept.data),
            source=kept.name,
            by=user,
            now=now,
            unshifted=clock.unshifted(),
            is_dry_run=not is_final,
        )
    except CannotImportDevices as refusal:
        page |= {"faults": refusal.faults[:MAX_SHOWN], "n_faults": len(refusal.faults)}
        return render_page(request, "alerts/inventory/device_import.html", page, status=422)
    if is_final:
        discard_device_file(file_id=kept.pk, by=user)
        n = len(done.changes)
        words = ngettext("%(n)s device described", "%(n)s devices described", n)
        answer = HttpResponseRedirect(reverse("devices:list"))
        return leave_toast(request, answer, words % {"n": number(n)})
    return render_page(
        request, "alerts/inventory/device_import.html", page | _shown(done), status=200
    )


def _shown(done: DeviceImport) -> dict[str, Any]:
    """What the preview shows: the new, the changed, and how many stay as they are."""
    return {
        "plan": done,
        "new": [_words_of(change) for change in done.new[:MAX_SHOWN]],
        "changed": [_words_of(change) for change in done.changed[:MAX_SHOWN]],
        "n_new": len(done.new),
        "n_changed": len(done.changed),
        "n_critical": len(done.critical),
        "most": MAX_SHOWN,
    }


def _words_of(change: DeviceChange) -> dict[str, Any]:
    names = {
        "name": gettext("Name"),
        "kind": gettext("Kind"),
        "role": gettext("Role"),
        "vendor": pgettext("of a device", "Vendor"),
        "model": gettext("Model"),
        "firmware": gettext("Firmware"),
        "purdue_level": gettext("Purdue level"),
        "criticality": gettext("Criticality"),
        "is_authorized": gettext("Authorised"),
        "is_programming": gettext("Programming device"),
        "is_scanner": gettext("Scanner"),
    }
    return {
        "line": change.line,
        "device": change.device,
        "place": str(change.device.zone),
        "columns": [
            (names[name], _value(name, old) if not change.is_new else "", _value(name, new))
            for name, (old, new) in change.columns.items()
        ],
    }


def _value(name: str, value: Any) -> str:
    if value is None or value == "":
        return "–"
    if name == "criticality":
        return criticality_words(value)
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return level_name(value) if isinstance(value, float) else str(value)
