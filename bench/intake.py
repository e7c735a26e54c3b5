"""Intake against its floors, measured in one run: new incidents and unchanged pages.

Both sides commit each page, turn by turn, so that both meet the same load.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson

from bench import plant_pages
from bench.report import Line, Race
from bench.setup import as_a_worker, make_workspace

FLOOR_TABLES = """
    CREATE TEMP TABLE floor_stage (name text, etag text, number int, title text, severity text,
        status text, created timestamptz, modified timestamptz, body jsonb)
        ON COMMIT DELETE ROWS;
    CREATE TABLE floor_hot (id bigserial PRIMARY KEY, name text UNIQUE, etag text, number int,
        title text, severity text, status text, created timestamptz, modified timestamptz);
    CREATE TABLE floor_raw (id bigint PRIMARY KEY, body jsonb);
    DO $$ BEGIN
        ALTER TABLE floor_raw ALTER COLUMN body SET COMPRESSION lz4;
        ALTER TABLE floor_stage ALTER COLUMN body SET COMPRESSION lz4;
    EXCEPTION WHEN OTHERS THEN NULL; END $$;
"""
FLOOR_MERGE = """
    WITH hot AS (
        INSERT INTO floor_hot (name, etag, number, title, severity, status, created, modified)
        SELECT name, etag, number, title, severity, status, created, modified FROM floor_stage
        ON CONFLICT (name) DO UPDATE SET etag = excluded.etag, status = excluded.status
        RETURNING id, name)
    INSERT INTO floor_raw SELECT hot.id, s.body FROM hot JOIN floor_stage s USING (name)
    ON CONFLICT (id) DO UPDATE SET body = excluded.body
"""


def floor_page(cursor: Any, body: bytes) -> None:
    """The floor: orjson, COPY into a stage, merge into a narrow table and a raw one."""
    with cursor.copy("COPY floor_stage FROM STDIN") as copy:
        copy_rows = []
        for row in orjson.loads(body)["value"]:
            properties = row["properties"]
            raw = orjson.dumps(row).decode().replace("\\", "\\\\")
            copy_rows.append(
                f"{row['name']}\t{row['etag']}\t{properties['incidentNumber']}\t{properties['title']}\t"
                f"{properties['severity']}\t{properties['status']}\t{properties['createdTimeUtc']}\t"
                f"{properties['lastModifiedTimeUtc']}\t{raw}"
            )
        copy.write(("\n".join(copy_rows) + "\n").encode())
    cursor.execute(FLOOR_MERGE)


def probe_floor_page(cursor: Any, body: bytes) -> None:
    """The probe's floor: parse, and one question for all names of the page."""
    heads = [(row["name"], row["etag"]) for row in orjson.loads(body)["value"]]
    cursor.execute(
        "SELECT name, etag FROM floor_hot WHERE name = ANY(%s)", ([name for name, _ in heads],)
    )
    etags = dict(cursor.fetchall())
    if [name for name, etag in heads if etags.get(name) != etag]:
        raise RuntimeError("The floor found a change where there is none.")


class FloorThenPages:
    """A far end that runs the floor over each page before it hands it over, and stops the clock."""

    def __init__(self, race: Race, n: int, floor: Callable[[bytes], None]) -> None:
        self.race, self.n, self.floor = race, n, floor
        self._since: tuple[float, float] | None = None
        self._has_answered = False

    @property
    def resource_manager(self) -> "FloorThenPages":
        """Itself: it lists incidents as Azure's resource manager does."""
        return self

    def list_incidents(self, *, next_link: str | None = None, **_asked: Any) -> bytes:
        """The next page; the time from its hand-over to the next question is the product's."""
        self.stop()
        if next_link is None and self._has_answered:  # asked on from the end of a full page
            return b'{"value":[]}'
        self._has_answered, k = True, int(next_link or 0)
        body = plant_pages.page(k, n=self.n)
        self.race.add_floor(
            min(plant_pages.PAGE, self.n - k * plant_pages.PAGE), partial(self.floor, body)
        )
        self._since = time.perf_counter(), time.process_time()
        return body

    def stop(self) -> None:
        """Count what was spent since the latest page was handed over."""
        if self._since:
            wall, cpu = self._since
            self.race.add_ours(time.perf_counter() - wall, time.process_time() - cpu)
            self._since = None


def measure(n: int) -> list[Line]:
    """Pull the same list twice: all new, then nothing changed. All bookkeeping is the product's."""
    from django.db import connection, transaction

    from alerts.intake.services.poll import pull_changes

    plant_pages.page(0, n=n)  # the plant tells its incidents before the race
    as_a_worker()
    workspace = make_workspace("bench", now=plant_pages.NOW)
    races = [Race("intake, new incidents", 0.5), Race("intake, unchanged pages", 0.5)]
    with connection.cursor() as cursor:
        cursor.execute(FLOOR_TABLES)

        def floored(work: Callable[[Any, bytes], None], body: bytes) -> None:
            with transaction.atomic():
                work(cursor, body)

        for race, work in zip(races, (floor_page, probe_floor_page), strict=True):
            client: Any = FloorThenPages(race, n, partial(floored, work))
            pull_changes(workspace=workspace, client=client, now=plant_pages.NOW)
            client.stop()
            cursor.execute("ANALYZE")  # as autovacuum does within a minute
    return [line for race in races for line in race.report_lines()]
