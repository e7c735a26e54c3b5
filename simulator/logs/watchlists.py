"""`_GetWatchlist("alias")` in a question: the items of a watchlist as a table.

As on the service, its columns are those that the items have, so `column_ifexists` matters. DuckDB's
reading of KQL has neither word; both are put in its words before it sees the text. It takes
`column_ifexists` for columns of watchlists only.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.azure import Azure
from simulator.logs.tables import fill_table
from simulator.watchlist_items import rows_of_watchlist

Json = dict[str, Any]
_CALL = re.compile(r"""\b_GetWatchlist\(\s*(?P<quote>["'])(?P<alias>[^"']+)(?P=quote)\s*\)""")
_IF_EXISTS = re.compile(
    r"""\bcolumn_ifexists\(\s*(["'])(?P<name>\w+)\1\s*,\s*(?P<other>"[^"]*"|'[^']*'|[\w()]+)\s*\)"""
)
_FIXED = ("_DTItemId", "LastUpdatedTimeUTC", "SearchKey")


def with_watchlists(connection: Any, azure: Azure, workspace_key: str, text: str) -> str:
    """Have DuckDB show the watchlists that a question asks for; returns it in DuckDB's words."""
    columns = {
        alias: show(connection, alias, rows_of_watchlist(azure, workspace_key, alias))
        for alias in aliases_in(text)
    }
    return rewritten(text, columns)


def aliases_in(text: str) -> list[str]:
    """Return the aliases of the watchlists that a question asks for."""
    return list(dict.fromkeys(found["alias"] for found in _CALL.finditer(text)))


def columns_of(items: Sequence[Json]) -> list[str]:
    """Return the columns of a watchlist: the fixed ones, then those that some item has."""
    return list(dict.fromkeys((*_FIXED, *(name for item in items for name in item))))


def rewritten(text: str, columns: Mapping[str, Sequence[str]]) -> str:
    """Return the question with tables in place of watchlists, whose columns are given by alias."""
    listed = {name for names in columns.values() for name in names}

    def column(found: re.Match[str]) -> str:
        return f"['{found['name']}']" if found["name"] in listed else found["other"]

    if columns:
        text = _IF_EXISTS.sub(column, text)
    return _CALL.sub(lambda found: f"['{table_of(found['alias'])}']", text)


def table_of(alias: str) -> str:
    """Return the name of a watchlist's table."""
    return f"watchlist {alias}"


def show(connection: Any, alias: str, items: Sequence[Json]) -> list[str]:
    """Have DuckDB show the items as a table; returns its columns."""
    names = columns_of(items)
    fill_table(connection, table_of(alias), dict.fromkeys(names, "VARCHAR"), items)
    return names
