"""`deliver [NAME]`: one foreground run of the outbox; needs neither broker nor workers."""

from collections import Counter
from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.outbox.models import ChangeOutcome, Landing
from alerts.outbox.queries import count_waiting_changes, count_waiting_rules
from alerts.outbox.services.deliver import deliver_one
from alerts.outbox.services.deliver_rules import deliver_one_rule
from alerts.sentinel.client import client_for
from alerts.sentinel.models import Workspace
from portal import clock
from portal.backup.queries import PAUSED, is_paused_after_restore
from portal.command import TagoutCommand


class Command(TagoutCommand):
    """Send what is due, now."""

    help = "Send what is owed to Sentinel and due; print sent, conflicted, failed, waiting."

    def add_arguments(self, parser: CommandParser) -> None:
        """All workspaces, or one by its name."""
        parser.add_argument("name", nargs="?", help="only this workspace")

    def run(self, **options: Any) -> dict[str, Any]:
        """Deliver until nothing is due any more."""
        if is_paused_after_restore():
            raise CommandError(PAUSED)
        workspace_id = _workspace_named(options["name"]) if options["name"] else None
        changes: Counter[str] = Counter()
        while delivered := deliver_one(
            now=clock.now(), connect=client_for, workspace_id=workspace_id
        ):
            changes[delivered.outcome] += 1
        rules: Counter[str] = Counter()
        while placed := deliver_one_rule(
            now=clock.now(), connect=client_for, workspace_id=workspace_id
        ):
            rules[placed.outcome] += 1
        return {
            "sent": changes[ChangeOutcome.SENT],
            "conflicted": changes[ChangeOutcome.CONFLICTED],
            "failed": changes[ChangeOutcome.REFUSED],
            "dropped": changes[ChangeOutcome.DROPPED],
            "waiting": count_waiting_changes(workspace_id),
            "rules": {
                "landed": rules[Landing.LANDED],
                "refused": rules[Landing.REFUSED],
                "held": rules[Landing.CHANGED_BY_HAND],
                "waiting": count_waiting_rules(workspace_id),
            },
        }


def _workspace_named(name: str) -> int:
    workspace = Workspace.objects.filter(name=name).first()
    if workspace is None:
        raise CommandError(f"There is no workspace named {name}.")
    return workspace.pk
