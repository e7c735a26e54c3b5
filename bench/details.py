"""Alerts, entities and comments into rows and facts, against a floor that keeps the same bytes.

The floor parses each answer and copies its records as JSON into one table; it derives nothing.
"""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import orjson

from bench import plant_pages
from bench.plant_pages import NOW
from bench.report import Line, Race
from bench.setup import as_a_worker, make_workspace

type Answers = tuple[bytes, bytes, bytes | None]  # alerts, entities, comments

LIMIT = 0.2  # of the floor's rate
TITLES = (
    "Unauthorized PLC Programming",
    "New Asset Detected",
    "Firmware Change Detected",
    "Address Scan Detected in Network",
    "Illegal Function Codes for ASCII Message",
)
FLOOR_TABLES = """
    CREATE TEMP TABLE floor_records_stage (incident_id bigint, kind text, name text, body jsonb)
        ON COMMIT DELETE ROWS;
    CREATE TABLE floor_records (incident_id bigint, kind text, name text, body jsonb,
        PRIMARY KEY (incident_id, kind, name));
"""
FLOOR_MERGE = """
    INSERT INTO floor_records SELECT * FROM floor_records_stage
    ON CONFLICT (incident_id, kind, name) DO UPDATE SET body = excluded.body
"""


def store_floor(cursor: Any, ids: list[int], answers: list[Answers]) -> None:
    """Copy each record of a batch into a stage and merge it into one table."""
    with cursor.copy("COPY floor_records_stage FROM STDIN") as copy:
        for incident_id, (alerts, entities, comments) in zip(ids, answers, strict=True):
            for kind, records in (
                ("alert", orjson.loads(alerts)["value"]),
                ("entity", orjson.loads(entities)["entities"]),
                ("comment", orjson.loads(comments)["value"] if comments else ()),
            ):
                for record in records:
                    copy.write_row(
                        (incident_id, kind, record["name"], orjson.dumps(record).decode())
                    )
    cursor.execute(FLOOR_MERGE)


def answers_of(number: int) -> Answers:
    """Return what Sentinel answers for an incident: an alert, a device with both addresses, for
    one incident of ten a comment.
    """
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"details{number}"))
    source, target = f"10.{number % 3}.{number % 40}.7", f"10.{number % 3}.{number % 50}.21"
    place = {"site": f"Site {number % 3}", "zone": f"Site {number % 3}, zone {number % 6}"}
    at = NOW - timedelta(days=90) + timedelta(seconds=number * 7)
    bag = {
        "SensorId": f"sensor-{number % 6}",
        "SiteDisplayName": place["site"],
        "SensorZone": place["zone"],
        "SourceDevice": f"EWS-{number % 40}",
        "SourceDeviceAddress": source,
        "DestinationDevice": f"PLC-{number % 50}",
        "DestinationDeviceAddress": target,
        "Protocol": "CIP",
        "Port": "44818",
        "Category": "Programming",
    }
    properties = {
        "systemAlertId": name,
        "vendorOriginalId": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
        "alertDisplayName": TITLES[number % len(TITLES)],
        "severity": "High",
        "description": "A controller was programmed by a station that never did so. " * 6,
        "productName": "Azure Security Center for IoT",
        "startTimeUtc": at.isoformat(),
        "timeGenerated": (at + timedelta(minutes=5)).isoformat(),
        "tactics": ["ImpairProcessControl"],
        "additionalData": bag,
    }
    alert = {"name": name, "kind": "SecurityAlert", "properties": properties}
    device = {
        "friendlyName": f"PLC-{number % 50}",
        "deviceName": f"PLC-{number % 50}",
        "deviceSubType": "PLC",
        "vendor": "Rockwell Automation",
        "sensor": "",
        "importance": "Normal",
        "purdueLayer": "ProcessControl",
        "ipAddressEntityId": f"{name}/{target}",
    } | place
    entities = [
        _entity(name, source, "Ip", {"address": source, "friendlyName": source}),
        _entity(name, target, "Ip", {"address": target, "friendlyName": target}),
        _entity(name, "d", "IoTDevice", device),
    ]
    comment = {
        "name": name,
        "properties": {
            "message": "Planned download, work order WO-20917.",
            "createdTimeUtc": at.isoformat(),
            "author": {"name": "Sam Keller"},
        },
    }
    return (
        orjson.dumps({"value": [alert]}),
        orjson.dumps({"entities": entities}),
        orjson.dumps({"value": [comment]}) if number % 10 == 0 else None,
    )


def _entity(name: str, part: str, kind: str, properties: dict[str, str]) -> dict[str, Any]:
    return {"id": f"{name}/{part}", "name": f"{name}-{part}", "kind": kind} | {
        "properties": properties
    }


def measure(n: int) -> list[Line]:
    """Store the details of n incidents on both sides, batch by batch."""
    from django.db import connection, transaction

    from alerts.incidents.models import Incident

    as_a_worker()
    workspace = make_workspace("details", now=NOW)
    plant_pages.store_in(workspace.pk, n)
    incidents = Incident.objects.filter(workspace=workspace).order_by("number")
    ids = list(incidents.values_list("pk", flat=True))
    race = Race("intake, alerts into rows and facts", LIMIT)
    with connection.cursor() as cursor:
        cursor.execute(FLOOR_TABLES)

        def floored(ids: list[int], answers: list[Answers]) -> None:
            with transaction.atomic():
                store_floor(cursor, ids, answers)

        for turn, batch in enumerate(_batches(ids)):
            if turn % 20 == 0:  # as autovacuum does within a minute
                cursor.execute("ANALYZE")
            race.turn(len(batch[0]), partial(floored, *batch), partial(_store, *batch))
    return race.rate_lines()


def _batches(ids: list[int]) -> Iterator[tuple[list[int], list[Answers]]]:
    """Return the incidents with their answers, as many at once as intake stores."""
    from alerts.intake.services.details import BATCH

    for first in range(0, len(ids), BATCH):
        piece = ids[first : first + BATCH]
        yield piece, [answers_of(first + place) for place in range(len(piece))]


def _store(ids: list[int], answers: list[Answers]) -> None:
    """Read the answers, store them, bring other incidents in line."""
    from alerts.incidents.ingest.details import IncidentDetails, store_details_of_many
    from alerts.incidents.ingest.groups import regroup
    from alerts.sentinel.wire.alerts import read_alerts
    from alerts.sentinel.wire.entities import read_comments, read_entities

    details = []
    for pk, (alerts, entities, comment_page) in zip(ids, answers, strict=True):
        comments = read_comments(comment_page).items if comment_page else None
        details.append(
            IncidentDetails(pk, read_alerts(alerts), read_entities(entities).entities, comments)
        )
    regroup(store_details_of_many(fetched=details, now=NOW), now=NOW)
