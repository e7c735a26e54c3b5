"""Rules over history: matching, back-tests and mining, each beside its floor of the same run.

Run by `python -m bench` with DATABASE_URL set: `python -m bench.history N`. The past is drawn in
the database: one workspace, twelve sites, n incidents of one alert each within ninety days.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import matching
from bench.report import Line

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAYS, SITES = 90, 12
TURNS = 9
ALLOWED_TIMES, ALLOWED_MORE = 10, 0.05  # of the bare statement, and seconds beside
SLOWEST, MINING = 2.0, 60.0  # seconds


def measure(n: int) -> list[Line]:
    """All lines of one size, over an empty migrated database."""
    from alerts.patterns.services.mine import mine_patterns
    from alerts.suppression.services.site_days import count_site_days

    fill(n)
    count_site_days(now=NOW)  # as every night
    size, found, slowest = f"{n:,}", [], 0.0
    for name, lines in _RULES.items():
        bare, ours = _race(_rule(*lines))
        slowest = max(slowest, ours)
        if name == "scan":
            found.append(Line("back-test, scan, against the bare scan", size, _ms(ours),
                              _ms(bare), ours / bare, 3.0))  # fmt: skip
        else:
            allowed = ALLOWED_TIMES * bare + ALLOWED_MORE
            found.append(Line(f"back-test, {name}, to 10 × SQL + 50 ms", size, _ms(ours),
                              _ms(bare), ours / allowed, 1.0))  # fmt: skip
    found.append(Line("back-test, slowest of these, seconds", size, _ms(slowest), "",
                      slowest, SLOWEST))  # fmt: skip
    began = time.perf_counter()
    mine_patterns(now=NOW)
    spent = time.perf_counter() - began
    found.append(Line("mine patterns, seconds", size, f"{spent:.1f} s", "", spent, MINING))
    return [*found, *matching.lines(n)]


_RULES = {  # from the busiest type to none at all
    "busy type": (("site", "Site 3"), ("alert_type", "Alert type 0"),
                  ("source_device", "DEV-001"), ("protocol", "CIP")),
    "quiet type": (("site", "Site 3"), ("alert_type", "Alert type 20"),
                   ("source_device", "DEV-001")),
    "scan": (("source_device", "DEV-001"), ("destination_device", "DEV-007")),
}  # fmt: skip


def _rule(*lines: tuple[str, str]) -> Any:
    from alerts.suppression.engine.clauses import Clause
    from alerts.suppression.engine.rule import Rule

    return Rule(
        title="A rule of the bench",
        all_of=tuple(Clause(field, "is", (value,)) for field, value in lines),
    )


def _race(rule: Any) -> tuple[float, float]:
    """Median seconds of the bare count and of the whole back-test, turn by turn."""
    from alerts.suppression.engine import sql
    from alerts.suppression.reads.asking import Period, ask, inside
    from alerts.suppression.services.backtest import preview

    where = inside(Period(NOW - timedelta(days=DAYS), NOW), sql.where(rule))
    text = f"SELECT count(*) FROM incidents_alert a WHERE {where.text}"
    bare, ours = [], []
    for turn in range(TURNS + 1):
        counted = _timed(lambda: ask(text, where.params))
        tested = _timed(lambda: preview(said=rule, now=NOW))
        if turn:  # the first warms both
            bare.append(counted[0])
            ours.append(tested[0])
        if tested[1].body is None or tested[1].body["alerts"] != counted[1][0][0]:
            raise RuntimeError("The back-test and the bare statement do not agree.")
    return statistics.median(bare), statistics.median(ours)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    told = work()
    return time.perf_counter() - began, told


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def fill(n: int) -> None:
    """Draw the past."""
    from django.db import connection

    from alerts.sentinel.models import Workspace
    from alerts.sites.models import Site

    workspace = Workspace.objects.create(
        name="bench-history", tenant_id="t", subscription_id="s", resource_group="r",
        workspace_name="bench-history", credential="client-secret", added_at=NOW,
    )  # fmt: skip
    sites = [
        Site.objects.create(name=f"Site {each}", time_zone="Europe/Warsaw").pk
        for each in range(SITES)
    ]
    given: dict[str, Any] = {
        "n": n,
        "start": NOW - timedelta(days=DAYS),
        "sites": sites,
        "workspace": workspace.pk,
    }
    with connection.cursor() as cursor:
        (usual,) = _set(cursor, "0")
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(_DRAW, given)
        for statement in (_INCIDENTS, _ALERTS, _LINKS):
            cursor.execute(statement)
        for table in ("incident", "alert", "incidentalert"):
            cursor.execute(f"VACUUM ANALYZE incidents_{table}")
        _set(cursor, usual)


def _set(cursor: Any, timeout: str) -> tuple[str]:
    """Change how long a statement may take; tells what it was."""
    cursor.execute("SELECT current_setting('statement_timeout')")
    was: tuple[str] = cursor.fetchone()
    cursor.execute("SELECT set_config('statement_timeout', %s, false)", [timeout])
    return was


_DRAW = """
CREATE TEMP TABLE drawn AS
SELECT g AS number, %(workspace)s::bigint AS workspace_id,
       (%(sites)s::bigint[])[1 + floor(random() * 12)::int] AS site_id,
       'Alert type ' || least(floor(power(1 - random(), -1 / 0.7)) - 1, 59)::int AS alert_type,
       'DEV-' || lpad(floor(power(random(), 3) * 260)::int::text, 3, '0') AS source,
       'DEV-' || lpad(floor(power(random(), 3) * 260)::int::text, 3, '0') AS destination,
       (ARRAY['MODBUS', 'Siemens S7', 'CIP', 'DNP3'])[1 + floor(random() * 4)::int] AS protocol,
       %(start)s::timestamptz + interval '90 days' * (g - 1) / %(n)s AS at
  FROM generate_series(1, %(n)s) g
