"""`capture summary FILE [--json]`: what a capture contains. Values are not shown."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from portal.command import TagoutCommand
from training.pcap.messages import CaptureError
from training.pcap.summary import summarize

_MARKED = {"write", "program", "stop", "start", "restart"}


class Command(TagoutCommand):
    """Print what a pcap or pcapng file contains."""

    help = "What a capture contains: protocols, conversations, OT operations and their counts."
    needs_database = False

    def add_arguments(self, parser: CommandParser) -> None:
        """One subcommand: summary."""
        words = parser.add_subparsers(dest="word", required=True, parser_class=type(parser))
        summary = words.add_parser("summary", help="what is in a capture")
        summary.add_argument("file", type=Path)

    def run(self, **options: Any) -> dict[str, Any]:
        """Read the file."""
        try:
            return summarize(options["file"]).as_json()
        except CaptureError as error:
            raise CommandError(f"{options['file']}: {error}") from error

    def show(self, result: dict[str, Any]) -> None:
        """Print the summary as short tables; a star marks what changes a controller."""
        write = self.stdout.write
        write(
            f"{result['format']}, {result['link_type']}: {result['packets']} frames in "
            f"{result['duration_s']} s, {result['ip_host_count']} IP hosts"
        )
        frames = result["protocol_frames"].items()
        write("Protocols: " + ", ".join(f"{name} {count}" for name, count in frames))
        write("Operations (asked, answered, refused):")
        for row in result["operations"]:
            mark = "*" if row["kind"] in _MARKED else " "
            write(
                f" {mark} {row['protocol']:<13}{row['code']:<8}{row['kind']:<10}"
                f"{row['count']:>6}{row['responses']:>6}{row['errors']:>6}  {row['name']}"
            )
        write("Conversations (frames; writes, downloads, stops):")
        for row in result["conversations"]:
            write(
                f"   {row['transport']:<9}{_end(row, 'client')} to {_end(row, 'server')}: "
                f"{row['frames']}; {row['writes']}, {row['downloads']}, {row['stops']}"
            )
        for problem in result["problems"]:
            write(f"! {problem}")


def _end(row: dict[str, Any], side: str) -> str:
    port = row[f"{side}_port"]
    return row[side] if port is None else f"{row[side]} port {port}"
