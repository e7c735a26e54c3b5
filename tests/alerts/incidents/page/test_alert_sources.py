"""What each alert stands for is read from its own fields, and never made up."""

import json

import pytest

from alerts.incidents.engine.merged_alerts import sensors_in, violations_in
from alerts.incidents.models import AlertRaw
from alerts.incidents.page.alert_sources import alert_lines, violations_in_words
from tests.factories.incidents import make_alert


@pytest.mark.parametrize(
    ("bag", "sensors"),
    [
        ({"SensorId": "gd-1", "DeviceId": "gd-1"}, ("gd-1",)),
        ({"SensorId": "gd-1", "DeviceId": "0f3a"}, ("gd-1",)),
        ({"DeviceId": "0f3a"}, ("0f3a",)),
        (
            {
                "SensorId": "gd-1",
                "DeviceId": "0f3a",
                "Custom Details": {"Sensor": ["0f3a", "9b2c"]},
            },
            ("gd-1", "9b2c"),
        ),
        ({"Sensor": '["gd-1", "gd-2"]'}, ("gd-1", "gd-2")),
        ({"Custom Details": json.dumps({"Sensor": ["gd-2", "gd-1"]})}, ("gd-2", "gd-1")),
        ({"SensorId": "gd-1", "Custom Details": '{"Sensor": ["gd-1", "gd-2"]}'}, ("gd-1", "gd-2")),
        ('{"SensorId": "gd-1"}', ("gd-1",)),
        ({"SensorId": " ", "Sensor": 7, "Custom Details": "{"}, ()),
        ({"Sensor": "[gd-1"}, ("[gd-1",)),
        (None, ()),
    ],
)
def test_all_sensors_that_an_alert_names_are_found(bag, sensors):
    assert sensors_in(bag) == sensors


@pytest.mark.parametrize(
    ("bag", "n"),
    [
        ({"Violations": [1, 2]}, 2),
        ({"violations list": "[1, 2, 3]"}, 3),
        ('{"Violations": [1, 2]}', 2),
        ({"Violations": "12"}, 0),
        ({"Violations": 14, "ViolationsList": [1, 2]}, 2),
        ({"Violations": "[1"}, 0),
        ({}, 0),
        ("text", 0),
    ],
)
def test_violations_are_counted_where_they_are_listed(bag, n):
    assert violations_in(bag) == n


@pytest.mark.django_db
def test_the_incident_shows_what_stands_behind_its_alerts(client, desk, sam, monkeypatch):
    incident = desk.incident()
    merged, many, silent = (make_alert(incident) for _ in range(3))
    for alert, bag in (
        (merged, {"Sensor": '["gd-1", "gd-2"]', "Violations": ["a", "b", "c"]}),
        (many, {"SensorId": "gd-1", "Violations": list("abcdefghij")}),
        (silent, {}),
    ):
        AlertRaw.objects.update_or_create(
            alert=alert, defaults={"body": {"properties": {"additionalData": bag}}}
        )
    lines = alert_lines([merged, many, silent])
    assert [line.sensor_words for line in lines] == ["gd-1, gd-2", "gd-1", "not said by Sentinel"]
    assert [line.violation_words for line in lines] == ["3", "10 or more", "not said by Sentinel"]
    assert violations_in_words(lines[2:]) == "not said by Sentinel"
    client.force_login(sam)
    page = client.get(f"/incidents/{incident.pk}/?tab=alerts").content.decode()
    assert "13 listed; an alert lists ten at most. Of 1 alert Sentinel does not say it." in page
    assert "10 or more" in page and "gd-1, gd-2" in page and "left out" not in page
    monkeypatch.setattr("alerts.incidents.page.incident.MAX_ALERTS", 2)
    page = client.get(f"/incidents/{incident.pk}/?tab=alerts").content.decode()
    assert "counted here are its newest 2 alerts; 1 older one is left out." in page
