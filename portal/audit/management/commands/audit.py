"""`audit verify`: walk the chain; exit 1 and name the place if it is broken."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from portal.audit.queries import verify_chain
from portal.command import TagoutCommand


class Command(TagoutCommand):
    """Prove that the audit record is whole."""

    help = "Walk the audit chain and say where it is broken, if it is."

    def add_arguments(self, parser: CommandParser) -> None:
        """Only one thing can be done here: verify."""
        parser.add_argument("what", choices=["verify"])

    def run(self, **options: Any) -> dict[str, object]:
        """Recompute every hash."""
        report = verify_chain()
        if not report.whole:
            raise CommandError(f"The chain is broken at entry {report.broken_at}: {report.reason}.")
        return {"entries": report.entries, "head": report.head, "whole": True}
