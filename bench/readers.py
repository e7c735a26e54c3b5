"""Twenty people who read at once: what the incident page costs beside the queue.

Run: `python -m bench.readers [--users N] [--seconds S] [--incidents N]`. The web process is the one
of the image (two workers, four threads each), over a database of its own; each person opens a page,
fetches what the page fetches by itself, and thinks for a while before the next one.
"""

import argparse
import http.client
import random
import re
import statistics
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bench import details
from bench.intake import NOW, START
from bench.past import without_timeout
from bench.report import Line, show
from bench.setup import own_database, session_cookie
from bench.web import gunicorn

IMAGE = ("--worker-class", "portal.runtime.web_worker.BufferingWorker")
WORKERS = 2
LIMIT = 1.5  # of the queue's time, for the incident page
THINKING = (1.0, 4.0)  # seconds between two pages
WARM_UP = 4.0  # seconds that count for nothing
# Pages, and how often each is opened: a queue is read and its rows are opened.
PAGES = {
    "queue": ("/incidents/?view=open", 7),
    "incident": ("", 7),  # one of the rows that the queue showed last
    "devices": ("/devices/", 2),
    "rules": ("/rules/", 2),
    "home": ("/", 1),
    "reviews": ("/reviews/", 1),
}
SPAN = timedelta(days=85)
_MOMENTS = (
    "SELECT column_name FROM information_schema.columns"
    " WHERE table_name = %s AND data_type = 'timestamp with time zone'"
)
_ROW = re.compile(r'href="(/incidents/\d+/)"')
_BY_ITSELF = re.compile(r'hx-get="([^"]+)" hx-trigger="load"')


@dataclass
class Notes:
    """What all readers met: seconds for each page, and what went wrong."""

    spent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)


@dataclass
class Reader:
    """One person in a browser of their own."""

    port: int
    cookie: str
    notes: Notes
    dice: random.Random
    counts_from: float
    ends: float
    rows: list[str] = field(default_factory=list)

    def read(self) -> None:
        """Open pages until it is over."""
        time.sleep(self.dice.uniform(0, THINKING[1]))  # nobody begins at the same moment
        names, weights = list(PAGES), [weight for _, weight in PAGES.values()]
        while time.monotonic() < self.ends:
            name = self.dice.choices(names, weights)[0] if self.rows else "queue"
            address = PAGES[name][0] or self.dice.choice(self.rows)
            try:
                self._open(name, address)
            except (OSError, http.client.HTTPException) as problem:
                self.notes.errors.append(f"{address}: {type(problem).__name__} {problem}")
            time.sleep(self.dice.uniform(*THINKING))

    def _open(self, name: str, address: str) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        page = self._get(line, name, address)
        if name == "queue":
            self.rows = sorted(set(_ROW.findall(page))) or self.rows
        for part in _BY_ITSELF.findall(page):
            self._get(line, f"part of {name}", part.replace("&amp;", "&"))
        line.close()

    def _get(self, line: http.client.HTTPConnection, name: str, address: str) -> str:
        began = time.monotonic()
        part = {"HX-Request": "true"} if name.startswith("part") else {}
        headers = {"Cookie": self.cookie, "Host": "localhost"} | part
        line.request("GET", address, headers=headers)
        answer = line.getresponse()
        body = answer.read().decode()
        if answer.status not in {200, 204}:
            self.notes.errors.append(f"{address}: {answer.status}")
        if began >= self.counts_from:
            self.notes.spent[name].append(time.monotonic() - began)
        return body


