"""Intake against its floors, both measured in one run: new incidents, unchanged pages.

Run: `python -m bench.intake [--incidents N] [--open SHARE]`. Works in a database of its own and
commits each page, on both sides.
"""

import argparse
import os
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

PAGE = 1000
START = datetime(2026, 8, 1, tzinfo=UTC)
NOW = START + timedelta(days=120)
TITLES = (
    "Unauthorized PLC Programming",
    "New Asset Detected",
    "Firmware Change Detected",
    "(MDIoT) Address Scan Detected in Network",
    "Illegal Function Codes for ASCII Message",
)


def pages(*, n: int, open_share: float) -> list[bytes]:
    """Pages as Sentinel lists them, about 2.5 KB an incident."""
    made = []
    for first in range(0, n, PAGE):
        rows = [_incident(number, open_share) for number in range(first, min(first + PAGE, n))]
        made.append(orjson.dumps({"value": rows}))
    return made


def _incident(number: int, open_share: float) -> dict[str, Any]:
    name = str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))
    at = (START + timedelta(seconds=number * 7)).isoformat().replace("+00:00", "Z")
    is_open = (number * 7919 % 1000) / 1000 < open_share
    closing = {
        "classification": "BenignPositive",
        "classificationReason": "SuspiciousButExpected",
        "classificationComment": "Planned download, work order WO-20917.",
    }
    url = f"https://portal.azure.com/#asset/Microsoft_Azure_Security_Insights/Incident/{name}"
    properties = {
        "title": TITLES[number % len(TITLES)],
        "description": "A controller was programmed by a station that never did so before. " * 14,
        "severity": ("High", "Medium", "Low", "Informational")[number % 4],
        "status": "New" if is_open else "Closed",
        "owner": {"objectId": None, "email": None, "assignedTo": None, "userPrincipalName": None},
        "labels": [{"labelName": "plant-b", "labelType": "User"}],
        "firstActivityTimeUtc": at,
        "lastActivityTimeUtc": at,
        "lastModifiedTimeUtc": at,
        "createdTimeUtc": at,
        "incidentNumber": number,
        "incidentUrl": url,
        "additionalData": {
            "alertsCount": 1,
            "bookmarksCount": 0,
            "commentsCount": 0,
            "alertProductNames": ["Azure Security Center for IoT"],
            "tactics": ["ImpairProcessControl"],
            "techniques": ["T0843"],
            "providerIncidentUrl": url,
        },
        "relatedAnalyticRuleIds": [f"/subscriptions/s/alertRules/{n}" for n in range(2)],
        "providerName": "Azure Sentinel",
        "providerIncidentId": str(number),
    } | ({} if is_open else closing)
    return {
        "id": f"/subscriptions/s/resourceGroups/rg/providers/Microsoft.SecurityInsights/{name}",
        "name": name,
        "etag": f'"{number:08x}-0000-0d00-0000-{number:012x}"',
        "type": "Microsoft.SecurityInsights/Incidents",
        "properties": properties,
    }


FLOOR_TABLES = """
    CREATE TEMP TABLE floor_stage (name text, etag text, number int, title text, severity text,
        status text, created timestamptz, modified timestamptz, body jsonb);
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
        lines = []
        for row in orjson.loads(body)["value"]:
            said = row["properties"]
            raw = orjson.dumps(row).decode().replace("\\", "\\\\")
            lines.append(
                f"{row['name']}\t{row['etag']}\t{said['incidentNumber']}\t{said['title']}\t"
                f"{said['severity']}\t{said['status']}\t{said['createdTimeUtc']}\t"
                f"{said['lastModifiedTimeUtc']}\t{raw}"
            )
        copy.write(("\n".join(lines) + "\n").encode())
    cursor.execute(FLOOR_MERGE)
    cursor.execute("TRUNCATE floor_stage")


def probe_floor_page(cursor: Any, body: bytes) -> None:
    """The probe's floor: parse, and one question for all names of the page."""
    heads = [(row["name"], row["etag"]) for row in orjson.loads(body)["value"]]
    cursor.execute(
        "SELECT name, etag FROM floor_hot WHERE name = ANY(%s)", ([name for name, _ in heads],)
    )
    known = dict(cursor.fetchall())
    if [name for name, etag in heads if known.get(name) != etag]:
        raise RuntimeError("The floor found a change where there is none.")


def timed(body: bytes, work: Callable[[bytes], None]) -> tuple[float, float]:
    """Seconds and CPU seconds of one page."""
    wall, cpu = time.perf_counter(), time.process_time()
    work(body)
    return time.perf_counter() - wall, time.process_time() - cpu


def measure(n: int, open_share: float) -> list[dict[str, Any]]:
    """Feed the same pages into the floor and into the product, turn by turn."""
    from django.db import connection, transaction

    from alerts.intake.services.pages import store_page
    from alerts.intake.services.runs import advance, cursor_of
    from alerts.sentinel.models import Workspace
    from alerts.sentinel.wire import read_incident_page

    bodies = pages(n=n, open_share=open_share)
    lines = []
    workspace = Workspace.objects.create(
        name="bench", tenant_id="t", subscription_id="s", resource_group="r",
        workspace_name="bench", credential="client-secret", added_at=NOW,
    )  # fmt: skip
    cursor_of(workspace_id=workspace.pk)
    with connection.cursor() as cursor:
        cursor.execute(FLOOR_TABLES)

        def stored(body: bytes) -> None:
            page = read_incident_page(body)
            seen = page.latest_modified(until=NOW)
            with transaction.atomic():
                store_page(workspace_id=workspace.pk, page=page, now=NOW)
                advance(workspace_id=workspace.pk, seen=seen, now=NOW)

        for what, floor in (("new", floor_page), ("unchanged", probe_floor_page)):
            spent = [0.0, 0.0, 0.0, 0.0]

            def floored(body: bytes, floor: Callable[[Any, bytes], None] = floor) -> None:
                with transaction.atomic():
                    floor(cursor, body)

            for body in bodies:
                for place, work in ((0, floored), (2, stored)):
                    wall, cpu = timed(body, work)
                    spent[place] += wall
                    spent[place + 1] += cpu
            lines.append(
                {
                    "line": f"{what} incidents, {open_share:.0%} open",
                    "floor_per_s": round(n / spent[0]),
                    "tagout_per_s": round(n / spent[2]),
                    "ratio": round(spent[0] / spent[2], 2),
                    "floor_cpu_us": round(spent[1] / n * 1e6, 1),
                    "tagout_cpu_us": round(spent[3] / n * 1e6, 1),
                }
            )
    return lines


def main() -> None:
    """Print one JSON line a measurement."""
    from portal import embedded

    parser = argparse.ArgumentParser()
    parser.add_argument("--incidents", type=int, default=20_000)
    parser.add_argument("--open", type=float, default=0.2)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    embedded.ensure_environment(Path(os.environ.get("DATA_DIR", ".data")))
    import django

    django.setup()
    from django.db import connection

    own, name = connection.settings_dict["NAME"], ""
    try:
        name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
        for line in measure(options.incidents, options.open):
            sys.stdout.write(orjson.dumps(line).decode() + "\n")
    finally:
        if name:
            connection.creation.destroy_test_db(own, verbosity=0)


if __name__ == "__main__":
    main()
