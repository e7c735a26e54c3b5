"""Pages of the list as Sentinel sends them, made from incidents of the simulator's plant.

The plant has a few thousand incidents; longer lists repeat them under new names, numbers, marks
and times, so that a million take no longer to make than to store. Descriptions are filled up until
an incident has the 2.5 KB of the promises. Page k is always the same.
"""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import orjson

PAGE = 1000
PLANT_INCIDENTS = 5000  # incidents of the plant before they repeat
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
_HISTORY = timedelta(days=180)
_SIZE = 2300  # bytes of an incident's properties; its envelope has 200 more


@cache
def _plant_incidents() -> list[dict[str, Any]]:
    from simulator.plant.plant import Plant

    cases = Plant(seed=7).history(PLANT_INCIDENTS, start=NOW - _HISTORY, end=NOW)
    incidents = [case.properties for case in cases]
    for properties in incidents:
        text = str(properties["description"]) + " "
        missing = _SIZE - len(orjson.dumps(properties))
        properties["description"] = text + (text * (missing // len(text) + 1))[: max(missing, 0)]
    return incidents


def page(k: int, *, n: int) -> bytes:
    """Page k of a list of n incidents, ascending by their latest change, with its link on."""
    first, last = k * PAGE, min((k + 1) * PAGE, n)
    whole: dict[str, Any] = {"value": [_incident(number, n) for number in range(first, last)]}
    if last < n:
        whole["nextLink"] = str(k + 1)
    return orjson.dumps(whole)


def store_in(workspace_id: int, n: int) -> None:
    """Store the whole list of n incidents as a worker does, a transaction a page."""
    from django.db import transaction

    from alerts.intake.services.pages import store_page
    from alerts.sentinel.wire.incidents import read_incident_page

    for k in range(-(-n // PAGE)):
        incident_page = read_incident_page(page(k, n=n))
        with transaction.atomic():
            store_page(workspace_id=workspace_id, page=incident_page, now=NOW)


def _incident(number: int, n: int) -> dict[str, Any]:
    name = str(UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128, version=4))
    at = (NOW - _HISTORY + _HISTORY * number / n).isoformat().replace("+00:00", "Z")
    plant_properties = _plant_incidents()[
        number * PLANT_INCIDENTS // n if n < PLANT_INCIDENTS else number % PLANT_INCIDENTS
    ]
    path = "/subscriptions/s/resourceGroups/r/providers/Microsoft.SecurityInsights/Incidents/"
    return {
        "id": path + name,
        "name": name,
        "etag": f'"{number:08x}-0000-0d00-0000-{number:012x}"',
        "type": "Microsoft.SecurityInsights/Incidents",
        "properties": plant_properties
        | {
            "incidentNumber": number,
            "providerIncidentId": str(number),
            "createdTimeUtc": at,
            "lastModifiedTimeUtc": at,
            "firstActivityTimeUtc": at,
            "lastActivityTimeUtc": at,
        },
    }
