"""All lines of one size, in a process and an empty database of their own; JSON on the last line.

Run by `python -m bench` with DATABASE_URL set: `python -m bench.size N`.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DETAILED = 10_000  # incidents whose alerts are stored in the line of details


def main() -> None:
    """Migrate, store, list; print lines and resident memory."""
    n = int(sys.argv[1])
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True
    )
    migrated = time.perf_counter() - began
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
        cwd=ROOT,
        check=True,
    )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")
    import django

    django.setup()
    from bench import api_list, details, intake, web
    from bench.report import Line

    report_lines = [Line("migrate an empty database", "", f"{migrated:.1f} s", "", migrated, 15)]
    report_lines += intake.measure(n)
    pages, worker = web.measure(n)
    report_lines += pages
    report_lines += api_list.measure(n)
    child = int(
        subprocess.run(
            [sys.executable, "-m", "bench.child"], cwd=ROOT, check=True, stdout=subprocess.PIPE
        ).stdout.split()[-1]
    )
    report_lines += details.measure(min(n, DETAILED))
    memory = {"web worker": worker, "Celery child": child}
    print(json.dumps({"lines": [asdict(line) for line in report_lines], "memory": memory}))


if __name__ == "__main__":
    main()
