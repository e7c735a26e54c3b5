"""Intake against its floors, measured in one run: new incidents, unchanged pages, alerts.

Run: `python -m bench.intake [--incidents N] [--open SHARE]`. Works in a database of its own and
commits each page, on both sides, turn by turn, so that both meet the same load.
"""

import argparse
import os
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from bench.report import Line, show

PAGE, BATCH = 1000, 250
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


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds and CPU seconds of some work."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


# The same tables with the same indexes: what is compared is the thinking, not the storing.
ALERT_FLOOR_TABLES = "".join(
    f"CREATE TABLE floor_{table} (LIKE incidents_{table} INCLUDING ALL);"
    for table in ("alert", "alertraw", "incidentalert", "entity")
)


def alert_answers(n: int) -> list[tuple[bytes, bytes]]:
    """Alerts and entities of incidents, as two answers each."""
    made = []
    for number in range(n):
        ends = [f"10.{number % 3}.{number % 40}.7", f"10.{number % 3}.{number % 50}.21"]
        bag = {
            "SensorId": f"sensor-{number % 6}",
            "SiteDisplayName": f"Plant {number % 3}",
            "SensorZone": f"Zone {number % 6}",
            "SourceDevice": f"EWS-{number % 40}",
            "SourceDeviceAddress": ends[0],
            "DestinationDevice": f"PLC-{number % 50}",
            "DestinationDeviceAddress": ends[1],
            "Protocol": "CIP",
            "Port": "44818",
            "Category": "Programming",
        }
        properties = {
            "systemAlertId": str(uuid.uuid5(uuid.NAMESPACE_URL, str(number))),
            "vendorOriginalId": str(uuid.uuid5(uuid.NAMESPACE_DNS, str(number))),
            "alertDisplayName": TITLES[number % len(TITLES)],
            "severity": "High",
            "description": "A controller was programmed by a station that never did so. " * 6,
            "productName": "Azure Security Center for IoT",
            "startTimeUtc": "2026-11-24T05:30:00Z",
            "timeGenerated": "2026-11-24T05:35:00Z",
            "tactics": ["ImpairProcessControl"],
            "additionalData": bag,
        }
        alert = {"name": f"a{number}", "kind": "SecurityAlert", "properties": properties}
        entities = [
            {"id": f"e{number}-{end}", "name": f"e{number}-{end}", "kind": "Ip",
             "properties": {"address": end, "friendlyName": end}}
            for end in ends
        ]  # fmt: skip
        made.append((orjson.dumps({"value": [alert]}), orjson.dumps({"entities": entities})))
    return made


def alert_floor(
    cursor: Any, workspace_id: int, first: int, answers: list[tuple[bytes, bytes]]
) -> None:
    """The floor of details: orjson, COPYs of the same rows, no thought about any of them."""
    alerts, raws, links, entities = [], [], [], []
    for number, (alert, found) in enumerate(answers, first + 1):
        (row,) = orjson.loads(alert)["value"]
        said, bag = row["properties"], row["properties"]["additionalData"]
        ends = f"{bag['SourceDeviceAddress']},{bag['DestinationDeviceAddress']}"
        alerts.append(
            f"{number}\t{workspace_id}\t{said['vendorOriginalId']}\t{said['systemAlertId']}\t"
            f"{bag['SensorId']}\t{said['alertDisplayName']}\t\t\t{bag['Category']}\t4\t"
            f"{bag['Protocol']}\t{bag['Port']}\t\t{{}}\t{{}}\t{said['productName']}\t"
            f"{bag['SourceDevice']}\t{bag['SourceDeviceAddress']}\t{bag['DestinationDevice']}\t"
            f"{bag['DestinationDeviceAddress']}\t{{}}\t{{{ends}}}\t{said['startTimeUtc']}\t"
            f"{said['timeGenerated']}\t{{}}"
        )
        raws.append(f"{number}\t{orjson.dumps(row).decode()}")
        links.append(f"{number}\t{number}\t{number}")
        entities += [
            f"{number}\t{one['name']}\t{one['kind']}\t\t{orjson.dumps(one).decode()}"
            for one in orjson.loads(found)["entities"]
        ]
    columns = (
        "id, workspace_id, key, system_alert_id, sensor, alert_type, user_defined_title, engine,"
        " category, severity, protocol, port, function, techniques, tactics, product_name,"
        " source_device, source_address, destination_device, destination_address, any_device,"
        " any_address, at, latest_at, flags"
    )
    for table, lines in (
        (f"floor_alert ({columns})", alerts),
        ("floor_alertraw (alert_id, body)", raws),
        ("floor_incidentalert (id, incident_id, alert_id)", links),
        ("floor_entity (incident_id, name, kind, label, body)", entities),
    ):
        with cursor.copy(f"COPY {table} FROM STDIN") as copy:
            copy.write(("\n".join(lines) + "\n").encode())


