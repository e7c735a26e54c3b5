"""`retention apply [--dry-run]`: remove what the retention settings state, or only count it."""

from typing import Any

from django.core.management.base import CommandParser

from portal import clock
from portal.command import TagoutCommand
from portal.retention import apply_retention


class Command(TagoutCommand):
    """Remove what the settings state. Of captures, workers do the same by themselves."""

    help = (
        "Remove what the retention settings say: captures of closed incidents, and incidents that"
        " turned out to be outside of the scope of their workspace."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """One thing can be done, and be tried."""
        parser.add_argument("what", choices=["apply"])
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def run(self, **options: Any) -> dict[str, object]:
        """Ask every room."""
        is_dry_run = options["dry_run"]
        return {"dry_run": is_dry_run, **apply_retention(now=clock.now(), is_dry_run=is_dry_run)}
