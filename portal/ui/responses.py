"""Answers of views: a page or the part of it that htmx asked for, a toast with Undo, and addresses
that take forms only.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods

type View = Callable[..., HttpResponse]
type AddressOf = Callable[..., str]


def post_only(*, otherwise: AddressOf) -> Callable[[View], View]:
    """Return a decorator for views that act on POST. Any other way to open the address
    (typing it, reloading a refused form, coming back after sign-in) leads to `otherwise(…)`: the
    page with the form, made from the parts of the address. Nothing is looked up before: that page
    decides who may see it.
    """

    def decorate(view: View) -> View:
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def take_form(request: HttpRequest, **parts: Any) -> HttpResponse:
            if request.method == "POST":
                return view(request, **parts)
            return HttpResponseRedirect(otherwise(**parts))

        return take_form

    return decorate


COUNTS_CHANGED = "counts-changed"  # badges of the frame are fetched anew on this event


def is_part_request(request: HttpRequest) -> bool:
    """Return whether htmx asks for a part; after a lost history entry it needs the whole page."""
    htmx = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.history_restore_request


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    part: str = "",
    form: BaseForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, or its partial `part` for htmx; 422 when the form was refused. A part is newer than
    the frame around it, so the browser is made to fetch the frame's numbers, too.
    """
    if form is not None and form.is_bound and form.errors:
        status = 422
    is_part = bool(part) and is_part_request(request)
    name = f"{template}#{part}" if is_part else template
    response = vary(render(request, name, context, status=status))
    if is_part:
        response["HX-Trigger"] = json.dumps({COUNTS_CHANGED: {}})
    return response


def vary[Response: HttpResponse](response: Response) -> Response:
    """Keep caches from mixing up the page and its part."""
    patch_vary_headers(response, ["HX-Request"])
    return response


def nothing_new() -> HttpResponse:
    """The answer to a live poll when nothing changed: 204 swaps nothing."""
    return vary(HttpResponse(status=204))


@dataclass(frozen=True, slots=True)
class Toast:
    """What was done, to what; `undo` is an address that takes it back when posted to."""

    text: str
    undo: str = ""
    seconds: int = 10


def leave_toast(
    request: HttpRequest, response: HttpResponse, text: str, *, undo: str = ""
) -> HttpResponse:
    """Show a toast: with this answer when htmx asked, else (also where htmx is sent on) on the page
    that comes next.
    """
    if is_part_request(request) and "HX-Redirect" not in response:
        return trigger(response, "toast", asdict(Toast(text, undo)))
    messages.info(request, text, extra_tags=json.dumps(asdict(Toast(text, undo))))
    return response


def trigger(response: HttpResponse, event: str, detail: dict[str, object]) -> HttpResponse:
    """Let the browser fire an event once this answer is in place."""
    events = json.loads(response.get("HX-Trigger", "{}"))
    response["HX-Trigger"] = json.dumps(events | {event: detail})
    return response
