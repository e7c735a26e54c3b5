"""Addresses that take a form and show nothing of their own."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

type View = Callable[..., HttpResponse]
type AddressOf = Callable[..., str]


def post_only(*, otherwise: AddressOf) -> Callable[[View], View]:
    """Return a decorator for views that act on POST. Whoever opens the address in another way
    (typed it, reloaded a refused form, came back to it after sign-in) is led to `otherwise(…)`: the
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