class Race:
    """Floor and product over the same pieces, turn by turn."""

    def __init__(self, what: str, limit: float) -> None:
        self.what, self.limit = what, limit
        self.n, self.floor, self.ours, self.floor_cpu, self.our_cpu = 0, 0.0, 0.0, 0.0, 0.0

    def turn(self, n: int, floor: Callable[[], None], ours: Callable[[], None]) -> None:
        """One piece of work for both."""
        wall, cpu = timed(floor)
        self.floor, self.floor_cpu = self.floor + wall, self.floor_cpu + cpu
        wall, cpu = timed(ours)
        self.ours, self.our_cpu, self.n = self.ours + wall, self.our_cpu + cpu, self.n + n

    def lines(self) -> list[Line]:
        """The rate, and the CPU of our own process."""
        rates = [f"{self.n / each:,.0f}/s" for each in (self.ours, self.floor)]
        cpu = [f"{each / self.n * 1e6:.1f} µs" for each in (self.our_cpu, self.floor_cpu)]
        size = f"{self.n:,}"
        ratio = self.floor / self.ours
        return [
            Line(self.what, size, rates[0], rates[1], ratio, self.limit, at_least=True),
            Line(
                f"{self.what}: client CPU", size, cpu[0], cpu[1], self.our_cpu / self.floor_cpu, 2.0
            ),
        ]


def measure(n: int, open_share: float) -> list[Line]:
    """Feed the same pages into the floor and into the product, turn by turn."""
    from django.db import connection, transaction

    from alerts.incidents.models import Incident
    from alerts.incidents.services.details import Details, store_details_of_many
    from alerts.intake.services.pages import store_page
    from alerts.intake.services.runs import advance, cursor_of
    from alerts.sentinel.models import Workspace
    from alerts.sentinel.wire import read_alerts, read_entities, read_incident_page

    workspace = Workspace.objects.create(
        name="bench", tenant_id="t", subscription_id="s", resource_group="r",
        workspace_name="bench", credential="client-secret", added_at=NOW,
    )  # fmt: skip
    cursor_of(workspace_id=workspace.pk)

    def stored(body: bytes) -> None:
        page = read_incident_page(body)
        seen = page.latest_modified(until=NOW)
        with transaction.atomic():
            store_page(workspace_id=workspace.pk, page=page, now=NOW)
            advance(workspace_id=workspace.pk, seen=seen, now=NOW)

    def detailed(ids: list[int], answers: list[tuple[bytes, bytes]]) -> None:
        given = [
            Details(pk, read_alerts(alert), read_entities(found).entities)
            for pk, (alert, found) in zip(ids, answers, strict=True)
        ]
        store_details_of_many(given=given, now=NOW)

    races = [
        Race(f"intake, new incidents, {open_share:.0%} open", 0.5),
        Race("intake, unchanged pages", 0.5),
        Race("intake, alerts into rows and facts", 0.5),
    ]
    with connection.cursor() as cursor:
        cursor.execute(FLOOR_TABLES)
        cursor.execute(ALERT_FLOOR_TABLES)

        def floored(work: Callable[..., None], *given: Any) -> None:
            with transaction.atomic():
                work(cursor, *given)

        bodies = pages(n=n, open_share=open_share)
        for race, work in zip(races, (floor_page, probe_floor_page), strict=False):
            for body in bodies:
                race.turn(PAGE, partial(floored, work, body), partial(stored, body))
        ids = list(Incident.objects.order_by("pk").values_list("pk", flat=True)[: n // 4])
        answers = alert_answers(len(ids))
        for first in range(0, len(ids), BATCH):
            if first % (BATCH * 5) == BATCH:  # as autovacuum does within a minute
                cursor.execute("ANALYZE")
            piece = answers[first : first + BATCH]
            races[2].turn(
                len(piece),
                partial(floored, alert_floor, workspace.pk, first, piece),
                partial(detailed, ids[first : first + BATCH], piece),
            )
    return [line for race in races for line in race.lines()]


def main() -> None:
    """Print the lines of intake."""
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
        show(measure(options.incidents, options.open))
    finally:
        if name:
            connection.creation.destroy_test_db(own, verbosity=0)


if __name__ == "__main__":
    main()
