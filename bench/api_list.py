"""A list of the REST API, 1,000 rows a page, beside `.values()` and orjson over the same rows.

The product is a whole request in this process, handed over as a WSGI server does and without what
Django's test client adds: middleware, token, throttle, grants, age of the data, filters, page,
mark. The floor is one query of the same columns in the same scope and order, and orjson. Both read
the same pages, turn by turn.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson

from bench.plant_pages import NOW
from bench.report import Line
from bench.setup import make_analyst

TURNS, PAGES, ROWS = 40, 8, 1000
FIELDS = (
    "id",
    "number",
    "title",
    "severity",
    "status",
    "ot_state",
    "owner_name",
    "source",
    "destination",
    "priority",
    "created_at",
    "modified_at",
)


def measure(n: int) -> list[Line]:
    """How many rows a second the product tells, beside the floor."""
    from portal.accounts.models import User

    user = make_analyst("api@demo.example", now=NOW)
    ask = _program(user)
    marks = _marks(ask, min(PAGES, max(1, n // ROWS - 1)))
    ours: list[float] = []
    floor: list[float] = []
    for turn in range(TURNS + 5):
        cursor, mark = marks[turn % len(marks)]
        spent = _seconds(partial(ask, cursor))
        bare = _seconds(partial(_bare, User.objects.get(pk=user.pk), mark))
        if turn >= 5:
            ours.append(spent)
            floor.append(bare)
    our_seconds, floor_seconds = statistics.median(ours), statistics.median(floor)
    rates = [f"{ROWS / rate_seconds:,.0f} rows/s" for rate_seconds in (our_seconds, floor_seconds)]
    name = "API list, 1,000 rows, fields chosen"
    return [
        Line(name, f"{n:,}", rates[0], rates[1], floor_seconds / our_seconds, 0.35, at_least=True)
    ]


def _program(user: Any) -> Callable[[str], Any]:
    """A program with a token that asks for one page."""
    from django.test import RequestFactory
    from django.test.client import ClientHandler

    from portal import clock
    from portal.accounts.services.tokens import create_token

    token = create_token(owner=user, name="bench", scopes=["read"], by="bench", now=clock.now())
    headers = {"Authorization": f"Bearer {token.secret}", "Host": "localhost"}
    makes, serves = RequestFactory(headers=headers), ClientHandler()

    def ask(cursor: str) -> Any:
        query = {"page_size": str(ROWS), "fields": ",".join(FIELDS)}
        page_request = makes.get(
            "/api/v1/incidents/", query | ({"cursor": cursor} if cursor else {})
        )
        answer: Any = serves(page_request.environ)
        if answer.status_code != 200:
            raise RuntimeError(f"The API answered {answer.status_code}: {answer.content[:200]!r}")
        return answer

    return ask


def _marks(ask: Callable[[str], Any], pages: int) -> list[tuple[str, tuple[Any, int] | None]]:
    """Cursors of the first pages, and what they mean to the floor."""
    from alerts.incidents.models import Incident

    marks: list[tuple[str, tuple[Any, int] | None]] = [("", None)]
    for _ in range(pages - 1):
        page = orjson.loads(ask(marks[-1][0]).content)
        last = Incident.objects.get(pk=page["results"][-1]["id"])
        marks.append((page["next"], (last.modified_at, last.pk)))
    return marks


def _bare(user: Any, mark: tuple[Any, int] | None) -> bytes:
    from django.db.models import Q

    from alerts.incidents.queries import incidents_visible_to

    rows = incidents_visible_to(user).order_by("-modified_at", "-pk")
    if mark is not None:
        beside = Q(modified_at__lt=mark[0]) | Q(modified_at=mark[0], pk__lt=mark[1])
        rows = rows.filter(beside, modified_at__lte=mark[0])
    values = list(rows.values(*FIELDS)[:ROWS])
    if len(values) != ROWS:
        raise RuntimeError(f"The floor found {len(values)} rows.")
    return orjson.dumps(values)


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
