"""The lines of the queue page only, each size in a database of its own.

Run: `python -m bench.queue [--incidents N …]`.
"""

import argparse
import sys

from bench import plant_pages, web
from bench.race import own_database
from bench.report import Line, show


def main() -> int:
    """Store incidents, ask for pages, print; 1 when a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.queue", description=__doc__)
    parser.add_argument("--incidents", type=int, nargs="+", default=[20_000])
    lines: list[Line] = []
    for n in parser.parse_args().incidents:
        with own_database():
            from django.core.management import call_command

            call_command("collectstatic", interactive=False, verbosity=0)
            plant_pages.store(n, workspace="bench")
            lines += web.measure(n)[0]
    return 0 if show(lines) else 1


if __name__ == "__main__":
    sys.exit(main())
