"""`incidents rerank`: count the stored priorities of all open incidents again."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.incidents.ingest.recount import recount_priorities
from portal import clock
from portal.command import TagoutCommand

BY = "command line"


class Command(TagoutCommand):
    """Rank open incidents again by the weights of this version."""

    help = "Count the priorities of all open incidents again."

    def add_arguments(self, parser: CommandParser) -> None:
        """One word for what to do."""
        parser.add_argument("action", nargs="?", default="", help="rerank")

    def run(self, **options: Any) -> dict[str, Any]:
        """Rank them in pieces, and count those that are elsewhere now."""
        if options["action"] != "rerank":
            raise CommandError("The command incidents has one action: rerank.")
        done = recount_priorities(by=BY, now=clock.now(), unshifted=clock.unshifted())
        return {"incidents": done.incidents, "changed": done.changed}
