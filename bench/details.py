"""Alerts, entities and comments into rows and facts, against a floor that stores the same rows.

Run: `python -m bench.details [--incidents N]`. The floor stands in a file of its own; that it
stores the same is proved before the race (`bench.details_equal`).
"""

import argparse
import uuid
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import orjson

from bench.details_equal import prove_the_same
from bench.details_floor import Answers, Floor
from bench.intake import NOW, PAGE, START, TITLES, pages
from bench.race import Race, as_a_worker, own_database
from bench.report import Line, show

PROVEN = 2000  # incidents stored by both before the race, and compared
DETAILS = (
    *("incidents_alert", "incidents_alertraw", "incidents_incidentalert", "incidents_entity"),
    *("incidents_comment", "incidents_patternmemory", "incidents_pairmemory", "incidents_group"),
    *("incidents_incident", "sites_device"),
)
TIME_ZONES = ("UTC", "Europe/Warsaw", "America/Chicago")  # of the three sites of a plant


def answers_of(number: int, plant: str) -> Answers:
    """What Sentinel says of one incident: an alert, a device with both addresses, in one of ten
    cases a comment.
    """
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{plant}{number}"))
    source, target = f"10.{number % 3}.{number % 40}.7", f"10.{number % 3}.{number % 50}.21"
    place = {"site": f"{plant} {number % 3}", "zone": f"{plant} {number % 3}, zone {number % 6}"}
    at = START + timedelta(seconds=number * 7)
    bag = {
        "SensorId": f"{plant}-{number % 6}",
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
        "alertDisplayName": TITLES[number % len(TITLES)].removeprefix("(MDIoT) "),
        "severity": "High",
        "description": "A controller was programmed by a station that never did so. " * 6,
        "productName": "Azure Security Center for IoT",
        "startTimeUtc": at.isoformat(),
        "timeGenerated": (at + timedelta(minutes=5)).isoformat(),
        "tactics": ["ImpairProcessControl"],
        "additionalData": bag,
    }
    alert = {"name": name, "kind": "SecurityAlert", "properties": properties}
    entities = [_ip(name, source), _ip(name, target), _device(name, target, place, number)]
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


def _ip(name: str, address: str) -> dict[str, Any]:
    said = {"address": address, "friendlyName": address}
    return {
        "id": f"{name}/{address}",
        "name": f"{name}-{address}",
        "kind": "Ip",
        "properties": said,
    }


def _device(name: str, address: str, place: dict[str, str], number: int) -> dict[str, Any]:
    said = {
        "friendlyName": f"PLC-{number % 50}",
        "deviceName": f"PLC-{number % 50}",
        "deviceSubType": "PLC",
        "vendor": "Rockwell Automation",
        "sensor": "",
        "importance": "High" if number % 50 == 7 else "Normal",
        "purdueLayer": "ProcessControl",
        "ipAddressEntityId": f"{name}/{address}",
    } | place
    return {"id": f"{name}/d", "name": f"{name}-d", "kind": "IoTDevice", "properties": said}


def measure(n: int) -> list[Line]:
    """Details of the same incidents in two workspaces: the floor's and the product's."""
    from django.db import connection, transaction

    as_a_worker()
    prove(min(n, PROVEN))
    with connection.cursor() as cursor:  # what was rolled back is no load that anybody knows
        cursor.execute(f"VACUUM ANALYZE {', '.join(DETAILS)}")
    floor_space, floor_ids = prepared("floor", n)
    _, ids = prepared("tagout", n)
    race = Race("intake, alerts into rows and facts", 0.5)
    with connection.cursor() as cursor:
        floor = Floor(cursor, workspace_id=floor_space, now=NOW)

        def floored(ids: list[int], answers: list[Answers]) -> None:
            with transaction.atomic():
                floor.store(ids=ids, answers=answers)

        for turn, (first, second) in enumerate(
            zip(batches(floor_ids, "floor"), batches(ids, "tagout"), strict=True)
        ):
            if turn % 20 == 0:  # as autovacuum does within a minute
                cursor.execute("ANALYZE")
            race.turn(len(first[0]), partial(floored, *first), partial(detailed, *second))
    return race.lines()


def prove(n: int) -> int:
    """Have floor and product store the same incidents, and compare; how many rows there were."""
    workspace_id, ids = prepared("proof", n)
    return prove_the_same(
        workspace_id=workspace_id, batches=batches(ids, "proof"), product=detailed, now=NOW
    )


def prepared(name: str, n: int) -> tuple[int, list[int]]:
    """A workspace of this name with n incidents and the plant they tell of; its id and theirs."""
    from alerts.incidents.ingest.store import store_incidents
    from alerts.incidents.models import Incident
    from alerts.sentinel.models import Workspace
    from alerts.sentinel.wire import WireIncident, read_incident_page
    from alerts.sites.models import Site
    from alerts.sites.services import Place, learn_places

    workspace = Workspace.objects.create(
        name=name,
        tenant_id="t",
        subscription_id="s",
        resource_group="r",
        workspace_name=name,
        credential="client-secret",
        added_at=NOW,
    )
    for body in pages(n=n, open_share=0.2):
        made = [one for one in read_incident_page(body).items if isinstance(one, WireIncident)]
        store_incidents(workspace_id=workspace.pk, incidents=made, now=NOW)
    learn_places(
        places=[
            Place(f"{name} {one % 3}", f"{name} {one % 3}, zone {one % 6}", f"{name}-{one % 6}")
            for one in range(6)
        ]
    )
    for place, time_zone in enumerate(TIME_ZONES):
        Site.objects.filter(name=f"{name} {place}").update(time_zone=time_zone)
    incidents = Incident.objects.filter(workspace=workspace).order_by("number")
    return workspace.pk, list(incidents.values_list("pk", flat=True))


def batches(ids: list[int], plant: str) -> Iterator[tuple[list[int], list[Answers]]]:
    """The incidents with their answers, a batch at a time."""
    from alerts.intake.services.details import BATCH  # as many as intake stores at once

    for first in range(0, len(ids), BATCH):
        piece = ids[first : first + BATCH]
        yield piece, [answers_of(first + place, plant) for place in range(len(piece))]


def detailed(ids: list[int], answers: list[Answers]) -> None:
    """The product's side: read what was answered, store it, bring others in line."""
    from alerts.incidents.ingest.details import Details, store_details_of_many
    from alerts.incidents.ingest.groups import regroup
    from alerts.sentinel.wire import read_alerts, read_comments, read_entities

    given = []
    for pk, (alerts, found, said) in zip(ids, answers, strict=True):
        comments = read_comments(said).items if said else None
        given.append(Details(pk, read_alerts(alerts), read_entities(found).entities, comments))
    regroup(store_details_of_many(given=given, now=NOW), now=NOW)


def main() -> None:
    """Print the lines of details."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--incidents", type=int, default=5 * PAGE)
    options = parser.parse_args()
    with own_database():
        show(measure(options.incidents))


if __name__ == "__main__":
    main()
