"""One address, two answers: the page, or the part of it that htmx asked for."""

from collections.abc import Mapping
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


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
    """The page, or its partial `part` for htmx; 422 when the form was refused."""
    if form is not None and form.is_bound and form.errors:
        status = 422
    name = f"{template}#{part}" if part and wants_part(request) else template
    return vary(render(request, name, context, status=status))


def vary[Response: HttpResponse](response: Response) -> Response:
    """Keep caches from mixing up the page and its part."""
    patch_vary_headers(response, ["HX-Request"])
    return response


def nothing_new() -> HttpResponse:
    """The answer to a live poll when nothing changed: 204 swaps nothing."""
    return vary(HttpResponse(status=204))
