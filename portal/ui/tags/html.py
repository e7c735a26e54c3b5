"""How the kit writes HTML: escaped, never inline style or script."""

from collections.abc import Iterable, Mapping

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

EMPTY = mark_safe("")


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
