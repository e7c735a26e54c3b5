"""What the twin in memory knows of watchlists."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from alerts.sentinel.client.errors import SentinelConflict, SentinelNotFound
from tests.memory_sentinel.calls import MemoryCalls

if TYPE_CHECKING:
    from alerts.sentinel.client.port import Receipt


@dataclass
class MemoryWatchlists(MemoryCalls):
    """Watchlists by alias, and items by alias and name. `moving_reads`: how often a new list is
    read before it is there.
    """

    watchlists: dict[str, dict[str, Any]] = field(default_factory=dict)
    watchlist_items: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    moving_reads: int = 0

    def edit_item(self, alias: str, name: str, **row: Any) -> None:
        """Write an item as a person would: new etag."""
        items = self.watchlist_items.setdefault(alias, {})
        before = items.get(name, {}).get("properties", {}).get("itemsKeyValue", {})
        items[name] = {
            "name": name,
            "etag": self._etag(),
            "properties": {"itemsKeyValue": {**before, **row}},
        }

    def get_watchlist(self, alias: str) -> bytes:
        """One watchlist; a new one is still being made for some reads."""
        self._called("get_watchlist", alias)
        found = self._watchlist(alias)
        shown = copy.deepcopy(found)
        if found.get("reads", 0) < self.moving_reads:
            found["reads"] = found.get("reads", 0) + 1
            shown["properties"]["provisioningState"] = "InProgress"
        return orjson.dumps(shown)

    def put_watchlist(self, alias: str, properties: dict[str, Any], *, etag: str = "") -> Receipt:
        """Write a watchlist."""
        from alerts.sentinel.client.port import Receipt

        self._called("put_watchlist", alias, {"properties": properties, "etag": etag})
        found: dict[str, Any] = {
            "name": alias,
            "etag": self._etag(),
            "properties": {**properties, "provisioningState": "Succeeded"},
        }
        self.watchlists[alias] = found
        self.watchlist_items.setdefault(alias, {})
        return Receipt(alias, found["etag"], orjson.dumps(found))

    def list_watchlist_items(self, alias: str, *, next_link: str | None = None) -> bytes:
        """All items of a watchlist, in one page."""
        self._called("list_watchlist_items", alias)
        self._watchlist(alias)
        return orjson.dumps({"value": list(self.watchlist_items[alias].values())})

    def get_watchlist_item(self, alias: str, name: str) -> bytes:
        """One item as it is now."""
        self._called("get_watchlist_item", name)
        found = self.watchlist_items.get(alias, {}).get(name)
        if found is None:
            raise SentinelNotFound("There is no such item.", status=404, code="NotFound")
        return orjson.dumps(found)

    def put_watchlist_item(
        self, alias: str, name: str, row: dict[str, Any], *, etag: str = ""
    ) -> Receipt:
        """Write a whole row if the etag is still the one it has."""
        from alerts.sentinel.client.port import Receipt

        self._called("put_watchlist_item", name, {"row": row, "etag": etag})
        self._watchlist(alias)
        stored = self.watchlist_items[alias].pop(name, None)
        if etag and (stored is None or stored["etag"] != etag):
            raise SentinelConflict("Somebody changed it meanwhile.", status=409, code="Conflict")
        self.edit_item(alias, name, **copy.deepcopy(row))
        written = self.watchlist_items[alias][name]
        return Receipt(name, written["etag"], orjson.dumps(written))

    def delete_watchlist_item(self, alias: str, name: str, *, etag: str = "") -> None:
        """Take an item away; none there is as good."""
        self._called("delete_watchlist_item", name, {"etag": etag})
        self.watchlist_items.get(alias, {}).pop(name, None)

    def _watchlist(self, alias: str) -> dict[str, Any]:
        found = self.watchlists.get(alias)
        if found is None:
            raise SentinelNotFound("There is no such watchlist.", status=404, code="NotFound")
        return found
