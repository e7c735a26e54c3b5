"""Watchlists of a workspace and their items by the one pipeline of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from alerts.sentinel.client.azure_calls import AzureCalls
from alerts.sentinel.wire.watchlists import watchlist_item_body

if TYPE_CHECKING:
    from alerts.sentinel.client.port import Receipt

_LISTS, _ITEMS = "watchlists", "watchlistItems"


class Watchlists(AzureCalls, Protocol):
    """The part of a client for watchlists. Items are named by GUIDs of ours, so that the
    same one written twice is there once.
    """

    def get_watchlist(self, alias: str) -> bytes:
        """Return one watchlist without its items; its state may lag behind."""
        return self._call("GET", self._url(_LISTS, alias))

    def put_watchlist(self, alias: str, properties: dict[str, Any], *, etag: str = "") -> Receipt:
        """Write a watchlist; without an etag it is meant to be new. Azure goes on making it."""
        body = {"properties": properties} | ({"etag": etag} if etag else {})
        return self._put(alias, self._url(_LISTS, alias), body)

    def list_watchlist_items(self, alias: str, *, next_link: str | None = None) -> bytes:
        """One page of the items of a watchlist."""
        url = self._followed(next_link) if next_link else self._url(_LISTS, alias, _ITEMS)
        return self._call("GET", url)

    def get_watchlist_item(self, alias: str, name: str) -> bytes:
        """One item as it is now."""
        return self._call("GET", self._url(_LISTS, alias, _ITEMS, name))

    def put_watchlist_item(
        self, alias: str, name: str, row: dict[str, Any], *, etag: str = ""
    ) -> Receipt:
        """Write a whole row under an id of ours; without an etag it is meant to be new."""
        url = self._url(_LISTS, alias, _ITEMS, name)
        return self._put(name, url, watchlist_item_body(row, etag=etag))

    def delete_watchlist_item(self, alias: str, name: str, *, etag: str = "") -> None:
        """Take an item away, if it is still the one that was read. None there is as good."""
        self._delete(self._url(_LISTS, alias, _ITEMS, name), etag=etag)
