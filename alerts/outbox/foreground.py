"""The door for commands of upper rooms, which may not hold a client of Sentinel themselves."""

from collections.abc import Collection
from datetime import datetime

from alerts.outbox.services.deliver_rules import push_rules
from alerts.sentinel.client import client_for
from alerts.sentinel.client.port import SentinelError
from alerts.sentinel.models import ClientPurpose, Workspace
from alerts.sentinel.wire.automation import WireRule, read_automation_rules
from alerts.sentinel.wire.records import NotAPage
from portal.errors import Refused

MAX_PAGES = 20


class RulesUnreadable(Refused):
    """The automation rules of a workspace could not be listed; the reason is Azure's own."""


def push_rules_now(*, workspace_ids: Collection[int], now: datetime, seconds: float) -> None:
    """Deliver the automation rules that are owed to these workspaces, gates first."""
    push_rules(workspace_ids=workspace_ids, connect=client_for, now=now, seconds=seconds)


def automation_rules_of(workspace: Workspace) -> list[WireRule]:
    """Return every automation rule of a workspace. Raises RulesUnreadable."""
    found: list[WireRule] = []
    link = None
    try:
        client = client_for(workspace, ClientPurpose.RULES.value)
        for _ in range(MAX_PAGES):
            rules, link = read_automation_rules(client.list_automation_rules(next_link=link))
            found += rules
            if not link:
                return found
    except SentinelError as error:
        raise RulesUnreadable(error.message) from error
    except NotAPage as error:
        raise RulesUnreadable(f"Azure's answer could not be read: {error}.") from error
    raise RulesUnreadable(f"It lists more than {MAX_PAGES} pages of automation rules.")
