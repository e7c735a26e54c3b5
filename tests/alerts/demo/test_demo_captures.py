"""The demo's incidents have captures that tell the same story at the same time."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from alerts.captures.models import Capture
from alerts.captures.services import read_next_capture
from alerts.demo.services import LEAD, STORIES, attach_captures, shift_capture
from alerts.incidents.models import IncidentStatus
from portal.accounts.models import GrantScope, Role
from simulator.plant.plant import Plant
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_site, make_workspace
from training.pcap.capture_file import CaptureFile

FOLDER = Path(__file__).resolve().parents[3] / "training/content/captures"
OPC_UA = {
    "alert_type": "OPC UA Service Request Failed",
    "source": "HIST-GD-01",
    "destination": "SCADA-GD-01",
}


@pytest.fixture
def attach(make_person):
    sam = make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.ALL, None))

    def attach():
        return attach_captures(folder=FOLDER, by=sam, now=NOON, unshifted=NOON)

    return attach


def test_a_capture_goes_to_the_latest_open_incident_of_its_story_once(attach, db):
    at_site = {"site_ids": [make_site("Gdańsk").pk]}
    days = {n: NOON - timedelta(days=n) for n in range(5)}
    place = make_workspace("gdansk")
    closed = at_site | OPC_UA | {"status": IncidentStatus.CLOSED}
    make_incident(place, first_activity_at=days[1], **closed)
    make_incident(place, first_activity_at=None, **at_site, **OPC_UA)
    make_incident(place, first_activity_at=days[3], **at_site, **OPC_UA)
    right = make_incident(place, first_activity_at=days[2], **at_site, **OPC_UA)
    other = OPC_UA | {"destination": "PLC-PL2-03"}
    make_incident(place, first_activity_at=days[0], **at_site, **other)
    assert [attach(), attach()] == [1, 0]
    capture = Capture.objects.get()
    assert (capture.incident, capture.name) == (right, "operations-historian.pcap")
    assert read_next_capture(unshifted=NOON, now=NOON)
    assert Capture.objects.get().is_readable


def test_packets_begin_just_before_the_alert_and_keep_their_distances(tmp_path):
    before, moved = FOLDER / "operations-historian.pcap", tmp_path / "moved.pcap"
    moved.write_bytes(shift_capture(before.read_bytes(), begin=NOON - LEAD))
    old, new = ([frame.time_ns for frame in CaptureFile(at).frames()] for at in (before, moved))
    assert 0 <= new[0] - int((NOON - LEAD).timestamp()) * 10**9 < 10**9
    assert [at - new[0] for at in new] == [at - old[0] for at in old]


def test_each_story_happens_in_the_plant_of_the_demo_and_in_its_capture():
    listed = {row["file"]: row for row in yaml.safe_load((FOLDER / "captures.yaml").read_text())}
    templates = Plant(seed=7)._book.templates
    for story in STORIES:
        assert {device["name"] for device in listed[story.file]["devices"]} >= set(story.devices)
        assert any(
            template.type.title in story.alert_types
            and template.source.name in story.devices
            and template.destination.name in story.devices
            for template in templates
        ), story.file
