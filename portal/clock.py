"""What time it is: PostgreSQL's time, plus the demo's offset. Doors ask once and pass it on.

`now()` is business time (expiry, due times, what pages show). `unshifted()` is for leases,
back-off and undo holds, which must not jump when the demo moves its clock (reliability G11).
Tests replace `portal.clock.now`.
"""

from datetime import datetime

from django.db import connection
from django.http import HttpRequest


def now() -> datetime:
    """Business time: the database's clock plus the one offset row, timezone-aware UTC."""
    return _ask(
        "SELECT clock_timestamp() + coalesce("
        "(SELECT make_interval(secs => seconds) FROM jobs_clockoffset WHERE id = 1), interval '0')"
    )


def now_of(request: HttpRequest) -> datetime:
    """Business time of a page: asked once a request, however many parts of the page use it."""
    cached: datetime | None = request.__dict__.get("_tagout_now")
    if cached is None:
        cached = request.__dict__["_tagout_now"] = now()
    return cached


def unshifted() -> datetime:
    """The database's own clock, timezone-aware UTC."""
    return _ask("SELECT clock_timestamp()")


def _ask(sql: str) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        moment: datetime = cursor.fetchone()[0]
    return moment
