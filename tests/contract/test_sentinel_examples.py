"""The published and composed example payloads are read whole, in place, where the folder exists."""

import json
import os
from pathlib import Path

import pytest

from alerts.sentinel.wire import (
    incident_put_body,
    read_alerts,
    read_comments,
    read_entities,
    read_incident,
    read_incident_page,
)

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "reference"
EXAMPLES = Path(os.environ.get("TAGOUT_REFERENCE") or _BESIDE) / "sentinel-examples"

pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(
        not EXAMPLES.is_dir(),
        reason="the example payloads are not here (TAGOUT_REFERENCE, or shared/reference beside)",
    ),
]


def answer(name: str, status: str = "200") -> bytes:
    return json.dumps(
        json.loads((EXAMPLES / name).read_text())["responses"][status]["body"]
    ).encode()


def test_the_published_incident_list_is_read_without_a_flag():
    page = read_incident_page(answer("GetIncidents.json"))
    assert page.items
    for item in page.items:
        assert item.flags == ()
        assert item.number and item.title and item.modified_at and item.owner


def test_the_published_incident_goes_back_as_it_came():
    raw = json.loads(answer("GetIncidentById.json"))
    example = json.loads((EXAMPLES / "CreateIncident.json").read_text())
    body = incident_put_body(raw, {})
    assert body["etag"] == raw["etag"]
    allowed = set(example["parameters"]["incident"]["properties"]) | {"labels", "severity"}
    assert set(body["properties"]) <= allowed | set(raw["properties"])
    assert "incidentNumber" not in body["properties"]


def test_published_alerts_entities_and_comments_are_read():
    (alert,) = read_alerts(answer("GetAllIncidentAlerts.json"))
    assert (alert.title, alert.severity, alert.flags) == ("myAlert", "Low", ())
    entities = read_entities(answer("GetAllIncidentEntities.json"))
    assert entities.entities and not entities.cut_short
    assert all(entity.flags == () for entity in entities.entities)
    (comment,) = read_comments(answer("GetAllIncidentComments.json")).items
    assert comment.message and comment.author_name and comment.flags == ()


def test_the_composed_incidents_are_read():
    moved = read_incident(
        (EXAMPLES / "constructed/Incident_DefenderPortal.response.json").read_bytes()
    )
    assert (moved.raw["properties"]["providerName"], moved.flags) == ("Microsoft XDR", ())
    merged = read_incident((EXAMPLES / "constructed/Incident_Merged.response.json").read_bytes())
    assert merged.is_merged_away and merged.merged_into_number == 3178
    assert merged.flags == ()


def test_the_composed_iot_device_has_its_place_in_the_plant():
    body = (EXAMPLES / "constructed/IncidentEntities_IoTDevice.response.json").read_bytes()
    device = next(entity.device for entity in read_entities(body).entities if entity.device)
    assert (device.site, device.zone, device.sensor) == ("Plant-North", "Cell-3", "sensor-a")
    assert device.purdue_layer == "ProcessControl"
    assert device.ip_addresses == ("10.20.4.7",)
