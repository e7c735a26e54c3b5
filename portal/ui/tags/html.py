"""The kit's raw HTML: attributes, parts that another view made, and parts that are drawn once. With
the primitives in `basics` this is the only place that marks text as safe.
"""

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template import Context, Library, Node, NodeList, TemplateSyntaxError
from django.template.base import Parser, Token
from django.template.loader import render_to_string
from django.template.loader_tags import BlockNode
from django.urls import resolve
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django_htmx.middleware import HtmxDetails

from portal.ui.words import for_scripts

EMPTY = mark_safe("")


def draw(piece: str, **values: object) -> SafeString:
    """A piece of the kit from its template in `templates/components/kit/`, escaped there."""
    return mark_safe(render_to_string(f"components/kit/{piece}", values).strip())


def attributes(pairs: Mapping[str, object]) -> SafeString:
    """Attributes from keyword arguments: `hx_post="/x/"` becomes ` hx-post="/x/"`.

    True gives a bare attribute; False, None and an empty class give none.
    """
    return format_html_join("", "{}", ((_attribute(k, v),) for k, v in pairs.items()))


def _attribute(name: str, value: object) -> SafeString:
    name = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return EMPTY
    if value is True:
        return format_html(" {}", name)
    return format_html(' {}="{}"', name, value)


def classes(*names: str) -> str:
    """Class names in one string, the empty ones left out."""
    return " ".join(name for name in names if name)


def joined(parts: Iterable[object], between: str = "") -> SafeString:
    """Several pieces one after the other."""
    return format_html_join(between, "{}", ((part,) for part in parts))


register = Library()


@register.simple_tag(takes_context=True)
def part(context: dict[str, Any], address: str) -> SafeString:
    """What htmx would fetch from this address, made in the same request. Nothing where the person
    may not see it.

    Rooms meet by address, so the page does not depend on what it shows there.
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


class OnceNode(Node):
    """Keeps what its content gave, by language, for as long as the process lives."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self._drawn: dict[str | None, SafeString] = {}

    def render(self, context: Context) -> SafeString:
        """The kept text. Its content sees no variable of the page, so nothing of one person can
        reach the next.
        """
        language = get_language()
        text = self._drawn.get(language)
        if text is None:
            text = self._drawn[language] = self.nodelist.render(context.new({}))
        return text


@register.tag
def once(parser: Parser, token: Token) -> OnceNode:
    """`{% once %}…{% endonce %}`: fixed words, icons and addresses. Variables are empty inside."""
    nodelist = parser.parse(("endonce",))
    parser.delete_first_token()
    if nodelist.get_nodes_by_type(BlockNode):
        raise TemplateSyntaxError("A page could not fill a block that stands inside of once.")
    return OnceNode(nodelist)


@register.simple_tag
def script_words() -> SafeString:
    """The texts of scripts, in the page's language."""
    return json_script(for_scripts(), "ui-words")
