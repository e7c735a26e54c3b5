"""Captures: the list, one of them opened, one of a lesson opened, and a file."""

from pathlib import PurePath

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.ui.zones import READER
from training.catalog.queries import capture_at
from training.labs.queries import (
    CaptureEntry,
    find_capture,
    list_captures,
    read_lesson_capture,
)
from training.labs.web.capture_page import CapturePage, CaptureSource, build_page
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
        return _broken(request, entry.title, entry.path.name, error)
    return render(request, "training/labs/capture.html", {"page": page})


@require_safe
def lesson_capture(request: HttpRequest, module: str, name: str) -> HttpResponse:
    """Show a capture of a lesson: that of the list where it is the same file, with its story."""
    found = capture_at(module, name)
    if found is None:
        raise Http404("no capture of this name")
    listed = find_capture(PurePath(name).stem)
    if listed and listed.path.is_file() and listed.path.read_bytes() == bytes(found.data):
        return HttpResponseRedirect(reverse("labs:capture", args=[listed.name]))
    source = CaptureSource(
        title=found.name,
        file_name=found.name,
        time_zone=READER,
        download=reverse("training:capture", args=[module, name]),
    )
    try:
        reading = read_lesson_capture(found.pk, found.sha256)
    except CaptureError as error:
        return _broken(request, found.name, found.name, error)
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
