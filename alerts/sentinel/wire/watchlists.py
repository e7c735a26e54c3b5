"""Watchlists and their items on the wire (`…/watchlists/{alias}/watchlistItems/{id}`)."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from alerts.sentinel.wire.automation import WireRule
from alerts.sentinel.wire.records import NotAPage, Unfit

# `provisioningState` of a watchlist that is there, and of one that is being made or taken away.
SUCCEEDED: Final = "Succeeded"
MOVING: Final = frozenset({"New", "InProgress", "Uploading", "Deleting"})
_WRITTEN = ("displayName", "provider", "source", "sourceType", "description", "itemsSearchKey")


@dataclass(frozen=True, slots=True)
class WireWatchlist:
    """One watchlist without its items. `properties` are those that a PUT writes."""

    alias: str
    etag: str
    state: str
    properties: dict[str, Any]

    @property
    def is_moving(self) -> bool:
        """Whether it is still being made or taken away."""
        return self.state in MOVING


def read_watchlist(body: bytes) -> WireWatchlist:
    """Read one watchlist; raises Unfit when the answer is none."""
    name, etag, properties = _resource_of(_loaded(body))
    written = {member: properties[member] for member in _WRITTEN if properties.get(member)}
    state = properties.get("provisioningState") or SUCCEEDED
    return WireWatchlist(name, etag, str(state), written)


def read_watchlist_item(body: bytes) -> WireRule:
    """Read one item; its properties are the texts of its row. Raises Unfit when it is none."""
    return _item_of(_loaded(body))


def read_watchlist_items(body: bytes) -> tuple[list[WireRule], str | None]:
    """Read one page of items, and where the next is. Raises NotAPage when it is none."""
    try:
        whole = _loaded(body)
        items = [_item_of(item) for item in whole["value"]]
        link = whole.get("nextLink")
    except (KeyError, TypeError, AttributeError, Unfit) as error:
        raise NotAPage(f"no list of watchlist items: {error}") from None
    return items, link if isinstance(link, str) and link else None


def watchlist_item_body(row: dict[str, Any], *, etag: str = "") -> dict[str, Any]:
    """Return an item as Sentinel takes it, with the etag that was read where it is there."""
    return {"properties": {"itemsKeyValue": row}} | ({"etag": etag} if etag else {})


def _loaded(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Unfit("no JSON") from None


def _item_of(whole: Any) -> WireRule:
    name, etag, properties = _resource_of(whole)
    row = properties.get("itemsKeyValue")
    if not isinstance(row, dict):
        raise Unfit("a watchlist item without a row")
    return WireRule(name.lower(), etag, row)


def _resource_of(whole: Any) -> tuple[str, str, dict[str, Any]]:
    name = whole.get("name") if isinstance(whole, dict) else None
    properties = whole.get("properties") if isinstance(whole, dict) else None
    if not isinstance(name, str) or not isinstance(properties, dict):
        raise Unfit("a watchlist, or an item of one, without name or properties")
    etag = whole.get("etag")
    return name, etag if isinstance(etag, str) else "", properties
