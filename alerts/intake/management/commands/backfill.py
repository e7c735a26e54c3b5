"""`backfill NAME [--since TIME] [--background] [--pause] [--status]`: the past of a workspace from
Log Analytics, with all alerts, those that never became incidents included.
"""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.intake.models import LogBackfill
from alerts.intake.services.backfill_requests import (
    CannotBackfill,
    pause_log_backfill,
    start_log_backfill,
)
from alerts.intake.services.log_foreground import backfill_in_foreground, progress_line
from alerts.sentinel.client.log_analytics import logs_client_for
from alerts.sentinel.models import Workspace
from portal import clock
from portal.command import TagoutCommand
from portal.formats.moments import read_moment

BY = "command line"


class Command(TagoutCommand):
    """Read older alerts of a workspace, or go on where that was paused, failed or killed."""

    help = "Read a workspace's past from Log Analytics; run again, it goes on. Needs no broker."

    def add_arguments(self, parser: CommandParser) -> None:
        """A name, and what to do other than reading at once."""
        parser.add_argument("name", nargs="?", default="")
        parser.add_argument("--since", metavar="TIME", help="RFC 3339, such as 2025-11-20T08:00Z")
        for word, meaning in (
            ("--background", "leave the reading to the workers"),
            ("--pause", "stop after the window that is being read"),
            ("--status", "only tell how far it is"),
        ):
            parser.add_argument(word, action="store_true", help=meaning)

    def run(self, **options: Any) -> Any:
        """Read, pause, or show how far it is."""
        if sum(map(bool, (options["background"], options["pause"], options["status"]))) > 1:
            raise CommandError("Name one of --background, --pause and --status.")
        workspace = Workspace.objects.filter(name=options["name"]).first()
        if workspace is None:
            name = options["name"]
            reason = f"There is no workspace named {name}." if name else "Name a workspace."
            raise CannotBackfill(reason)
        since, now = _moment(options["since"]), clock.now()
        if options["status"]:
            backfill = LogBackfill.objects.filter(pk=workspace.pk).first()
            if backfill is None:
                raise CannotBackfill(f"The past of {workspace.name} was never asked for.")
        elif options["pause"]:
            backfill = pause_log_backfill(workspace=workspace, by=BY, now=now)
        elif options["background"]:
            backfill = start_log_backfill(workspace=workspace, since=since, by=BY, now=now)
        else:
            backfill = backfill_in_foreground(
                workspace=workspace,
                client=logs_client_for(workspace),
                since=since,
                by=BY,
                notify=self.stderr.write,
            )
        return _described(workspace, backfill)

    def show(self, result: Any) -> None:
        """How far it is, and why it does not go on where it does not."""
        self.stdout.write(f"{result['progress']} ({result['state']})")
        if result["latest_error"]:
            self.stdout.write(result["latest_error"])


def _described(workspace: Workspace, backfill: LogBackfill) -> dict[str, Any]:
    return {
        "workspace": workspace.name,
        "state": str(backfill.state),
        "since": backfill.since,
        "read_since": backfill.read_since,
        "share": round(backfill.share_read(), 4),
        "incidents": backfill.incidents,
        "alerts": backfill.alerts,
        "alerts_without_incident": backfill.lone_alerts,
        "incomplete": backfill.incomplete,
        "unreadable": backfill.unreadable,
        "windows": backfill.windows,
        "gaps": len(backfill.gaps),
        "latest_error": backfill.latest_error,
        "progress": progress_line(backfill, name=workspace.name),
    }


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return read_moment(text)
    except ValueError:
        pass
    raise CannotBackfill(f"--since must be a time with a zone, such as 2025-11-20T08:00Z: {text}")
