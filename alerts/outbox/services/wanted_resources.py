"""What a row of desired state is in Sentinel: an automation rule, our watchlist, a row of it."""

from datetime import datetime

from alerts.outbox import registry
from alerts.outbox.engine.labels import ROUTINE_LIST
from alerts.outbox.models import OF_WATCHLIST, RuleKind, WantedRule
from alerts.outbox.services.set_desired import name_of_rule
from alerts.sentinel.client.port import SentinelClient, SentinelNotFound
from alerts.sentinel.wire.automation import WireRule, read_automation_rule
from alerts.sentinel.wire.watchlists import SUCCEEDED, read_watchlist, read_watchlist_item


class ResourceNotReady(Exception):
    """Azure goes on making or deleting the watchlist."""


def is_automation_rule(row: WantedRule) -> bool:
    """Whether the row counts towards the automation rules of its workspace."""
    return row.kind not in OF_WATCHLIST


def reason_against(row: WantedRule, *, now: datetime) -> str:
    """Return why nothing is sent for the row; "" if something may be. A name that is not made of
    what the row is about could be that of somebody else's rule, which would be written over or
    deleted. What it should hold, the check of its kind compares with what was decided.
    """
    ours = name_of_rule(about=row.about, workspace=row.workspace.uuid)
    if row.kind != RuleKind.PAIR and row.name != ours:
        return "Its name is not one that Tagout gives, so nothing was sent."
    return registry.reason_not_to_place(row, now=now)


def read_resource(row: WantedRule, *, client: SentinelClient) -> WireRule | None:
    """Return what Sentinel has under the row's name, or None. Raises StillBeingMade."""
    try:
        if is_automation_rule(row):
            return read_automation_rule(client.get_automation_rule(str(row.name)))
        if row.kind == RuleKind.WATCHLIST:
            return read_list(client, name=str(row.name))
        return read_watchlist_item(client.get_watchlist_item(ROUTINE_LIST, str(row.name)))
    except SentinelNotFound as error:
        if error.is_of_the_workspace:
            raise
        return None


def read_list(client: SentinelClient, *, name: str) -> WireRule | None:
    """Return the watchlist itself under our name for it; None where making it has failed."""
    found = read_watchlist(client.get_watchlist(ROUTINE_LIST))
    if found.is_moving:
        raise ResourceNotReady("Azure is still making or deleting the watchlist.")
    return WireRule(name, found.etag, found.properties) if found.state == SUCCEEDED else None


def put_resource(row: WantedRule, *, client: SentinelClient, etag: str) -> None:
    """Write what is wanted there, over the version with this etag."""
    assert row.wanted is not None
    if is_automation_rule(row):
        client.put_automation_rule(str(row.name), row.wanted, etag=etag)
    elif row.kind == RuleKind.WATCHLIST:
        client.put_watchlist(ROUTINE_LIST, row.wanted, etag=etag)
    else:
        client.put_watchlist_item(ROUTINE_LIST, str(row.name), row.wanted, etag=etag)


def delete_resource(row: WantedRule, *, client: SentinelClient, etag: str) -> None:
    """Take away what is there. The watchlist itself stays: rules of others ask for it."""
    if is_automation_rule(row):
        client.delete_automation_rule(str(row.name), etag=etag)
    elif row.kind != RuleKind.WATCHLIST:
        client.delete_watchlist_item(ROUTINE_LIST, str(row.name), etag=etag)
