"""Import devices from a file: upload, look at what would change, take it over."""

from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext, ngettext, pgettext
from django.views.decorators.http import require_http_methods

from alerts.incidents.page.devices import level_name
from alerts.incidents.web.devices import criticality_words
from alerts.sites.models import DeviceFile
from alerts.sites.services import (
    CannotImportDevices,
    CannotKeepFile,
    DeviceChange,
    DeviceImport,
    discard_device_file,
    import_devices,
    keep_device_file,
)
from portal import clock
from portal.accounts.actor import actor_of
from portal.accounts.models import OT_ROLES
from portal.accounts.queries import roles_of
from portal.ui.htmx import render_page
from portal.ui.toasts import leave_toast
from portal.ui.words import number

MAX_SHOWN = 100
_READ = ["GET", "HEAD", "POST"]


@require_http_methods(_READ)
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file, and lead on to what it would change."""
    user = actor_of(request)
    page: dict[str, Any] = {"may_import": not roles_of(user).isdisjoint(OT_ROLES)}
    if request.method == "POST":
        given = request.FILES.get("file")
        data = given.read() if isinstance(given, UploadedFile) else b""
        name = given.name or "" if isinstance(given, UploadedFile) else ""
        try:
            kept = keep_device_file(data=data, name=name, by=user, now=clock.now())
            return HttpResponseRedirect(reverse("devices:preview", args=[kept.uuid]))
        except CannotKeepFile as refusal:
            page["problems"] = refusal.reasons
    status = 422 if "problems" in page else 200
    return render_page(request, "alerts/incidents/device_import.html", page, status=status)


@require_http_methods(_READ)
def preview(request: HttpRequest, file: UUID) -> HttpResponse:
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
        return render_page(request, "alerts/incidents/device_import.html", page, status=422)
    if is_final:
        discard_device_file(file_id=kept.pk, by=user)
        n = len(done.changes)
        words = ngettext("%(n)s device described", "%(n)s devices described", n)
        answer = HttpResponseRedirect(reverse("devices:list"))
        return leave_toast(request, answer, words % {"n": number(n)})
    return render_page(
        request, "alerts/incidents/device_import.html", page | _shown(done), status=200
    )


def _shown(done: DeviceImport) -> dict[str, Any]:
    """What the preview tells: the new, the changed, and how many stay as they are."""
    return {
        "plan": done,
        "new": [_words_of(each) for each in done.new[:MAX_SHOWN]],
        "changed": [_words_of(each) for each in done.changed[:MAX_SHOWN]],
        "n_new": len(done.new),
        "n_changed": len(done.changed),
        "n_grave": len(done.grave),
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
