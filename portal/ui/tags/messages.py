"""Toasts that wait for the next page."""

import json
from typing import Any

from django.contrib.messages import get_messages
from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from portal.ui.tags.html import EMPTY, attributes, joined
from portal.ui.toasts import Toast

register = Library()


@register.simple_tag(takes_context=True)
def toast(context: dict[str, Any], text: str, *, undo: str = "", seconds: int = 10) -> SafeString:
    """One toast; without scripts its Undo is a plain form."""
    marks = attributes({"class": "toast", "data_seconds": seconds, "data_undo": undo or None})
    form = EMPTY
    if undo:
        form = format_html(
            '<form action="{}" method="post">'
            '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><button>{}</button></form>',
            undo,
            context.get("csrf_token", ""),
            gettext("Undo"),
        )
    return format_html("<div{}><span>{}</span>{}</div>", marks, text, form)


@register.simple_tag(takes_context=True)
def message_toasts(context: dict[str, Any]) -> SafeString:
    """What the page before left to say."""
    request = context.get("request")
    if request is None or not hasattr(request, "_messages"):
        return EMPTY
    waiting = [_read(str(message), message.extra_tags) for message in get_messages(request)]
    return joined(toast(context, t.text, undo=t.undo, seconds=t.seconds) for t in waiting)


def _read(text: str, tags: str | None) -> Toast:
    try:
        return Toast(**json.loads(tags or ""))
    except (ValueError, TypeError):
        return Toast(text)
