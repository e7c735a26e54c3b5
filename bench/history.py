"""Rules over history: matching, back-tests, mining, the plan and the watch, beside their floors.

Run: `python -m bench.history [--alerts N]`. The past is drawn in the database (`bench.past`); how
long that takes is told on stderr and is in no line. `python -m bench` has it measure the database
of DATABASE_URL, which must be migrated and empty.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench import matching
from bench.past import DAYS, NOW, fill
from bench.report import Line, show, timed
from bench.setup import own_database

ROOT = Path(__file__).resolve().parent.parent
TURNS = 9
ALLOWED_TIMES, ALLOWED_MORE = 10, 0.05  # of the bare statement, and seconds beside
SLOWEST, MINING, PLAN, UNION, WATCH = 2.0, 60.0, 0.3, 2.0, 0.3  # seconds
MEMORY = 4096  # MiB
SCAN_FROM = 1_000_000  # alerts; over fewer, some milliseconds of its own decide the ratio
LIVING, TO_SIGN = 200, 7  # rules; seven are signed in one sitting
MINED = "mine patterns, seconds"
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
    from alerts.patterns.engine.rule_text import rule_for
    from alerts.patterns.models import Candidate
    from alerts.rules.rule import as_json, rule_hash
    from alerts.suppression.models import BackTestRun, Rule, RuleVersion, Signature
    from portal.accounts.models import User

    by = User.objects.get(email="judge@demo.example")
    soc, _ = User.objects.get_or_create(email="soc@demo.example", defaults={"name": "SOC"})
    free = Candidate.objects.filter(rule=None, obstacles=[])
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
                version=version, side=side, by=signer, rule_hash=version.rule_hash, signed_at=NOW
            )
        row.rule = rule
        versions.append(version)
    Candidate.objects.bulk_update(rows, ["rule"])
    return versions


def measure(n: int) -> list[Line]:
    """All lines of one size, over an empty migrated database."""
    from alerts.suppression.watching.site_days import count_site_days

    fill(n)
    count_site_days(now=NOW)  # as every night
    return [*_backtests(n), *_mining(n), *matching.measure(n)]


def _backtests(n: int) -> list[Line]:
    size, report_lines, slowest = f"{n:,}", [], 0.0
    for name, clauses in _RULES.items():
        bare, ours = _race(_rule(*clauses))
        slowest = max(slowest, ours)
        if name == "scan" and n < SCAN_FROM:
            continue
        if name == "scan":
            report_lines.append(
                Line(
                    "back-test, scan, against the bare scan",
                    size,
                    _ms(ours),
                    _ms(bare),
                    ours / bare,
                    3.0,
                )
            )
        else:
            allowed = ALLOWED_TIMES * bare + ALLOWED_MORE
            report_lines.append(
                Line(
                    f"back-test, {name}, to 10 × SQL + 50 ms",
                    size,
                    _ms(ours),
                    _ms(bare),
                    ours / allowed,
                    1.0,
                )
            )
    report_lines.append(
        Line("back-test, slowest of these, seconds", size, _ms(slowest), "", slowest, SLOWEST)
    )
    return report_lines


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

    report_lines = [mined(MINED)]
    make_versions(LIVING, state="live")
    to_sign = make_versions(TO_SIGN, state="proposed")
    report_lines.append(mined("mine again, with 200 live rules, seconds"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report_lines.append(Line("mine patterns, memory", size, f"{peak:.0f} MiB", "", peak, MEMORY))
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


def _race(rule: Any) -> tuple[float, float]:
    """Median seconds of the bare count and of the whole back-test, turn by turn."""
    from alerts.rules import sql
    from alerts.suppression.backtesting.backtest import preview_backtest
    from alerts.suppression.backtesting.history_sql import TimeSpan, fetch_rows, in_period

    condition = in_period(TimeSpan(NOW - timedelta(days=DAYS), NOW), sql.rule_condition_sql(rule))
    text = f"SELECT count(*) FROM incidents_alert a WHERE {condition.text}"
    bare, ours = [], []
    for turn in range(TURNS + 1):
        count = _timed(lambda: fetch_rows(text, condition.params))
        tested = _timed(lambda: preview_backtest(rule=rule, now=NOW))
        if turn:  # the first warms both
            bare.append(count[0])
            ours.append(tested[0])
        if tested[1].body is None or tested[1].body["alerts"] != count[1][0][0]:
            raise RuntimeError("The back-test and the bare statement do not agree.")
    return statistics.median(bare), statistics.median(ours)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def main() -> int:
    """Draw, measure, print; 1 when a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.history", description=__doc__)
    parser.add_argument("--alerts", type=int, default=100_000)
    parser.add_argument("--as-json", action="store_true", help="as `python -m bench` asks")
    options = parser.parse_args()
    if not options.as_json:
        with own_database():
            return 0 if show(measure(options.alerts)) else 1
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True
    )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")
    import django

    django.setup()
    report_lines = measure(options.alerts)
    print(json.dumps({"lines": [asdict(line) for line in report_lines]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
