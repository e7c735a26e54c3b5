"""`make bench`: every promise of speed beside its floor of the same run; 1 when one is broken."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg

import embedded
from bench.report import Line, show


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
    for n in sizes:
        print(f"Measuring with {n:,} incidents …", file=sys.stderr, flush=True)
        size_lines = _measured(services, n, "bench.size")
        report_lines += size_lines if not report_lines else size_lines[1:]  # migrate once
        report_lines += _measured(services, n, "bench.history")
    return 0 if show(report_lines, file=options.json) else 1


def _measured(services: embedded.Services, n: int, module: str) -> list[Line]:
    """The lines of a module for one size, in a fresh database that is gone afterwards."""
    name = f"bench_{n}"
    with psycopg.connect(services.database_url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        try:
            url = services.database_url.removesuffix(embedded.DATABASE) + name
            env = {"LOG_LEVEL": "WARNING"} | os.environ  # migrations log each of themselves
            env |= {"DATABASE_URL": url, "REDIS_URL": services.redis_url}
            done = subprocess.run(
                [sys.executable, "-m", module, str(n)],
                env=env,
                check=True,
                stdout=subprocess.PIPE,
            )
        finally:
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    return [Line(**line) for line in json.loads(done.stdout.splitlines()[-1])["lines"]]


if __name__ == "__main__":
    sys.exit(main())
