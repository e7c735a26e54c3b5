"""Watchlists: Microsoft's published examples are read, what we send is what its models build, and
the client speaks to the pretend Azure.
"""

import json

import pytest
from azure.mgmt.securityinsight.models import (
    Watchlist,
    WatchlistItem,
    WatchlistItemProperties,
    WatchlistProperties,
)

from alerts.rules.watchlist import ALIAS, LIST, gate_row
from alerts.sentinel.client.azure import AzureSentinelClient
from alerts.sentinel.client.port import SentinelConflict, SentinelNotFound
from alerts.sentinel.wire.watchlists import (
    read_watchlist,
    read_watchlist_item,
    read_watchlist_items,
    watchlist_item_body,
)
from simulator.arm.watchlists import MAKING
from simulator.clock import TICKS_PER_SECOND
from simulator.running import running_simulator
from tests.conftest import NOON
from tests.contract.examples import ARE_HERE, NOT_HERE, REFERENCE
from tests.factories.azure import connection_to, secret_of

pytestmark = pytest.mark.contract
GUID = "33333333-0000-4000-8000-000000000003"


@pytest.mark.skipif(not ARE_HERE, reason=NOT_HERE)
def test_the_published_examples_are_read():
    folder = REFERENCE / "sentinel-examples"
    answers = json.loads((folder / "CreateWatchlist.json").read_text())["responses"]
    made = read_watchlist(json.dumps(answers["201"]["body"]).encode())
    assert (made.alias, made.is_moving) == ("highValueAsset", False)
    assert made.properties["itemsSearchKey"] == "header1"
    answers = json.loads((folder / "GetWatchlistItems.json").read_text())["responses"]
    items, link = read_watchlist_items(json.dumps(answers["200"]["body"]).encode())
    assert (items[0].properties["Header-1"], link) == ("v1_1", None)


def test_what_is_sent_is_what_the_models_of_the_sdk_build():
    built = Watchlist(
        properties=WatchlistProperties(
            display_name=LIST["displayName"],
            provider=LIST["provider"],
            source=LIST["source"],
            source_type=LIST["sourceType"],
            description=LIST["description"],
            items_search_key=LIST["itemsSearchKey"],
        )
    )
    assert built.as_dict() == {"properties": LIST}
    row = gate_row(until=NOON)
    item = WatchlistItem(properties=WatchlistItemProperties(items_key_value=row), etag='"1"')
    assert item.as_dict() == watchlist_item_body(row, etag='"1"')


def test_the_client_writes_reads_and_takes_away():
    with running_simulator(now=NOON) as running, secret_of(running):
        client = AzureSentinelClient(connection_to(running))
        with pytest.raises(SentinelNotFound) as away:
            client.get_watchlist(ALIAS)
        assert not away.value.is_of_the_workspace
        client.put_watchlist(ALIAS, LIST)
        assert read_watchlist(client.get_watchlist(ALIAS)).is_moving
        with pytest.raises(SentinelConflict):
            client.put_watchlist_item(ALIAS, GUID, gate_row(until=None))
        running.control.advance(MAKING / TICKS_PER_SECOND + 1)
        stored = read_watchlist(client.get_watchlist(ALIAS))
        assert (stored.is_moving, stored.properties) == (False, LIST)
        receipt = client.put_watchlist_item(ALIAS, GUID, gate_row(until=NOON))
        item = read_watchlist_item(client.get_watchlist_item(ALIAS, GUID))
        assert (item.name, item.etag, item.properties) == (GUID, receipt.etag, gate_row(until=NOON))
        with pytest.raises(SentinelConflict):
            client.put_watchlist_item(ALIAS, GUID, gate_row(until=None), etag='"old"')
        (listed,), link = read_watchlist_items(client.list_watchlist_items(ALIAS))
        assert (listed, link) == (item, None)
        client.delete_watchlist_item(ALIAS, GUID, etag=item.etag)
        client.delete_watchlist_item(ALIAS, GUID)
        with pytest.raises(SentinelNotFound):
            client.get_watchlist_item(ALIAS, GUID)
        client.close()
