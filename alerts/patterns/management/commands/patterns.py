"""`patterns mine [--days N]`: look at history now, and list the processes that it shows."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.patterns.models import Candidate, Mining, SiteMining
from alerts.patterns.services.mine import DAYS, mine_patterns
from portal import clock
from portal.command import TagoutCommand
from portal.ui.words import percent


class Command(TagoutCommand):
    """Patterns with their figures."""

    help = "Mine routine patterns from history. Needs no broker."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the one word, and how far to look back."""
        parser.add_argument("action", nargs="?", default="", help="mine")
        parser.add_argument("--days", default=str(DAYS))

    def run(self, **options: Any) -> dict[str, Any]:
        """Mine, then return from how much and what was found."""
        if options["action"] != "mine":
            raise CommandError("patterns knows mine.")
        if not options["days"].isascii() or not options["days"].isdigit():
            raise CommandError(f"--days must be a number of days: {options['days']}")
        days = int(options["days"][:6])
        return _result_of(mine_patterns(days=days, now=clock.now()))

    def show(self, result: dict[str, Any]) -> None:
        """Write one site a line, then one pattern a line, the one that saves most first."""
        self.stdout.write(
            f"{len(result['patterns'])} patterns from {result['alerts']} alerts of"
            f" {min(result['days'], result['history_days'])} days and {result['verdicts']}"
            f" verdicts, in {result['seconds']} s"
        )
        for site in result["sites"]:
            self.stdout.write(
                f"{site['site']}: {site['patterns']} patterns, {site['incidents']} incidents;"
                f" {percent(site['living_share'])} covered by rules,"
                f" {percent(site['plan_share'])} with the plan"
            )
        for row in result["patterns"]:
            minutes = "" if row["minutes_month"] is None else f"  {row['minutes_month']} min/month"
            why = f"  cannot: {', '.join(row['obstacles'])}" if row["obstacles"] else ""
            counts = f"{row['incidents']} incidents, {row['judged']} judged"
            self.stdout.write(f"{counts}{minutes}  {row['site']}: {row['title']}{why}")


def _result_of(mining: Mining) -> dict[str, Any]:
    rows = Candidate.objects.select_related("workspace", "site").filter(mined_at=mining.ran_at)
    names = ("ran_at", "days", "history_days", "alerts", "verdicts", "seconds")
    return {name: getattr(mining, name) for name in names} | {
        "sites": [_site(each) for each in mining.sites.select_related("site").order_by("site")],
        "patterns": [_row(each) for each in rows.order_by("-rank", "-incidents", "pk")],
    }


def _site(row: SiteMining) -> dict[str, Any]:
    names = ("history_days", "alerts", "incidents", "verdicts", "patterns")
    return {name: getattr(row, name) for name in names} | {
        "site": row.site.name,
        "living_share": round(row.living_share, 4),
        "plan_share": round(row.plan_share, 4),
    }


def _row(row: Candidate) -> dict[str, Any]:
    names = (
        *("uuid", "state", "title", "alert_types", "alerts", "incidents", "days_seen"),
        *("first_at", "latest_at", "rhythm", "verdicts", "judged", "limit", "judged_share"),
        *("has_enough_evidence", "minutes_month", "rank", "pattern", "reasons"),
        *("plan_order", "plan_gain", "plan_share"),
    )
    return {name: getattr(row, name) for name in names} | {
        "workspace": row.workspace.name,
        "site": row.site.name if row.site else None,
        "obstacles": [code for code, _ in row.obstacles],
    }
