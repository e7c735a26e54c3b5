"""The query of an incident list: $filter, $orderby, $top and $skipToken."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from simulator.incident_words import STATUSES
from simulator.store.incidents import Slice
from simulator.words import bad_request, parse_time

DEFAULT_PAGE, MAX_PAGE_SIZE = 50, 1000
_CLAUSE = re.compile(
    r"\s*properties/(?P<name>\w+)\s+(?P<operator>eq|ne|ge|gt|le|lt)\s+(?P<value>'[^']*'|[^\s']+)\s*",
    re.IGNORECASE,
)
_OPERATORS = {"eq": "=", "ne": "<>", "ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
_SORTED_BY = {
    "createdTimeUtc": "created",
    "lastModifiedTimeUtc": "modified",
    "incidentNumber": "number",
    "severity": "severity",
    "status": "status",
    "title": "title",
    "owner/assignedTo": "owner",
}


def _status(value: str) -> str:
    named = value.strip("'")
    if named not in STATUSES:
        raise ValueError(named)
    return named


_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "lastmodifiedtimeutc": ("modified", parse_time),
    "createdtimeutc": ("created", parse_time),
    "status": ("status", _status),
}


def read_filter(text: str) -> list[tuple[str, str, Any]]:
    """The conditions of a $filter as column, operator and value; refuses what Azure would."""
    found = []
    for piece in re.split(r"\s+and\s+", text.strip(), flags=re.IGNORECASE):
        clause = _CLAUSE.fullmatch(piece)
        reader = _READERS.get(clause["name"].lower()) if clause else None
        if clause is None or reader is None:
            raise bad_request("Invalid filter clause")
        operator = clause["operator"].lower()
        if reader[0] == "status" and operator not in {"eq", "ne"}:
            raise bad_request("Invalid filter clause")
        try:
            found.append((reader[0], _OPERATORS[operator], reader[1](clause["value"])))
        except ValueError:
            raise bad_request("Invalid filter clause") from None
    return found


def read_slice(query: dict[str, str]) -> Slice:
    """Which incidents a list call asks for."""
    order = query.get("$orderby", "properties/createdTimeUtc desc").split()
    name = order[0].removeprefix("properties/") if order else ""
    way = order[1].lower() if len(order) == 2 else "asc"
    if name not in _SORTED_BY or way not in {"asc", "desc"} or len(order) > 2:
        raise bad_request("Invalid orderby clause")
    top = query.get("$top", str(DEFAULT_PAGE))
    if not top.isascii() or not top.isdigit() or not 1 <= int(top) <= MAX_PAGE_SIZE:
        raise bad_request(f"$top must be a number from 1 to {MAX_PAGE_SIZE}.")
    return Slice(
        conditions=read_filter(query["$filter"]) if query.get("$filter") else [],
        column=_SORTED_BY[name],
        descending=way == "desc",
        after=_read_token(query.get("$skiptoken", "")),
        limit=int(top),
    )


def _read_token(token: str) -> tuple[Any, str] | None:
    if not token:
        return None
    try:
        key, name = orjson.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError):
        raise bad_request("Invalid skip token") from None
    return key, str(name)


def next_link(address: str, query: dict[str, str], *, key: Any, name: str) -> str:
    """The address of the page after the row with this key and name."""
    token = base64.urlsafe_b64encode(orjson.dumps([key, name])).decode()
    kept = {word: value for word, value in query.items() if word != "$skiptoken"}
    return f"{address}?{urlencode({**kept, '$skipToken': token}, quote_via=quote, safe='$')}"
