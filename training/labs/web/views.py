"""Captures: the list, one of them opened, and its file."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from training.labs.queries import CaptureEntry, find_capture, list_captures
from training.labs.web.capture_page import build_page
from training.pcap import CaptureError


@require_safe
def captures(request: HttpRequest) -> HttpResponse:
    """List the captures of the lessons."""
    return render(request, "training/labs/captures.html", {"captures": list_captures()})


@require_safe
def capture(request: HttpRequest, name: str) -> HttpResponse:
    """Show a capture: operations, one frame in layers and bytes. The address is the state."""
    entry = _entry(name)
    try:
        page = build_page(entry, request.GET)
    except CaptureError as error:
        broken = {"entry": entry, "reason": str(error)}
        return render(request, "training/labs/broken_capture.html", broken, status=500)
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


def _entry(name: str) -> CaptureEntry:
    entry = find_capture(name)
    if entry is None:
        raise Http404("no capture of this name")
    return entry