"""
_INCIDENTS = """
INSERT INTO incidents_incident (workspace_id, name, number, etag, title, severity, status,
    classification, classification_reason, owner_id, owner_name, owner_email, labels, created_at,
    modified_at, alerts_count, comments_count, product_names, tactics, techniques, flags,
    alert_type, protocol, source, destination, site_ids, place, details_state, details_attempts,
    entities_count, priority, priority_parts, ot_state, closed_by, owed, stored_at, changed_at)
SELECT workspace_id, 'bench-' || number, number, '', alert_type, 2, 3,
       CASE WHEN number % 50000 = 7 THEN 'TruePositive' ELSE 'BenignPositive' END, '', '', '', '',
       '{}', at, at, 1, 0, '{}', '{}', '{}', '{}', alert_type, protocol, source, destination,
       ARRAY[site_id], 'Somewhere', 'fetched', 0, 2, 0, '[]', '', '', 0, at, at
  FROM drawn ORDER BY number
"""
_ALERTS = """
INSERT INTO incidents_alert (workspace_id, key, system_alert_id, sensor, site_id, alert_type,
    user_defined_title, engine, category, severity, protocol, function, techniques, tactics,
    product_name, source_device, source_address, destination_device, destination_address,
    any_device, any_address, at, plant_weekday, plant_minute, flags)
SELECT workspace_id, 'bench-' || number, '', '', site_id, alert_type, '', '', '', 2, protocol, '',
       '{}', '{}', '', source, '', destination, '',
       CASE WHEN source = destination THEN ARRAY[source] ELSE ARRAY[source, destination] END, '{}',
       at, extract(isodow FROM at AT TIME ZONE 'Europe/Warsaw')::int - 1,
       extract(hour FROM at AT TIME ZONE 'Europe/Warsaw')::int * 60, '{}'
  FROM drawn ORDER BY number
"""
_LINKS = """
INSERT INTO incidents_incidentalert (incident_id, alert_id)
SELECT i.id, a.id FROM incidents_alert a
  JOIN incidents_incident i ON i.workspace_id = a.workspace_id AND i.name = a.key
 WHERE a.key LIKE 'bench-%'
"""


def main() -> None:
    """Migrate, draw, measure; the lines as JSON on the last line."""
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True
    )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")
    import django

    django.setup()
    lines = measure(int(sys.argv[1]))
    print(json.dumps({"lines": [asdict(line) for line in lines]}))


if __name__ == "__main__":
    main()
