"""The door for commands of upper rooms, which may not hold a client of Sentinel themselves."""

from collections.abc import Collection
from datetime import datetime

from alerts.outbox.services.push import push_rules
from alerts.sentinel.client import client_for


def push_rules_now(*, workspace_ids: Collection[int], now: datetime, seconds: float) -> None:
    """Deliver the automation rules that are owed to these workspaces, gates first."""
    push_rules(workspace_ids=workspace_ids, connect=client_for, now=now, seconds=seconds)
