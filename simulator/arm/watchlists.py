"""Watchlists and their items, as `Microsoft.SecurityInsights/watchlists` publishes them.

Making a list goes on after the answer (`provisioningState`, `Azure-AsyncOperation`). Items are
named by GUIDs of whoever writes them, have a row of at most 10 KB with the list's search key, and a
workspace takes 100,000 changes of items a month.
"""

import re
from datetime import UTC
from typing import Any
from uuid import UUID

import orjson

from simulator.arm.call import Call, Route, security_route
from simulator.clock import TICKS_PER_SECOND, iso, to_moment
from simulator.replies import ArmRefusal, Reply, bad_request, not_found
from simulator.store.resources import Resource
from simulator.watchlist_items import ITEMS, LISTS, stored_items

Json = dict[str, Any]
MAKING = 20 * TICKS_PER_SECOND
MAX_ROW_BYTES, MAX_CHANGES, PAGE = 10 * 1024, 100_000, 100
_ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,62}[A-Za-z0-9]")
_MEMBERS = frozenset(
    {
        *("watchlistId", "displayName", "provider", "source", "sourceType", "created", "updated"),
        *("createdBy", "updatedBy", "description", "watchlistType", "watchlistAlias", "isDeleted"),
        *("labels", "defaultDuration", "tenantId", "numberOfLinesToSkip", "rawContent"),
        *("itemsSearchKey", "contentType", "uploadStatus", "provisioningState"),
    }
)
_ITEM_MEMBERS = frozenset(
    {
        *("watchlistItemType", "watchlistItemId", "tenantId", "isDeleted", "created", "updated"),
        *("createdBy", "updatedBy", "itemsKeyValue", "entityMapping"),
    }
)


def _state(call: Call, stored: Resource) -> str:
    """What becomes of a list while time passes."""
    return "InProgress" if call.now < stored.body.get("made", 0) + MAKING else "Succeeded"


def _stored(call: Call, alias: str) -> Resource | None:
    return call.azure.store.resources.get(call.workspace.key, LISTS, alias)


def _list_body(call: Call, stored: Resource) -> Json:
    return {
        "id": f"{call.workspace.security_path}/{LISTS}/{stored.name}",
        "name": stored.name,
        "etag": stored.etag,
        "type": "Microsoft.SecurityInsights/Watchlists",
        "properties": {**stored.body["properties"], "provisioningState": _state(call, stored)},
    }


def _get_list(call: Call) -> Reply:
    stored = _stored(call, call.args["item"])
    if stored is None:
        raise not_found("Watchlist")
    return Reply(body=_list_body(call, stored))


def _put_list(call: Call) -> Reply:
    alias, body = call.args["item"], call.json()
    properties = body.get("properties")
    if not isinstance(properties, dict):
        raise bad_request("A watchlist needs properties.")
    _only(properties, _MEMBERS)
    for member in ("displayName", "provider", "itemsSearchKey"):
        if not properties.get(member):
            raise bad_request(f"Required property '{member}' not found in JSON.")
    if properties.get("sourceType", "Local") not in ("Local", "AzureStorage"):
        raise bad_request(f"'{properties['sourceType']}' is no source type of a watchlist.")
    if not _ALIAS.fullmatch(alias):
        raise bad_request("A watchlist's alias has 3 to 64 letters, digits, dashes or underscores.")
    former = _stored(call, alias)
    call.require_match(former, body)
    stamp = iso(call.azure.stamp(call.now))
    earlier = former.body["properties"] if former else {}
    kept = {
        **{name: value for name, value in properties.items() if name != "provisioningState"},
        "watchlistAlias": alias,
        "watchlistType": "watchlist",
        "isDeleted": False,
        "created": earlier.get("created", stamp),
        "createdBy": earlier.get("createdBy", call.author),
        "updated": stamp,
        "updatedBy": call.author,
        "tenantId": call.workspace.tenant_id,
    }
    made = former.body.get("made", 0) if former else call.now
    etag = call.azure.store.next_etag(call.now)
    stored = Resource(former.name if former else alias, etag, {"properties": kept, "made": made})
    call.azure.store.resources.put(call.workspace.key, LISTS, stored)
    reply = call.written(
        _list_body(call, stored), former=former, etag=etag, effect="watchlist written"
    )
    reply.headers["Azure-AsyncOperation"] = f"{call.azure.endpoint}{call.path}/operation"
    return reply


def _standing(call: Call) -> Resource:
    """The list of an item, once it can be written."""
    stored = _stored(call, call.args["alias"])
    if stored is None:
        raise not_found("Watchlist")
    if (state := _state(call, stored)) != "Succeeded":
        raise ArmRefusal(409, "Conflict", f"The watchlist '{stored.name}' is {state}.")
    return stored


