"""Alerts, entities and comments into rows and facts, against a floor that stores the same rows.

Run: `python -m bench.details [--incidents N]`. What the floor stores stands in its own file.
"""

import argparse
import uuid
from datetime import timedelta
from functools import partial
from typing import Any

import orjson

from bench.details_floor import STAGES, store_floor
from bench.intake import NOW, PAGE, START, TITLES, pages
from bench.race import Race, as_a_worker, own_database
from bench.report import Line, show

BATCH = 200
type Answers = tuple[bytes, bytes, bytes | None]  # alerts, entities, comments


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
    return {"id": f"{name}/{address}", "name": f"{name}-{address}", "kind": "Ip",
            "properties": said}  # fmt: skip


def _device(name: str, address: str, place: dict[str, str], number: int) -> dict[str, Any]:
    said = {
        "friendlyName": f"PLC-{number % 50}",
        "deviceName": f"PLC-{number % 50}",
        "deviceSubType": "PLC",
        "vendor": "Rockwell Automation",
        "sensor": "",
        "importance": "Normal",
        "purdueLayer": "ProcessControl",
        "ipAddressEntityId": f"{name}/{address}",
    } | place
    return {"id": f"{name}/d", "name": f"{name}-d", "kind": "IoTDevice", "properties": said}


def measure(n: int) -> list[Line]:
    """Details of the same incidents in two workspaces: the floor's and the product's."""
    from django.db import connection, transaction

    from alerts.incidents.models import Incident
    from alerts.incidents.services.details import Details, store_details_of_many
    from alerts.incidents.services.store import store_incidents
    from alerts.sentinel.models import Workspace
    from alerts.sentinel.wire import (
        WireIncident,
        read_alerts,
        read_comments,
        read_entities,
        read_incident_page,
    )
    from alerts.sites.models import Zone
    from alerts.sites.services import Place, learn_places

    as_a_worker()
    spaces = {}
    for name in ("floor", "tagout"):
        spaces[name] = Workspace.objects.create(
            name=name, tenant_id="t", subscription_id="s", resource_group="r",
            workspace_name=name, credential="client-secret", added_at=NOW,
        ).pk  # fmt: skip
        for body in pages(n=n, open_share=0.2):
            made = [one for one in read_incident_page(body).items if isinstance(one, WireIncident)]
            store_incidents(workspace_id=spaces[name], incidents=made, now=NOW)
        learn_places(
            places=[
                Place(f"{name} {one % 3}", f"{name} {one % 3}, zone {one % 6}", f"{name}-{one % 6}")
                for one in range(6)
            ]
        )
    ids = {
        name: list(
            Incident.objects.filter(workspace_id=pk).order_by("number").values_list("pk", flat=True)
        )
        for name, pk in spaces.items()
    }
    zones = {name: (site, pk) for name, site, pk in Zone.objects.values_list("name", "site", "pk")}

    def floored(cursor: Any, ids: list[int], answers: list[Answers]) -> None:
        with transaction.atomic():
            store_floor(cursor, workspace_id=spaces["floor"], zones=zones, ids=ids, answers=answers)

    def detailed(ids: list[int], answers: list[Answers]) -> None:
        given = []
        for pk, (alerts, found, said) in zip(ids, answers, strict=True):
            comments = read_comments(said).items if said else None
            given.append(Details(pk, read_alerts(alerts), read_entities(found).entities, comments))
        store_details_of_many(given=given, now=NOW)

    race = Race("intake, alerts into rows and facts", 0.5)
    with connection.cursor() as cursor:
        cursor.execute(STAGES)
        for first in range(0, n, BATCH):
            if first % (BATCH * 5) == 0:  # as autovacuum does within a minute
                cursor.execute("ANALYZE")
            piece = range(first, min(first + BATCH, n))
            sides = [
                (ids[name][first : first + BATCH], [answers_of(one, name) for one in piece])
                for name in spaces
            ]
            race.turn(len(piece), partial(floored, cursor, *sides[0]), partial(detailed, *sides[1]))
    return race.lines()


def main() -> None:
    """Print the lines of details."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--incidents", type=int, default=5 * PAGE)
    options = parser.parse_args()
    with own_database():
        show(measure(options.incidents))


if __name__ == "__main__":
    main()
