"""All lines of one size, in a process and an empty database of their own; JSON on the last line.

Run by `python -m bench` with DATABASE_URL set: `python -m bench.size N`.
"""

import json
import subprocess
import sys
import time
from dataclasses import asdict

from bench.report import Line
from bench.setup import ROOT, migrate, set_up_django

WEB_LIMIT, CHILD_LIMIT = 150, 200  # MiB


def main() -> None:
    """Migrate, store, list; print the lines."""
    n = int(sys.argv[1])
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, check=True)  # compiles modules, as the image has them
    began = time.perf_counter()
    migrate()
    migrated = time.perf_counter() - began
    set_up_django()
    from bench import intake, web

    report_lines = [Line("migrate an empty database", "", f"{migrated:.1f} s", "", migrated, 5)]
    report_lines += intake.measure(n)
    pages, worker_kib = web.measure(n)
    report_lines += pages
    command = [sys.executable, "-m", "bench.child"]
    child = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    for process, kib, limit in (
        ("web worker", worker_kib, WEB_LIMIT),
        ("Celery child", int(child.stdout.split()[-1]), CHILD_LIMIT),
    ):
        mib = kib / 1024
        name = f"memory of a {process}"
        report_lines.append(Line(name, f"{n:,}", f"{mib:.0f} MiB", "", mib, limit))
    print(json.dumps({"lines": [asdict(line) for line in report_lines]}))


if __name__ == "__main__":
    main()