def _item_body(call: Call, item: Resource) -> Json:
    path = f"{call.workspace.security_path}/Watchlists/{item.name.replace('/', '/WatchlistItems/')}"
    return {
        "id": path,
        "name": item.name.rpartition("/")[2],
        "etag": item.etag,
        "type": "Microsoft.SecurityInsights/Watchlists/WatchlistItems",
        "properties": item.body["properties"],
    }


def _all_items(call: Call) -> Reply:
    stored = _stored(call, call.args["alias"])
    if stored is None:
        raise not_found("Watchlist")
    items = stored_items(call.azure, call.workspace.key, stored.name)
    token = call.query.get("$skiptoken", "0")
    if not token.isdigit():
        raise bad_request("The skip token is none.")
    start = int(token)
    body: Json = {"value": [_item_body(call, item) for item in items[start : start + PAGE]]}
    if start + PAGE < len(items):
        version = call.query["api-version"]
        link = f"{call.azure.endpoint}{call.path}?api-version={version}&$skipToken={start + PAGE}"
        body["nextLink"] = link
    return Reply(body=body)


def _item(call: Call) -> Resource | None:
    name = f"{call.args['alias']}/{call.args['item']}"
    return call.azure.store.resources.get(call.workspace.key, ITEMS, name)


def _get_item(call: Call) -> Reply:
    item = _item(call) if _stored(call, call.args["alias"]) else None
    if item is None:
        raise not_found("Watchlist item")
    return Reply(body=_item_body(call, item))


def _put_item(call: Call) -> Reply:
    stored, body = _standing(call), call.json()
    try:
        name = str(UUID(call.args["item"]))
    except ValueError:
        raise bad_request("A watchlist item is named by a GUID.") from None
    properties = body.get("properties")
    row = properties.get("itemsKeyValue") if isinstance(properties, dict) else None
    if not isinstance(properties, dict) or not isinstance(row, dict) or not row:
        raise bad_request("Required property 'itemsKeyValue' not found in JSON.")
    _only(properties, _ITEM_MEMBERS)
    if stored.body["properties"]["itemsSearchKey"] not in row:
        raise bad_request("The row lacks the search key of its watchlist.")
    if len(orjson.dumps(row)) > MAX_ROW_BYTES:
        raise bad_request("A row of a watchlist has at most 10 KB.")
    former = _item(call)
    call.require_match(former, body)
    _count_change(call)
    stamp = iso(call.azure.stamp(call.now))
    earlier = former.body["properties"] if former else {}
    kept = {
        "watchlistItemType": "watchlist-item",
        "watchlistItemId": name,
        "tenantId": call.workspace.tenant_id,
        "isDeleted": False,
        "created": earlier.get("created", stamp),
        "createdBy": earlier.get("createdBy", call.author),
        "updated": stamp,
        "updatedBy": call.author,
        "itemsKeyValue": row,
        "entityMapping": properties.get("entityMapping") or {},
    }
    etag = call.azure.store.next_etag(call.now)
    item = Resource(f"{stored.name}/{name}", etag, {"properties": kept})
    call.azure.store.resources.put(call.workspace.key, ITEMS, item)
    return call.written(
        _item_body(call, item), former=former, etag=etag, effect="watchlist item written"
    )


def _delete_item(call: Call) -> Reply:
    _standing(call)
    item = _item(call)
    if item is None:
        return Reply(204, effect="nothing to delete")
    call.require_match(item)
    _count_change(call)
    call.azure.store.resources.remove(call.workspace.key, ITEMS, item.name)
    return Reply(200, effect="watchlist item deleted", before=item.etag)


def _count_change(call: Call) -> None:
    """A workspace takes so many changes in a calendar month."""
    month = f"{to_moment(call.now).astimezone(UTC):%Y-%m}"
    fact = f"watchlist changes:{call.workspace.key}"
    counted = call.azure.store.fact(fact, {})
    changes = counted.get(month, 0)
    if changes >= MAX_CHANGES:
        raise bad_request("The workspace has reached its limit of changes to watchlist items.")
    call.azure.store.keep(fact, {month: changes + 1})


def _only(properties: Json, members: frozenset[str]) -> None:
    if unknown := sorted(set(properties) - members):
        raise bad_request(f"Could not find member '{unknown[0]}' on object of type 'Properties'.")


_ITEM = "/watchlists/{alias}/watchlistItems"
ROUTES: list[Route] = [
    security_route("GET", "/watchlists/{item}", "watchlists/read", _get_list),
    security_route("PUT", "/watchlists/{item}", "watchlists/write", _put_list),
    security_route("GET", _ITEM, "watchlists/read", _all_items),
    security_route("GET", _ITEM + "/{item}", "watchlists/read", _get_item),
    security_route("PUT", _ITEM + "/{item}", "watchlists/write", _put_item),
    security_route("DELETE", _ITEM + "/{item}", "watchlists/delete", _delete_item),
]
