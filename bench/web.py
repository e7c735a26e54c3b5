"""Pages over one connection to gunicorn, beside a bare signed-in list; memory of the process."""

import http.client
import os
import re
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from bench import notes, plant_pages
from bench.past import without_timeout
from bench.report import Line
from bench.setup import make_analyst, session_cookie

TURNS = 200
SEARCH_TURNS, MIN_TURNS = 40, 5  # of a search together, and of each of its addresses
# Addresses, and how many times a bare list each may take. A bare list takes 8 ms on the machine of
# docs/bench.md, so that 300 ms for the queue and 150 ms for the palette are far away.
FIELDS = (
    "fields=id,number,title,severity,status,ot_state,owner_name,source,destination,priority,"
    "created_at,modified_at"
)


def _note_searches(view: str) -> list[str]:
    """The queue once for each word, and for words together."""
    return [
        f"/incidents/?{urlencode({'view': view, 'q': f'note:"{words}"'})}"
        for words in notes.searches()
    ]


SEARCHES = {
    "queue with a filter": (["/incidents/?view=open&q=programming"], 30),
    "queue by address": (["/incidents/?view=open&q=10.20.10.11"], 30),
    "queue, closed ones": (["/incidents/?view=closed&q=no-such-word"], 30),
    "queue by words of notes": (_note_searches("open"), 30),
    "queue by words of notes, closed": (_note_searches("closed"), 30),
    "palette, found": (["/search/?q=plc"], 15),
    "palette, nothing found": (["/search/?q=no-such-word"], 15),
    "incident page": ([""], 15),  # of the first row of the queue
    "API list, 1,000 rows, fields chosen": ([f"/api/v1/incidents/?page_size=1000&{FIELDS}"], 15),
}


def measure(n: int) -> tuple[list[Line], int]:
    """The lines of the queue page, and the web worker's resident KiB after 200 pages of it."""
    from django.db import connection

    cookie = session_cookie(make_analyst("bench@demo.example", now=plant_pages.NOW))
    notes.fill()
    with connection.cursor() as cursor, without_timeout():
        cursor.execute("VACUUM (ANALYZE)")  # as autovacuum does within a minute, but not meanwhile
    with gunicorn("--keep-alive", "60") as (port, worker):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        spent: dict[str, list[float]] = {"/bench/bare": [], "/incidents/": []}
        cpu = dict.fromkeys(spent, 0.0)
        for turn in range(TURNS + 5):
            for address, times in spent.items():
                before, began = cpu_of(worker), time.perf_counter()
                _get(client, address, cookie)
                if turn >= 5:
                    times.append(time.perf_counter() - began)
                    cpu[address] += cpu_of(worker) - before
        resident = resident_kib(worker)
        incident = f"/incidents/{_first_incident()}/"
        slowest = {
            name: _ninety_fifth(client, [address or incident for address in addresses], cookie)
            for name, (addresses, _) in SEARCHES.items()
        }
    bare, queue = (statistics.median(times) * 1000 for times in spent.values())
    bare_cpu, queue_cpu = (seconds / TURNS * 1000 for seconds in cpu.values())
    size = f"{n:,}"
    report_lines = [
        Line(
            "queue page, p50 of one connection",
            size,
            f"{queue:.1f} ms",
            f"{bare:.1f} ms",
            queue / bare,
            3.5,
        ),
        Line(
            "queue page, CPU",
            size,
            f"{queue_cpu:.1f} ms",
            f"{bare_cpu:.1f} ms",
            queue_cpu / bare_cpu,
            3.5,
        ),
    ]
    for name, (_, limit) in SEARCHES.items():
        slow = slowest[name] * 1000
        report_lines.append(
            Line(f"{name}, p95", size, f"{slow:.0f} ms", f"{bare:.1f} ms", slow / bare, limit)
        )
    return report_lines, resident


def _first_incident() -> int | None:
    from alerts.incidents.models import Group

    rows = Group.objects.order_by("-priority", "-latest_at", "key")
    return rows.values_list("lead_id", flat=True)[0]


def _ninety_fifth(
    client: http.client.HTTPConnection, addresses: Sequence[str], cookie: str
) -> float:
    """The time in seconds within which nineteen of twenty answers are there."""
    times = []
    for address in addresses:
        for turn in range(max(SEARCH_TURNS // len(addresses), MIN_TURNS) + 2):
            began = time.perf_counter()
            _get(client, address, cookie, rows=0)
            if turn > 1:
                times.append(time.perf_counter() - began)
    return statistics.quantiles(times, n=20)[-1]


def cpu_of(pid: int) -> float:
    """CPU seconds a process has used, all its threads together."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def resident_kib(pid: int) -> int:
    """The resident memory of a process."""
    match = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(match.group(1)) if match else 0


def _get(client: http.client.HTTPConnection, address: str, cookie: str, *, rows: int = 50) -> None:
    client.request("GET", address, headers={"Cookie": cookie, "Host": "localhost"})
    answer = client.getresponse()
    body = answer.read()
    if answer.status != 200 or body.count(b"<tr") < rows:
        raise RuntimeError(f"{address} answered {answer.status} with {body.count(b'<tr')} rows.")


@contextmanager
def gunicorn(*options: str) -> Iterator[tuple[int, int]]:
    """A gunicorn over the database of this process; its port and the id of its first worker."""
    from django.db import connection

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = connection.settings_dict
    url = (
        f"postgresql://{database['USER']}@{database['HOST'].replace('/', '%2F')}/{database['NAME']}"
    )
    command = [
        sys.executable,
        *shlex.split(f"-m gunicorn portal.wsgi:application --bind 127.0.0.1:{port}"),
        *shlex.split("--workers 1 --threads 4"),
        *("--worker-tmp-dir", tempfile.gettempdir()),
        *options,
    ]
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "bench.settings", "DATABASE_URL": url}
    with tempfile.TemporaryFile() as log:
        master = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        try:
            yield port, _worker_of(master.pid, port)
        finally:
            master.terminate()
            master.wait(30)


def _worker_of(master: int, port: int) -> int:
    children = Path(f"/proc/{master}/task/{master}/children")
    for _ in range(600):
        with socket.socket() as probe:
            probe.settimeout(1)
            if children.read_text().split() and probe.connect_ex(("127.0.0.1", port)) == 0:
                return int(children.read_text().split()[0])
        time.sleep(0.1)
    raise RuntimeError("gunicorn did not start.")
