"""The items of a workspace's watchlists, as the API keeps them and the log tables show them."""

from typing import Any, Final

from simulator.azure import Azure
from simulator.store.resources import Resource

Json = dict[str, Any]
LISTS: Final = "watchlists"
ITEMS: Final = "watchlistItems"


def stored_items(azure: Azure, workspace_key: str, alias: str) -> list[Resource]:
    """Return the items of a watchlist by name."""
    start = f"{alias}/".lower()
    resources = azure.store.resources.all(workspace_key, ITEMS)
    return [item for item in resources if item.name.lower().startswith(start)]


def rows_of_watchlist(azure: Azure, workspace_key: str, alias: str) -> list[Json]:
    """Return the rows of a watchlist as `_GetWatchlist` shows them; none of one that is away."""
    stored = azure.store.resources.get(workspace_key, LISTS, alias)
    if stored is None:
        return []
    search_key = stored.body["properties"].get("itemsSearchKey", "")
    rows = []
    for item in stored_items(azure, workspace_key, stored.name):
        properties = item.body["properties"]
        texts = {name: str(value) for name, value in properties["itemsKeyValue"].items()}
        rows.append(
            {
                "_DTItemId": item.name.rpartition("/")[2],
                "LastUpdatedTimeUTC": properties["updated"],
                "SearchKey": texts.get(search_key, ""),
                **texts,
            }
        )
    return rows
