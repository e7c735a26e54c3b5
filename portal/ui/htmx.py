"""One address, two answers: the page, or the part of it that htmx asked for."""

import json
from collections.abc import Mapping
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

COUNTS_CHANGED = "counts-changed"  # badges of the frame are fetched anew on this event


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part; after a lost history entry it wants the whole page."""
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
    the frame around it, so the browser is told to fetch the frame's numbers, too.
    """
    if form is not None and form.is_bound and form.errors:
        status = 422
    is_part = bool(part) and wants_part(request)
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
