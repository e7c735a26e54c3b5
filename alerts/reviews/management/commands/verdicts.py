"""`verdicts import FILE [--dry-run]`: judgements that OT made before Tagout."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.reviews.services.import_verdicts import import_verdicts
from portal import clock
from portal.command import TagoutCommand, read_file

BY = "command line"


class Command(TagoutCommand):
    """Import verdicts from a CSV or JSON file."""

    help = "Import judgements made before Tagout: incident, verdict, cause, by, at, note."

    def add_arguments(self, parser: CommandParser) -> None:
        """One word for what to do, then the file."""
        parser.add_argument("action", nargs="?", default="", help="import")
        parser.add_argument("file", nargs="?", default="", help="CSV with a heading, or JSON")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")

    def run(self, **options: Any) -> dict[str, Any]:
        """Read the file and keep all of it, or say everything that is wrong with it."""
        if options["action"] != "import":
            raise CommandError("The one action of verdicts is import.")
        if not options["file"]:
            raise CommandError("verdicts import needs a file.")
        path = Path(options["file"])
        done = import_verdicts(
            data=read_file(path),
            source=path.name,
            by=BY,
            now=clock.now(),
            is_dry_run=options["dry_run"],
        )
        return {
            "lines": done.lines,
            "new": done.new,
            "unchanged": done.unchanged,
            "judgements": done.judgements,
            "people": dict(done.people),
            "dry_run": options["dry_run"],
        }
