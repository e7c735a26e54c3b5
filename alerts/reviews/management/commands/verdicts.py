"""`verdicts import FILE [--by EMAIL] [--dry-run]`: judgements that OT made before Tagout."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.reviews.services.import_verdicts import import_verdicts
from portal import clock
from portal.accounts.models import User
from portal.command import ImportCommand


class Command(ImportCommand):
    """Import verdicts from a CSV or JSON file."""

    help = "Import judgements made before Tagout: incident, verdict, cause, by, at, note."
    noun = "verdicts"
    _by: User | None = None

    def add_arguments(self, parser: CommandParser) -> None:
        """Who imports the file, beside the words of every import."""
        super().add_arguments(parser)
        parser.add_argument(
            "--by", default="", metavar="EMAIL", help="who imports it, and cannot confirm it"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        """Find the person who imports the file, then take it over."""
        email = str(options.pop("by", "")).strip().lower()
        self._by = User.objects.filter(email=email).first() if email else None
        if email and self._by is None:
            raise CommandError(f"Nobody in Tagout has the address {email}.")
        return super().run(**options)

    def take_over(self, data: bytes, *, source: str, is_dry_run: bool) -> dict[str, Any]:
        """Store the verdicts; count lines, judgements and people."""
        done = import_verdicts(
            data=data,
            source=source,
            by=self._by or "command line",
            now=clock.now(),
            is_dry_run=is_dry_run,
        )
        return {
            "lines": done.lines,
            "new": done.new,
            "unchanged": done.unchanged,
            "judgements": done.judgements,
            "people": dict(done.people),
        }
