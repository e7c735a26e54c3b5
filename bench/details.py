"""Alerts, entities and comments into rows and facts, against a floor that stores the same rows.

Run: `python -m bench.details [--incidents N]`. The floor stands in `bench.details_floor`. Before
the race both store the same answers for the same incidents, one after the other, from the same
state: what the first has stored is read and rolled back, and every row and column is compared. Only
ids that a sequence gave differ, and what they point at is compared by its own names. Times of
storing are the same, for both are told the time.
"""

import argparse
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import zip_longest
from typing import Any

import orjson
from django.db import connection, transaction

from bench import details_floor
from bench.details_floor import Answers, Floor
from bench.intake import NOW, PAGE, START, TITLES, pages
from bench.report import Line, Race, show
from bench.setup import as_a_worker, make_workspace, own_database

type Tables = dict[str, list[str]]

_OURS = "SELECT id FROM incidents_incident WHERE workspace_id = %(workspace)s"
_TABLES = {
    "incidents": "SELECT to_jsonb(i) FROM incidents_incident i WHERE workspace_id = %(workspace)s",
    "alerts": "SELECT to_jsonb(a) - 'id' FROM incidents_alert a WHERE workspace_id = %(workspace)s",
    "raw alerts": "SELECT jsonb_build_array(a.key, r.body) FROM incidents_alertraw r"
    " JOIN incidents_alert a ON a.id = r.alert_id WHERE workspace_id = %(workspace)s",
    "alerts of incidents": "SELECT jsonb_build_array(l.incident_id, a.key)"
    " FROM incidents_incidentalert l JOIN incidents_alert a ON a.id = l.alert_id"
    " WHERE workspace_id = %(workspace)s",
    "entities": "SELECT to_jsonb(e) - '{id,device_id}'::text[]"
    " || jsonb_build_object('device', jsonb_build_array(d.zone_id, d.address))"
    " FROM incidents_entity e LEFT JOIN sites_device d ON d.id = e.device_id"
    f" WHERE e.incident_id IN ({_OURS})",
    "devices": "SELECT to_jsonb(d) - 'id' FROM sites_device d",
    "comments": "SELECT to_jsonb(c) - 'id' FROM incidents_comment c"
    f" WHERE incident_id IN ({_OURS})",
    "groups": "SELECT to_jsonb(g) FROM incidents_group g WHERE workspace_id = %(workspace)s",
    "patterns": "SELECT to_jsonb(m) FROM incidents_patternmemory m",
    "pairs": "SELECT to_jsonb(m) FROM incidents_pairmemory m",
    "timeline": "SELECT to_jsonb(t) - 'id' FROM incidents_timelineitem t"
    f" WHERE incident_id IN ({_OURS})",
}
PROVEN = 2000  # incidents stored by both before the race, and compared
DETAILS = (
    *("incidents_alert", "incidents_alertraw", "incidents_incidentalert", "incidents_entity"),
    *("incidents_comment", "incidents_patternmemory", "incidents_pairmemory", "incidents_group"),
    *("incidents_incident", "sites_device"),
)
TIME_ZONES = ("UTC", "Europe/Warsaw", "America/Chicago")  # of the three sites of a plant


class NotTheSameError(RuntimeError):
    """Floor and product stored different rows: the race would mean nothing."""


def prove_the_same(
    *,
    workspace_id: int,
    batches: Iterable[tuple[list[int], list[Answers]]],
    product: Callable[[list[int], list[Answers]], None],
    now: datetime,
) -> int:
    """Raise NotTheSameError where any row differs; returns how many rows were compared. Leaves
    nothing behind.
    """
    all_batches = list(batches)
    with connection.cursor() as cursor:
        floor = Floor(cursor, workspace_id=workspace_id, now=now)

        def floored(ids: list[int], answers: list[Answers]) -> None:
            floor.store(ids=ids, answers=answers)
            cursor.execute(details_floor.EMPTY)  # as the end of a transaction does

        before = _stored(cursor, workspace_id, None, all_batches)
        floor_tables = _stored(cursor, workspace_id, floored, all_batches)
        product_tables = _stored(cursor, workspace_id, product, all_batches)
    compare(floor_tables, product_tables)
    if silent := [
        name for name in floor_tables if floor_tables[name] == before[name] and name != "timeline"
    ]:
        raise NotTheSameError(f"Nothing was stored in {', '.join(silent)}.")
    return sum(map(len, floor_tables.values()))


