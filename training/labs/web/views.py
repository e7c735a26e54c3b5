"""Captures: the list, one of the list, of a lesson or of an incident opened, and a file. Of an
incident's capture is shown what a worker has read; nothing is read here.
"""

from pathlib import PurePath
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from alerts.captures.models import Capture, CaptureAccess
from alerts.captures.queries import captures_visible_to
from alerts.captures.services import CannotOpenCapture, note_access
from alerts.incidents.page.incident import zone_of_page
from alerts.incidents.page.panel import incident_number_label
from portal import clock
from portal.accounts.sessions import actor_of
from portal.ui.moments import READER
from training.catalog.queries.lessons import capture_at
from training.labs.queries import (
    CaptureEntry,
    StoredReading,
    find_capture,
    list_captures,
    read_lesson_capture,
)
from training.labs.web.capture_page import CapturePage, CaptureSource, build_page
from training.pcap.messages import CaptureError


@require_safe
def captures(request: HttpRequest) -> HttpResponse:
    """List the captures of the lessons."""
    return render(request, "training/labs/captures.html", {"captures": list_captures()})


@require_safe
def capture_page(request: HttpRequest, name: str) -> HttpResponse:
    """Show a capture: operations, one frame in layers and bytes. The address is the state."""
    entry = _entry(name)
    try:
        page = build_page(entry, request.GET)
    except CaptureError as error:
        return _broken(request, entry.title, entry.path.name, error)
    return render(request, "training/labs/capture.html", {"page": page})


@require_safe
def lesson_capture(request: HttpRequest, module: str, name: str) -> HttpResponse:
    """Show a capture of a lesson: that of the list where it is the same file."""
    capture = capture_at(module, name)
    if capture is None:
        raise Http404("no capture of this name")
    entry = find_capture(PurePath(name).stem)
    if entry and entry.path.is_file() and entry.path.read_bytes() == bytes(capture.data):
        return HttpResponseRedirect(reverse("labs:capture", args=[entry.name]))
    source = CaptureSource(
        title=capture.name,
        file_name=capture.name,
        time_zone=READER,
        download=reverse("training:capture", args=[module, name]),
    )
    try:
        reading = read_lesson_capture(capture.pk, capture.sha256)
    except CaptureError as error:
        return _broken(request, capture.name, capture.name, error)
    page = CapturePage(source, reading, request.GET)
    return render(request, "training/labs/capture.html", {"page": page})


@require_safe
def capture_file(request: HttpRequest, name: str) -> FileResponse:
    """Hand out the file, for those who have a program of their own."""
    entry = _entry(name)
    return FileResponse(
        entry.path.open("rb"),
        as_attachment=True,
        filename=entry.path.name,
        content_type="application/vnd.tcpdump.pcap",
    )


def _broken(request: HttpRequest, title: str, file_name: str, error: CaptureError) -> HttpResponse:
    page = {"title": title, "file_name": file_name, "reason": str(error)}
    return render(request, "training/labs/broken_capture.html", page, status=500)


def _entry(name: str) -> CaptureEntry:
    entry = find_capture(name)
    if entry is None:
        raise Http404("no capture of this name")
    return entry


@require_safe
def incident_capture(request: HttpRequest, capture: UUID) -> HttpResponse:
    """Show a capture to who may open it; it is on record first, as is a look at the values."""
    user = actor_of(request)
    rows = captures_visible_to(user).select_related("by", "incident__workspace__organisation")
    row = get_object_or_404(rows, uuid=capture)
    head = {
        "capture": row,
        "number": incident_number_label(row.incident),
        "back": f"{reverse('incidents:incident', args=[row.incident_id])}?tab=pcap",
    }
    reasons: tuple[str, ...] = (row.why_unreadable,)
    status = 409
    if row.is_readable or not row.why_unreadable:
        shows_values = request.GET.get("values") == "shown"
        kind = CaptureAccess.Kind.VALUES if shows_values else CaptureAccess.Kind.OPENED
        try:
            note_access(capture=row, kind=kind, by=user, now=clock.now())
        except CannotOpenCapture as refusal:
            reasons, status = refusal.reasons, 403
        else:
            page = _page_of(row, request)
            return render(request, "training/labs/incident_capture.html", head | {"page": page})
    context = head | {"reasons": reasons, "is_unreadable": status == 409}
    return render(request, "training/labs/closed_capture.html", context, status=status)


def _page_of(capture: Capture, request: HttpRequest) -> CapturePage:
    source = CaptureSource(
        title=capture.name,
        file_name=capture.name,
        time_zone=zone_of_page(capture.incident),
        download=reverse("captures:download", args=[capture.uuid]),
    )
    return CapturePage(source, StoredReading(capture), request.GET)
