"""`make bench`: every promise of speed beside its floor of the same run; 1 when one is broken."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from bench import history
from bench.report import Line, show
from portal import embedded

WEB_LIMIT, CHILD_LIMIT = 150, 200  # MiB
FLAT, LINEAR = 1.1, 1.3


def main() -> int:
    """Measure each size in a database of its own on a durable cluster of the bench's own."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--quick", action="store_true", help="20,000 incidents only")
    parser.add_argument("--json", type=Path, help="write the lines to this file, too")
    options = parser.parse_args()
    sizes = [20_000] if options.quick else options.sizes
    services = embedded.start(Path(os.environ.get("DATA_DIR", ".data")) / "bench")
    report_lines: list[Line] = []
    memory: dict[str, list[int]] = {}
    for n in sizes:
        print(f"Measuring with {n:,} incidents …", file=sys.stderr, flush=True)
        size_result = _measured(services, n, "bench.size", str(n))
        size_lines = [Line(**line) for line in size_result["lines"]]
        report_lines += size_lines if not report_lines else size_lines[1:]  # migrate once
        history_result = _measured(services, n, "bench.history", "--as-json", "--alerts", str(n))
        report_lines += [Line(**line) for line in history_result["lines"]]
        for process, kib in size_result["memory"].items():
            memory.setdefault(process, []).append(kib)
            limit = WEB_LIMIT if process.startswith("web") else CHILD_LIMIT
            report_lines.append(_line(f"memory of a {process}", f"{n:,}", kib / 1024, limit))
    if len(sizes) > 1:
        report_lines += [
            Line(
                f"memory of a {process}, growth",
                "",
                f"{kib_by_size[-1] / 1024:.0f} MiB",
                f"{kib_by_size[0] / 1024:.0f} MiB",
                kib_by_size[-1] / kib_by_size[0],
                FLAT,
            )
            for process, kib_by_size in memory.items()
        ]
        report_lines.append(_growth_of_mining(report_lines))
    return 0 if show(report_lines, file=options.json) else 1


def _growth_of_mining(report_lines: list[Line]) -> Line:
    """Whether mining is linear: seconds for an alert in the largest history to the smallest."""
    seconds_per_alert = [
        line.ratio / int(line.size.replace(",", ""))
        for line in report_lines
        if line.name == history.MINED
    ]
    large, small = (
        f"{seconds * 1e6:.0f} µs" for seconds in (seconds_per_alert[-1], seconds_per_alert[0])
    )
    return Line(
        "mine patterns, growth for an alert",
        "",
        large,
        small,
        seconds_per_alert[-1] / seconds_per_alert[0],
        LINEAR,
    )


def _line(name: str, size: str, mib: float, limit: int) -> Line:
    return Line(name, size, f"{mib:.0f} MiB", "", mib, limit)


def _measured(services: embedded.Services, n: int, *module: str) -> dict[str, Any]:
    """One size in a fresh database that is gone afterwards; the module with its arguments."""
    name = f"bench_{n}"
    with psycopg.connect(services.database_url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        try:
            url = services.database_url.removesuffix(embedded.DATABASE) + name
            env = os.environ | {"DATABASE_URL": url, "REDIS_URL": services.redis_url}
            done = subprocess.run(
                [sys.executable, "-m", *module],
                env=env,
                check=True,
                stdout=subprocess.PIPE,
            )
        finally:
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    sys.exit(main())
