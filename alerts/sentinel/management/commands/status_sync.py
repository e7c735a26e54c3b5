"""`status_sync NAME yes|no|unknown`: whether a close in Sentinel closes the alert at the sensor."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.sentinel.models import Workspace
from alerts.sentinel.services.status_sync import note_status_sync
from portal import clock
from portal.command import TagoutCommand

BY = "command line"


class Command(TagoutCommand):
    """Show or note whether the status-sync playbook is on in a workspace."""

    help = "Show or note whether closing in Sentinel also closes the alert at the sensor."

    def add_arguments(self, parser: CommandParser) -> None:
        """Without an answer it only shows."""
        parser.add_argument("name", nargs="?", default="", help="the workspace's name in Tagout")
        parser.add_argument("answer", nargs="?", default="", help="yes, no or unknown")

    def run(self, **options: Any) -> dict[str, object]:
        """Note the answer where one is given, then show what is known."""
        if options["answer"]:
            workspace = note_status_sync(
                name=options["name"], answer=options["answer"], by=BY, now=clock.now()
            )
        else:
            found = Workspace.objects.filter(name=options["name"]).first()
            if found is None:
                raise CommandError(f"There is no workspace named {options['name'] or '…'}.")
            workspace = found
        answer = {True: "yes", False: "no", None: "unknown"}[workspace.closes_at_source]
        return {"workspace": workspace.name, "closes_at_source": answer}
