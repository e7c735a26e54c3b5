"""A capture of an incident in the viewer. What a worker has read is shown; nothing is read here."""

from datetime import tzinfo
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from alerts.captures.models import Capture, CaptureAccess
from alerts.captures.queries import captures_visible_to
from alerts.captures.services import CannotOpenCapture, note_access
from alerts.incidents.models import Incident
from alerts.incidents.page.incident import zone_of_page
from alerts.incidents.page.panel import number_of
from portal import clock
from portal.accounts.actor import actor_of
from training.labs.queries import StoredReading
from training.labs.web.capture_page import CapturePage, CaptureSource


@require_safe
def capture(request: HttpRequest, capture: UUID) -> HttpResponse:
    """Show a capture to who may open it; it is on record first, as is a look at the values."""
    user = actor_of(request)
    rows = captures_visible_to(user).select_related("by", "incident__workspace__organisation")
    found = get_object_or_404(rows, uuid=capture)
    head = {
        "capture": found,
        "number": number_of(found.incident),
        "back": f"{reverse('incidents:incident', args=[found.incident_id])}?tab=pcap",
    }
    reasons: tuple[str, ...] = (found.why_unreadable,)
    status = 409
    if found.is_readable or not found.why_unreadable:
        shows_values = request.GET.get("values") == "shown"
        kind = CaptureAccess.Kind.VALUES if shows_values else CaptureAccess.Kind.OPENED
        try:
            note_access(capture=found, kind=kind, by=user, now=clock.now())
        except CannotOpenCapture as refusal:
            reasons, status = refusal.reasons, 403
        else:
            page = _page_of(found, request)
            return render(request, "training/labs/incident_capture.html", head | {"page": page})
    refused = head | {"reasons": reasons, "is_unreadable": status == 409}
    return render(request, "training/labs/closed_capture.html", refused, status=status)


def _page_of(capture: Capture, request: HttpRequest) -> CapturePage:
    source = CaptureSource(
        title=capture.name,
        file_name=capture.name,
        time_zone=_zone_of(capture.incident),
        download=reverse("captures:download", args=[capture.uuid]),
    )
    return CapturePage(source, StoredReading(capture), request.GET)


def _zone_of(incident: Incident) -> tzinfo:
    return zone_of_page(incident)
