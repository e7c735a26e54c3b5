"""`patterns mine [--days N]`: look at history now, and list the processes that it shows.
`patterns plan [--site S]`: which rules to sign at each site, in the order of what each adds.
"""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.patterns.models import Mining, Pattern, SiteMining
from alerts.patterns.queries.plan import plans_of_all_sites
from alerts.patterns.queries.plan_facts import facts_of_plan
from alerts.patterns.queries.questions import questions_at
from alerts.patterns.services.mine_patterns import DAYS, mine_patterns
from alerts.suppression.backtesting.history_sql import days_counted
from portal import clock
from portal.command import TagoutCommand
from portal.ui.words import hours, percent


class Command(TagoutCommand):
    """Patterns with their figures, and the plan that is made of them."""

    help = "Mine routine patterns from history, and show the plan. Needs no broker."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the one word, and how far to look back."""
        parser.add_argument("action", nargs="?", default="", help="mine or plan")
        parser.add_argument("--days", default=str(DAYS))
        parser.add_argument("--site", default="", help="name of one site, for the plan")

    def run(self, **options: Any) -> dict[str, Any]:
        """Mine, then return from how much and what was found; or return the plan."""
        if options["action"] == "plan":
            return _plan(options["site"])
        if options["action"] != "mine":
            raise CommandError("Unknown action. Use mine or plan.")
        if not options["days"].isascii() or not options["days"].isdigit():
            raise CommandError(f"--days must be a number of days: {options['days']}")
        days = int(options["days"][:6])
        return _result_of(mine_patterns(days=days, now=clock.now()))

    def show(self, result: dict[str, Any]) -> None:
        """Write one site a line, then one pattern a line, the one that saves most first."""
        if "plans" in result:
            for plan in result["plans"]:
                self._show_plan(plan)
            return
        self.stdout.write(
            f"{len(result['patterns'])} patterns from {result['alerts']} alerts of"
            f" {days_counted(result['days'], history_days=result['history_days'])} days and"
            f" {result['verdicts']}"
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

    def _show_plan(self, plan: dict[str, Any]) -> None:
        """Write what the site has and could have, its curve, and what to ask."""
        work = f", {hours(plan['minutes_month'])} a month" if plan["minutes_month"] else ""
        self.stdout.write(
            f"{plan['site']}: {percent(plan['share_acting'])} of {plan['incidents']} incidents of"
            f" {plan['days']} days already, {percent(plan['share_signed'])} with"
            f" {plan['rules_to_sign']} rules to sign{work}, {percent(plan['share_full'])} with"
            f" more answers; {plan['suspicious']} of {plan['judged']} judged were suspicious"
        )
        for step in plan["curve"]:
            needs = f", needs {step['answers_needed']} answers" if step["answers_needed"] else ""
            rule = f" {step['rule']}" if step["rule"] else ""
            self.stdout.write(
                f"{step['order']:>4}  +{percent(step['gain_share'])} -> {percent(step['share'])}"
                f"  {step['title']}  [{step['state']}{rule}{needs}]"
            )
        for question in plan["questions"]:
            number = question["number"] or question["incident"]
            purpose = "shortens its trial" if question["for_trial"] else question["about"]
            self.stdout.write(f"  ask about #{number}: {purpose}")


def _plan(site: str) -> dict[str, Any]:
    plans = plans_of_all_sites()
    if site:
        plans = [plan for plan in plans if plan.totals.site.name.casefold() == site.casefold()]
        if not plans:
            raise CommandError(f"There is no plan of a site called {site}. Run `patterns mine`.")
    now = clock.now()
    return {"plans": [facts_of_plan(plan, questions_at(plan, None, now=now)) for plan in plans]}


def _result_of(mining: Mining) -> dict[str, Any]:
    rows = Pattern.objects.select_related("workspace", "site").filter(mined_at=mining.ran_at)
    names = ("ran_at", "days", "history_days", "alerts", "verdicts", "seconds")
    return {name: getattr(mining, name) for name in names} | {
        "sites": [_site(site) for site in mining.sites.select_related("site").order_by("site")],
        "patterns": [_row(row) for row in rows.order_by("-rank", "-incidents", "pk")],
    }


def _site(row: SiteMining) -> dict[str, Any]:
    names = ("history_days", "alerts", "incidents", "verdicts", "patterns")
    return {name: getattr(row, name) for name in names} | {
        "site": row.site.name,
        "living_share": round(row.living_share, 4),
        "plan_share": round(row.plan_share, 4),
    }


def _row(row: Pattern) -> dict[str, Any]:
    names = (
        *("uuid", "state", "title", "alert_types", "alerts", "incidents", "days_seen"),
        *("first_at", "latest_at", "rhythm", "verdicts", "judged", "limit", "judged_share"),
        *("has_enough_evidence", "minutes_month", "rank", "reasons"),
        *("plan_order", "plan_gain", "plan_share"),
    )
    return {name: getattr(row, name) for name in names} | {
        "pattern": row.definition,
        "workspace": row.workspace.name,
        "site": row.site.name if row.site else None,
        "obstacles": [code for code, _ in row.obstacles],
    }