def measure(*, users: int, seconds: float) -> Notes:
    """Let people read over a database that is filled."""
    cookies = [cookie_of(number) for number in range(users)]
    notes = Notes()
    with gunicorn(*IMAGE, workers=WORKERS) as (port, _):
        began = time.monotonic()
        readers = [
            Reader(
                port,
                cookie,
                notes,
                random.Random(number),
                began + WARM_UP,
                began + WARM_UP + seconds,
            )
            for number, cookie in enumerate(cookies)
        ]
        threads = [threading.Thread(target=reader.read) for reader in readers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return notes


def cookie_of(number: int) -> str:
    """One of the people, signed in: half of them analysts, OT of each site, and those above."""
    from alerts.sites.models import Site
    from portal.accounts.models import GrantScope, Role, User
    from portal.accounts.services.people import grant_role

    others = (Role.OT_ENGINEER, Role.OT_ENGINEER, Role.SOC_LEAD, Role.MANAGER, Role.AUDITOR)
    role = Role.SOC_ANALYST if number % 2 else others[number // 2 % len(others)]
    sites = list(Site.objects.order_by("pk"))
    is_of_a_site = role == Role.OT_ENGINEER
    person = User.objects.create_user(f"reader{number}@demo.example", f"Reader {number}")
    grant_role(
        to=person,
        role=role,
        scope=GrantScope.SITE if is_of_a_site else GrantScope.ALL,
        scope_uuid=sites[number // 2 % len(sites)].uuid if is_of_a_site else None,
        by="bench",
        now=NOW,
    )
    return session_cookie(person)


def fill(incidents: int) -> None:
    """Incidents with their details, as if they had come over the last 85 days."""
    from django.db import connection, transaction

    _, ids = details.prepared("readers", incidents)
    for piece, answers in details.batches(ids, "readers"):
        with transaction.atomic():
            details.detailed(piece, answers)
    ended = START + timedelta(seconds=7 * incidents)
    with connection.cursor() as cursor, without_timeout():
        for table in details.DETAILS:
            cursor.execute(_MOMENTS, [table])
            moved = [f"{name} = now() - (%(ended)s - {name}) * %(by)s" for (name,) in cursor]
            if moved:
                by = SPAN / timedelta(seconds=7 * incidents)
                params: dict[str, Any] = {"ended": ended, "by": by}
                cursor.execute(f"UPDATE {table} SET {', '.join(moved)}", params)
        cursor.execute("VACUUM (ANALYZE)")  # as autovacuum does within a minute, but not meanwhile


def lines_of(notes: Notes, *, users: int) -> list[Line]:
    """The promises; what each page took goes to stderr."""
    print(f"\n{'page':<20} {'opened':>6} {'p50':>8} {'p95':>8}", file=sys.stderr)
    for name, spent in sorted(notes.spent.items()):
        half, most = (
            f"{seconds * 1000:.0f} ms" for seconds in (statistics.median(spent), p95(spent))
        )
        print(f"{name:<20} {len(spent):>6} {half:>8} {most:>8}", file=sys.stderr)
    for error in notes.errors[:5]:
        print(error, file=sys.stderr)
    people, (ours, floor) = f"{users} people", (p95(notes.spent[n]) for n in ("incident", "queue"))
    return [
        Line(
            "incident page beside the queue, p95",
            people,
            f"{ours * 1000:.0f} ms",
            f"{floor * 1000:.0f} ms",
            ours / floor,
            LIMIT,
        ),
        Line("answers that are errors", people, f"{len(notes.errors)}", "", len(notes.errors), 0),
    ]


def p95(spent: list[float]) -> float:
    """The seconds within which nineteen of twenty pages were there."""
    return statistics.quantiles(spent, n=20)[-1]


def main() -> int:
    """Fill a database, let people read, print; 1 when a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.readers", description=__doc__)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=45)
    parser.add_argument("--incidents", type=int, default=10_000)
    options = parser.parse_args()
    with own_database():
        from django.core.management import call_command

        call_command("collectstatic", interactive=False, verbosity=0)
        fill(options.incidents)
        notes = measure(users=options.users, seconds=options.seconds)
    return 0 if show(lines_of(notes, users=options.users)) else 1


if __name__ == "__main__":
    sys.exit(main())
