"""Old addresses that lead to new ones."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse


def redirect_to(name: str) -> Callable[..., HttpResponse]:
    """Return a view that redirects for good to the address of this name, with the same parts and
    query. A form that is sent keeps its method and its body (308), anything else is a 301.
    """

    def redirect(request: HttpRequest, **parts: Any) -> HttpResponse:
        address = reverse(name, kwargs=parts, query=request.GET)
        has_body = request.method not in ("GET", "HEAD")
        return HttpResponsePermanentRedirect(address, preserve_request=has_body)

    return redirect
