"""`verdicts import FILE [--dry-run]`: judgements that OT made before Tagout."""

from typing import Any

from alerts.reviews.services.import_verdicts import import_verdicts
from portal import clock
from portal.command import ImportCommand


class Command(ImportCommand):
    """Import verdicts from a CSV or JSON file."""

    help = "Import judgements made before Tagout: incident, verdict, cause, by, at, note."
    noun = "verdicts"

    def take_over(self, data: bytes, *, source: str, is_dry_run: bool) -> dict[str, Any]:
        """Store the verdicts; count lines, judgements and people."""
        done = import_verdicts(
            data=data, source=source, by="command line", now=clock.now(), is_dry_run=is_dry_run
        )
        return {
            "lines": done.lines,
            "new": done.new,
            "unchanged": done.unchanged,
            "judgements": done.judgements,
            "people": dict(done.people),
        }
