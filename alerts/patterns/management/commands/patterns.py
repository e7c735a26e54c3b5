"""`patterns mine [--days N]`: look at history now, and list what came again and again."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.patterns.models import Candidate, Mining
from alerts.patterns.services.mine import DAYS, mine_patterns
from portal import clock
from portal.command import TagoutCommand


class Command(TagoutCommand):
    """Candidates with their figures."""

    help = "Mine routine patterns from history. Needs no broker."

    def add_arguments(self, parser: CommandParser) -> None:
        """The one word, and how far to look back."""
        parser.add_argument("action", nargs="?", default="", help="mine")
        parser.add_argument("--days", default=str(DAYS))

    def run(self, **options: Any) -> dict[str, Any]:
        """Mine, then tell from how much and what was found."""
        if options["action"] != "mine":
            raise CommandError("patterns knows mine.")
        if not options["days"].isascii() or not options["days"].isdigit():
            raise CommandError(f"--days must be a number of days: {options['days']}")
        days = int(options["days"][:6])
        return _told(mine_patterns(days=days, now=clock.now()))

    def show(self, result: dict[str, Any]) -> None:
        """One candidate a line, the one that saves most first."""
        self.stdout.write(
            f"{len(result['candidates'])} candidates from {result['alerts']} alerts of"
            f" {min(result['days'], result['history_days'])} days and {result['verdicts']}"
            f" verdicts, in {result['seconds']} s"
        )
        for row in result["candidates"]:
            minutes = "" if row["minutes_month"] is None else f"  {row['minutes_month']} min/month"
            why = f"  cannot: {', '.join(row['cannot'])}" if row["cannot"] else ""
            counts = f"{row['incidents']} incidents, {row['judged']} judged"
            self.stdout.write(f"{counts}{minutes}  {row['title']}{why}")


def _told(mining: Mining) -> dict[str, Any]:
    rows = Candidate.objects.select_related("workspace", "site").filter(mined_at=mining.ran_at)
    names = ("ran_at", "days", "history_days", "alerts", "verdicts", "seconds")
    return {name: getattr(mining, name) for name in names} | {
        "candidates": [_row(each) for each in rows.order_by("-rank", "-incidents", "pk")]
    }


def _row(row: Candidate) -> dict[str, Any]:
    names = (
        *("uuid", "state", "alert_type", "alerts", "incidents", "days_seen", "first_at"),
        *("latest_at", "rhythm", "verdicts", "judged", "limit", "minutes_month", "rank"),
    )
    window = row.window
    return {name: getattr(row, name) for name in names} | {
        "title": row.parts.title,
        "workspace": row.workspace.name,
        "site": row.site.name if row.site else None,
        "source": row.parts.source or None,
        "destination": row.parts.destination or None,
        "devices": row.devices,
        "window": window and {"weekdays": window.weekdays, "start": window.start,
                              "end": window.end},
        "cannot": [code for code, _ in row.cannot],
    }  # fmt: skip
