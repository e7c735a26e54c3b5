"""Attach a capture to an incident, take its file away, remove it."""

from typing import BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from alerts.captures.models import Capture, CaptureAccess
from alerts.captures.policies import reasons_against_attaching, reasons_against_removing_capture
from alerts.captures.queries import bytes_of, captures_visible_to
from alerts.captures.services import (
    CannotAttachCapture,
    CannotOpenCapture,
    CannotRemoveCapture,
    attach_capture,
    note_access,
    remove_capture,
)
from alerts.incidents.models import Incident
from alerts.incidents.page.panel import incident_number_label
from alerts.incidents.queries import incidents_visible_to
from portal import clock
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, render_page

_FORM = ["GET", "HEAD", "POST"]


@require_http_methods(_FORM)
def attach(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Take a file into quarantine; if refused, show the reason beside the form."""
    user = actor_of(request)
    rows = incidents_visible_to(user).select_related("workspace__organisation")
    incident = get_object_or_404(rows, pk=incident_id)
    reasons = tuple(reasons_against_attaching(incident, by=user))
    page = {
        "incident": incident,
        "number": incident_number_label(incident),
        "back": _tab_of(incident),
        "may_attach": not reasons,
        "problems": reasons,
        "max_mb": settings.CAPTURE_MAX_MB,
    }
    status = 403 if reasons else 200
    if request.method == "POST" and not reasons:
        try:
            capture = _attach(request, incident)
        except CannotAttachCapture as refusal:
            page["problems"], status = refusal.reasons, 422
        else:
            words = gettext("%(name)s is attached and will be read in a moment")
            answer = HttpResponseRedirect(_tab_of(incident))
            return leave_toast(request, answer, words % {"name": capture.name})
    return render_page(request, "alerts/captures/attach.html", page, status=status)


def _attach(request: HttpRequest, incident: Incident) -> Capture:
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        raise CannotAttachCapture(gettext("Choose a file."))
    return attach_capture(
        incident_id=incident.pk,
        file=cast(BinaryIO, file),
        name=file.name or "",
        note=request.POST.get("note", ""),
        by=actor_of(request),
        now=clock.now(),
        unshifted=clock.unshifted(),
    )


@require_GET
def download(request: HttpRequest, capture: UUID) -> HttpResponse | StreamingHttpResponse:
    """Hand out the file as it came, for a program of the person's own; it is on record first."""
    row = _capture(request, capture)
    kind = CaptureAccess.Kind.DOWNLOADED
    try:
        note_access(capture=row, kind=kind, by=actor_of(request), now=clock.now())
    except CannotOpenCapture as refusal:
        return _refused(request, row, refusal.reasons)
    return StreamingHttpResponse(
        bytes_of(row),
        content_type="application/vnd.tcpdump.pcap",
        headers={
            "Content-Disposition": content_disposition_header(True, _file_name(row)) or "",
            "Content-Length": str(row.size),
        },
    )


@require_http_methods(_FORM)
def remove_capture_view(request: HttpRequest, capture: UUID) -> HttpResponse:
    """Ask for a reason, then remove the bytes for good."""
    row, user = _capture(request, capture), actor_of(request)
    if reasons := reasons_against_removing_capture(row, by=user):
        return _refused(request, row, tuple(reasons))
    page = {
        "capture": row,
        "number": incident_number_label(row.incident),
        "back": _tab_of(row.incident),
    }
    if request.method == "POST":
        try:
            remove_capture(
                capture_id=row.pk, reason=request.POST.get("reason", ""), by=user, now=clock.now()
            )
        except CannotRemoveCapture as refusal:
            page["problems"] = refusal.reasons
            return render_page(request, "alerts/captures/remove.html", page, status=422)
        words = gettext("%(name)s is removed")
        answer = HttpResponseRedirect(_tab_of(row.incident))
        return leave_toast(request, answer, words % {"name": row.name})
    return render_page(request, "alerts/captures/remove.html", page)


def _capture(request: HttpRequest, capture: UUID) -> Capture:
    rows = captures_visible_to(actor_of(request))
    return get_object_or_404(
        rows.select_related("by", "incident__workspace__organisation"), uuid=capture
    )


def _refused(request: HttpRequest, capture: Capture, reasons: tuple[str, ...]) -> HttpResponse:
    page = {
        "capture": capture,
        "number": incident_number_label(capture.incident),
        "back": _tab_of(capture.incident),
        "problems": reasons,
    }
    return render_page(request, "alerts/captures/refused.html", page, status=403)


def _tab_of(incident: Incident) -> str:
    return f"{reverse('incidents:incident', args=[incident.pk])}?tab=pcap"


def _file_name(capture: Capture) -> str:
    """The name of the file with the ending of what it is, whatever ending it came with."""
    stem = capture.name.rpartition(".")[0] or capture.name
    return f"{stem}.{capture.format}"
