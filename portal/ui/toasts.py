"""Toasts: one sentence about what was just done, with Undo while it can still be taken back."""

import json
from dataclasses import asdict, dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from portal.ui.htmx import wants_part


@dataclass(frozen=True, slots=True)
class Toast:
    """What was done, to what; `undo` is an address that takes it back when posted to."""

    text: str
    undo: str = ""
    seconds: int = 10


def leave_toast(
    request: HttpRequest,
    response: HttpResponse,
    text: str,
    *,
    undo: str = "",
    seconds: int = 10,
) -> HttpResponse:
    """Show a toast: with this answer when htmx asked, else (also where htmx is sent on) on the page
    that comes next.
    """
    if wants_part(request) and "HX-Redirect" not in response:
        return trigger(response, "toast", asdict(Toast(text, undo, seconds)))
    messages.info(request, text, extra_tags=json.dumps(asdict(Toast(text, undo, seconds))))
    return response


def trigger(response: HttpResponse, event: str, detail: dict[str, object]) -> HttpResponse:
    """Let the browser fire an event once this answer is in place."""
    events = json.loads(response.get("HX-Trigger", "{}"))
    response["HX-Trigger"] = json.dumps(events | {event: detail})
    return response
