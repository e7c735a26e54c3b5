"""Parts of a page that stand at an address of their own, for browsers without scripts."""

from copy import copy
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template import Library
from django.urls import resolve
from django.utils.safestring import SafeString, mark_safe
from django_htmx.middleware import HtmxDetails

from portal.ui.tags.html import EMPTY

register = Library()


@register.simple_tag(takes_context=True)
def part(context: dict[str, Any], address: str) -> SafeString:
    """What htmx would fetch from this address, made in the same request. Nothing where the person
    may not see it.

    Rooms meet by address, so the page knows nothing of what it shows there.
    """
    request: HttpRequest = context["request"]
    goal = urlsplit(address)
    match = resolve(goal.path)
    inner = copy(request)
    inner.__dict__.pop("headers", None)  # read from META once
    inner.META = {**request.META, "HTTP_HX_REQUEST": "true", "QUERY_STRING": goal.query}
    inner.method, inner.path, inner.path_info = "GET", goal.path, goal.path
    inner.GET, inner.POST = QueryDict(goal.query), QueryDict()
    inner.resolver_match = match
    inner.htmx = HtmxDetails(inner)  # type: ignore[attr-defined]  # as its middleware does
    answer: HttpResponse = match.func(inner, *match.args, **match.kwargs)
    return mark_safe(answer.content.decode()) if answer.status_code == 200 else EMPTY
