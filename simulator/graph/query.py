"""Query options of Graph's lists: what each takes, and how Graph refuses the rest."""

import re
from typing import Any
from urllib.parse import quote, urlencode

from simulator.clock import parse_time
from simulator.graph.call import GraphCall, bad_query
from simulator.store.portal import PortalQuery

_CLAUSE = re.compile(
    r"\s*(?P<name>[\w/]+)\s+(?P<operator>eq|ne|ge|gt|le|lt)\s+(?P<value>'(?:[^']|'')*'|[^\s']+)\s*",
    re.IGNORECASE,
)
_AND = re.compile(r"\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)", re.IGNORECASE)
_OPERATORS = {"eq": "=", "ne": "<>", "ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
_TIMES = {"createddatetime": "created", "lastupdatedatetime": "updated"}
_TEXTS = {
    "assignedto": "assigned_to",
    "classification": "classification",
    "determination": "determination",
    "severity": "severity",
    "status": "status",
}
_COLUMNS = {**_TIMES, **_TEXTS}
PAGE = 50  # usually, and at most


def read_filter(text: str) -> list[tuple[str, str, Any]]:
    """The conditions of a $filter as column, operator and value; refuses what Graph would."""
    conditions: list[tuple[str, str, Any]] = []
    for piece in _AND.split(text.strip()):
        clause = _CLAUSE.fullmatch(piece)
        if clause is None:
            raise bad_query(f"Syntax error at position 0 in '{piece}'.")
        name = clause["name"].lower()
        if name not in _COLUMNS:
            raise bad_query(f"Filtering on property '{clause['name']}' is not supported.")
        operator = clause["operator"].lower()
        value = _value(name, clause["value"])
        if name not in _TIMES and operator not in {"eq", "ne"}:
            raise bad_query(f"The operator '{operator}' is not supported on '{clause['name']}'.")
        conditions.append((_COLUMNS[name], _OPERATORS[operator], value))
    return conditions


def _value(name: str, text: str) -> Any:
    is_quoted = text.startswith("'")
    if name in _TIMES:
        if is_quoted:
            raise bad_query(
                "A binary operator with incompatible types was detected."
                " Found operand types 'Edm.DateTimeOffset' and 'Edm.String'."
            )
        try:
            return parse_time(text)
        except ValueError:
            raise bad_query(f"Unrecognized date '{text}'.") from None
    if text == "null":
        return None
    if not is_quoted:
        raise bad_query(f"Could not find a property named '{text}'.")
    return text[1:-1].replace("''", "'")


def read_query(call: GraphCall) -> PortalQuery:
    """Which rows a list call asks for; refuses what Graph would."""
    conditions = read_filter(call.query["$filter"]) if call.query.get("$filter") else []
    top = _number(call, "$top", PAGE)
    if top > PAGE:
        raise bad_query(
            f"The limit of '{PAGE}' for Top query has been exceeded."
            f" The value from the incoming request is '{top}'."
        )
    if top < 1:
        raise bad_query("The value of $top must be positive.")
    column, descending = _order(call)
    return PortalQuery(
        conditions=conditions,
        column=column,
        descending=descending,
        skip=_number(call, "$skip", 0),
        limit=top,
    )


def _number(call: GraphCall, name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        raise bad_query(f"Invalid value '{text}' for {name}.")
    return int(text)


def _order(call: GraphCall) -> tuple[str, bool]:
    """Column and direction; newest first where nothing is asked for, or asking does not help."""
    text = call.query.get("$orderby", "")
    way = call.azure.graph["orderby"]
    if not text or way == "ignored":
        return "created", True
    words = text.split()
    name = words[0].lower()
    direction = words[1].lower() if len(words) == 2 else "asc"
    if way == "refused" or name not in _TIMES or len(words) > 2 or direction not in {"asc", "desc"}:
        raise bad_query("The query option '$orderby' is not supported.")
    return _TIMES[name], direction == "desc"


def next_link(call: GraphCall, query: PortalQuery) -> str:
    """The address of the page after this one."""
    host = call.headers.get("host") or call.azure.endpoint.removeprefix("https://")
    others = {name: value for name, value in call.query.items() if name != "$skip"}
    options = {**others, "$skip": str(query.skip + query.limit)}
    return f"https://{host}{call.path}?{urlencode(options, quote_via=quote, safe='$')}"
