"""Rules over history: back-tests, mining, the plan and the watch, each within the seconds that a
person or a night has.

`python -m bench` runs it as `python -m bench.history N` over the database of DATABASE_URL, which
must be empty. The past is drawn in the database (`bench.past`), which is in no line.
"""

import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Any

from bench.past import NOW, fill
from bench.report import Line, timed
from bench.setup import migrate, set_up_django

TURNS = 9
SLOWEST, MINING, PLAN, UNION, WATCH = 2.0, 60.0, 0.3, 2.0, 0.3  # seconds
LIVING, TO_SIGN = 200, 7  # rules; seven are signed in one sitting
_RULES = {  # from the busiest type to none at all, with a process of middling size
    "busy type": (
        ("site", "Site 3"),
        ("alert_type", "Alert type 0"),
        ("source_device", "DEV-421"),
        ("protocol", "CIP"),
    ),
    "quiet type": (
        ("site", "Site 3"),
        ("alert_type", "Alert type 5"),
        ("source_device", "DEV-001"),
    ),
    "scan": (("source_device", "DEV-421"), ("destination_device", "DEV-556")),
}


def make_versions(count: int, *, state: str) -> list[Any]:
    """Store rules for the largest patterns that have none yet and to which nothing is opposed, as
    versions of this state; return them.
    """
    from django.db import transaction

    from alerts.patterns.engine.rule_text import rule_for
    from alerts.patterns.models import Pattern
    from alerts.rules.rule import as_json, rule_hash
    from alerts.suppression.models import BackTestRun, Rule, RuleVersion, Signature
    from portal.accounts.models import User

    by = User.objects.get(email="judge@demo.example")
    soc, _ = User.objects.get_or_create(email="soc@demo.example", defaults={"name": "SOC"})
    free = Pattern.objects.filter(rule=None, obstacles=[])
    rows = list(free.order_by("-incidents", "pk")[:count])
    first, versions = Rule.objects.count() + 1, []
    for number, row in enumerate(rows, start=first):
        drafted_rule = rule_for(row.process, time_zone="Europe/Warsaw", now=NOW, reason="Polling")
        rule = Rule.objects.create(number=number, made_by=by, made_at=NOW)
        test = BackTestRun.objects.create(
            rule=rule,
            rule_hash=rule_hash(drafted_rule),
            start=NOW - timedelta(days=90),
            end=NOW,
            history_days=90,
            body={"alerts": row.alerts},
            ran_at=NOW,
            seconds=0.1,
        )
        with transaction.atomic():  # a version that acts is signed when it is written
            version = RuleVersion.objects.create(
                rule=rule,
                number=1,
                state=state,
                state_since=NOW,
                title=drafted_rule.title,
                body=as_json(drafted_rule),
                rule_hash=rule_hash(drafted_rule),
                expires_at=drafted_rule.expires_at,
                made_by=by,
                made_at=NOW,
                proposed_by=by,
                proposed_at=NOW,
                proposer_side="ot",
                backtest=test,
                workspace_ids=[row.workspace_id],
                site_ids=[row.site_id],
            )
            for side, signer in (("ot", by), ("soc", soc))[: 2 if state == "live" else 1]:
                Signature.objects.create(
                    version=version,
                    side=side,
                    by=signer,
                    rule_hash=version.rule_hash,
                    signed_at=NOW,
                )
        row.rule = rule
        versions.append(version)
    Pattern.objects.bulk_update(rows, ["rule"])
    return versions


def measure(n: int) -> list[Line]:
    """All lines of one size, over an empty migrated database."""
    from alerts.suppression.watching.site_days import count_site_days

    fill(n)
    count_site_days(now=NOW)  # as every night
    return [_backtests(n), *_mining(n)]


def _backtests(n: int) -> Line:
    """The whole of a back-test: counts after each line, stops, bound, near misses."""
    from alerts.suppression.backtesting.backtest import preview_backtest

    slowest = 0.0
    for clauses in _RULES.values():
        spent = [
            timed(partial(preview_backtest, rule=_rule(*clauses), now=NOW)) for _ in range(TURNS)
        ]
        slowest = max(slowest, statistics.median(wall for wall, _cpu in spent))
    name = "back-test, slowest of three rules, seconds"
    return Line(name, f"{n:,}", _ms(slowest), "", slowest, SLOWEST)


def _mining(n: int) -> list[Line]:
    """Mine twice: the second time every pattern is known, and rules act. Then what lives on it."""
    from alerts.patterns.queries.plan import plans_of_all_sites
    from alerts.patterns.services.mine_patterns import mine_patterns
    from alerts.suppression.backtesting.marginal_gains import in_order_of_gain
    from alerts.suppression.watching.watch import watch_rules

    size = f"{n:,}"

    def mined(name: str) -> Line:
        wall, cpu = timed(lambda: mine_patterns(now=NOW))
        return Line(name, size, f"{wall:.1f} s, {cpu:.1f} CPU", "", wall, MINING)

    report_lines = [mined("mine patterns, seconds")]
    make_versions(LIVING, state="live")
    to_sign = make_versions(TO_SIGN, state="proposed")
    report_lines.append(mined("mine again, with 200 live rules, seconds"))
    works: tuple[tuple[str, float, Callable[[], Any]], ...] = (
        ("plan of all sites, seconds", PLAN, plans_of_all_sites),
        (
            "7 rules in order of gain beside 200, seconds",
            UNION,
            lambda: in_order_of_gain(to_sign, now=NOW),
        ),
        ("watch 200 live rules, seconds", WATCH, lambda: watch_rules(now=NOW)),
    )
    for name, limit, work in works:
        spent = [timed(work) for _ in range(TURNS)]
        wall, cpu = (statistics.median(seconds) for seconds in zip(*spent, strict=True))
        report_lines.append(Line(name, size, f"{_ms(wall)}, {cpu * 1000:.0f} CPU", "", wall, limit))
    return report_lines


def _rule(*clauses: tuple[str, str]) -> Any:
    from alerts.rules.rule import Clause, RuleDefinition

    return RuleDefinition(
        title="A rule of the bench",
        all_of=tuple(Clause(field, "is", (value,)) for field, value in clauses),
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def main() -> None:
    """Draw, measure, print the lines as JSON."""
    migrate()
    set_up_django()
    print(json.dumps({"lines": [asdict(line) for line in measure(int(sys.argv[1]))]}))


if __name__ == "__main__":
    main()
