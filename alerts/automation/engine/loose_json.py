"""Reading JSON of which nothing is certain: what is of another type counts as empty."""

import json
from collections.abc import Collection
from typing import Any, Final

type Json = dict[str, Any]

MAX_TEXT: Final = 500  # characters that are kept of a text, or of JSON as text


def members_beyond(bag: Json, names: Collection[str]) -> Json:
    """Return the members with a value that have none of these names."""
    return {name: value for name, value in bag.items() if value is not None and name not in names}


def bag_of(value: Any) -> Json:
    """Return the object, or an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """Return the list, or an empty one."""
    return value if isinstance(value, list) else []


def loose_text(value: Any) -> str:
    """Return the text without the blanks around it, or an empty one; a long one is cut visibly."""
    return _cut(value.strip()) if isinstance(value, str) else ""


def json_of(value: Any) -> str:
    """Return it as JSON; what is long is cut visibly."""
    return _cut(json.dumps(value, ensure_ascii=False, default=str))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