def compare(floor: Tables, product: Tables) -> None:
    """Raise NotTheSameError with the first row that differs."""
    for name, rows in floor.items():
        for floor_row, product_row in zip_longest(rows, product[name]):
            if floor_row != product_row:
                raise NotTheSameError(
                    f"{name}: the floor stored {floor_row}, the product {product_row}"
                )


def _stored(
    cursor: Any,
    workspace_id: int,
    store: Callable[[list[int], list[Answers]], None] | None,
    answer_batches: Iterable[tuple[list[int], list[Answers]]],
) -> Tables:
    """What stands in the tables after storing; then all of it is taken back."""
    with transaction.atomic():
        if store is not None:
            for turn, (ids, answers) in enumerate(answer_batches):
                store(ids, answers)
                if turn % 5 == 0:  # what was rolled back before must not mislead the planner
                    cursor.execute("ANALYZE")
        tables = {}
        for name, sql in _TABLES.items():
            cursor.execute(
                f"SELECT row::text FROM ({sql}) AS said(row) ORDER BY 1",
                {"workspace": workspace_id},
            )
            tables[name] = [row[0] for row in cursor.fetchall()]
        transaction.set_rollback(True)
    return tables


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
    properties = {"address": address, "friendlyName": address}
    return {
        "id": f"{name}/{address}",
        "name": f"{name}-{address}",
        "kind": "Ip",
        "properties": properties,
    }


def _device(name: str, address: str, place: dict[str, str], number: int) -> dict[str, Any]:
    properties = {
        "friendlyName": f"PLC-{number % 50}",
        "deviceName": f"PLC-{number % 50}",
        "deviceSubType": "PLC",
        "vendor": "Rockwell Automation",
        "sensor": "",
        "importance": "High" if number % 50 == 7 else "Normal",
        "purdueLayer": "ProcessControl",
        "ipAddressEntityId": f"{name}/{address}",
    } | place
    return {"id": f"{name}/d", "name": f"{name}-d", "kind": "IoTDevice", "properties": properties}


def measure(n: int) -> list[Line]:
    """Details of the same incidents in two workspaces: the floor's and the product's."""
    from django.db import connection, transaction

    as_a_worker()
    prove(min(n, PROVEN))
    with connection.cursor() as cursor:  # what was rolled back is no load that anybody knows
        cursor.execute(f"VACUUM ANALYZE {', '.join(DETAILS)}")
    floor_space, floor_ids = prepared("floor", n)
    _, ids = prepared("tagout", n)
    race = Race("intake, alerts into rows and facts", 0.35)
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
    return race.report_lines()


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
    from alerts.sentinel.wire import WireIncident, read_incident_page
    from alerts.sites.models import Site
    from alerts.sites.services import StatedPlace, learn_places

    workspace = make_workspace(name, now=NOW)
    for body in pages(n=n, open_share=0.2):
        incidents_of_page = [
            item for item in read_incident_page(body).items if isinstance(item, WireIncident)
        ]
        store_incidents(workspace_id=workspace.pk, incidents=incidents_of_page, now=NOW)
    learn_places(
        places=[
            StatedPlace(
                f"{name} {number % 3}",
                f"{name} {number % 3}, zone {number % 6}",
                f"{name}-{number % 6}",
            )
            for number in range(6)
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
    from alerts.incidents.ingest.details import IncidentDetails, store_details_of_many
    from alerts.incidents.ingest.groups import regroup
    from alerts.sentinel.wire import read_alerts, read_comments, read_entities

    details = []
    for pk, (alerts, entities, comment_page) in zip(ids, answers, strict=True):
        comments = read_comments(comment_page).items if comment_page else None
        details.append(
            IncidentDetails(pk, read_alerts(alerts), read_entities(entities).entities, comments)
        )
    regroup(store_details_of_many(fetched=details, now=NOW), now=NOW)


def main() -> None:
    """Print the lines of details."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--incidents", type=int, default=5 * PAGE)
    options = parser.parse_args()
    with own_database():
        show(measure(options.incidents))


if __name__ == "__main__":
    main()
