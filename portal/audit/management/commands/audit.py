"""`audit verify`: walk the chain; exit 1 and name the place if it is broken. `audit anchor`: send
its head outside now.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from portal.audit.anchors import read_anchors
from portal.audit.queries import verify_chain
from portal.audit.services import publish_anchor
from portal.command import TagoutCommand


class Command(TagoutCommand):
    """Prove that the audit record is whole."""

    help = "Verify the audit record (verify), or write its head outside now (anchor)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Verify, also against the published heads; or publish the head now."""
        parser.add_argument("what", choices=["verify", "anchor"])
        parser.add_argument(
            "--against",
            type=Path,
            metavar="FILE",
            help="a log, or a file of syslog, with heads of the record; - reads standard input",
        )

    def run(self, **options: Any) -> dict[str, object]:
        """Recompute every hash."""
        if options["what"] == "anchor":
            anchor = publish_anchor()
            return {"seq": anchor.seq, "hash": anchor.hash}
        published = read_anchors(options["against"])
        anchors, ignored = published.anchors, published.ignored
        if options["against"] and not anchors:
            marks = " Those that look like one carry the mark of another SECRET_KEY."
            where = options["against"]
            raise CommandError(f"{where} contains no head of the record.{marks if ignored else ''}")
        report = verify_chain(anchors)
        if not report.whole:
            raise CommandError(f"The chain is broken at entry {report.broken_at}: {report.reason}.")
        return {
            "entries": report.entries,
            "head": report.head,
            "whole": True,
            "anchors": len(anchors),
            "ignored": ignored,
        }
