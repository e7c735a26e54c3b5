"""Sites and zones: what stands there, what is missing, and the clock."""

import pytest

from alerts.sites.models import Sensor, Site, Zone
from alerts.suppression.models import RuleVersion
from tests.factories.incidents import make_alert, make_device, make_incident
from tests.factories.rule_rows import make_version
from tests.factories.rules import downloads

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def workspace(gdansk):
    return gdansk


@pytest.fixture
def site(plant):
    return plant


def text(client, person, address, status=200):
    client.force_login(person)
    answer = client.get(address)
    assert answer.status_code == status, answer.content[:400]
    return answer.content.decode()


def test_the_list_says_what_is_missing(client, site, porto, mia, oda, workspace):
    Site.objects.filter(pk=porto.pk).update(time_zone="UTC")
    make_device(site, "", "10.0.0.2")
    make_incident(workspace, site_ids=[site.pk])
    body = text(client, mia, "/sites/")
    assert "No time zone is set" in body
    assert "No OT contact is set up here" in body
    assert "1 device of unknown kind" in body
    assert "Porto" not in text(client, oda, "/sites/")


def test_the_page_of_a_site_tells_zones_people_and_noise(client, site, oda, olaf, workspace):
    make_device(site, "PLC-1", "10.0.0.1", kind="PLC")
    make_incident(workspace, site_ids=[site.pk])
    body = text(client, oda, f"/sites/{site.uuid}/")
    assert all(
        word in body
        for word in (
            "Packaging 2",
            "Olaf Lindqvist",
            "Oda Nowak",
            "Incidents a week",
            "Europe/Warsaw",
        )
    )
    assert 'name="time_zone"' not in body


def test_zones_are_listed_by_purdue_level_with_their_sensors(client, site, oda):
    for name, level in (("Office", 4.0), ("Line 1", 2.0), ("Somewhere", None)):
        zone = Zone.objects.create(site=site, name=name, purdue_level=level)
        Sensor.objects.create(site=site, zone=zone, name=f"sensor of {name}")
    Sensor.objects.create(site=site, name="sensor of nowhere")
    body = text(client, oda, f"/sites/{site.uuid}/")
    words = ("Office", "sensor of Office", "Line 1", "sensor of Line 1", "Level unknown")
    places = [body.index(word) for word in (*words, "Somewhere", "Sensors without a zone")]
    assert places == sorted(places) and body.index("sensor of nowhere") > places[-1]


def test_the_lead_sets_the_clock_and_the_phone(client, site, olaf):
    client.force_login(olaf)
    values = {"time_zone": "Europe/Berlin", "control_room_phone": "+48 58 555 01 10"}
    answer = client.post(f"/sites/{site.uuid}/set/", values)
    assert (answer.status_code, answer["Location"]) == (302, f"/sites/{site.uuid}/")
    site.refresh_from_db()
    assert (site.time_zone, site.control_room_phone) == ("Europe/Berlin", "+48 58 555 01 10")
    refused = client.post(f"/sites/{site.uuid}/set/", values | {"time_zone": "Warsaw"})
    assert refused.status_code == 422
    assert "Did you mean Europe/Warsaw" in refused.content.decode()


def test_others_cannot(client, site, oda, pia):
    values = {"time_zone": "Europe/Berlin", "control_room_phone": ""}
    client.force_login(oda)
    assert client.post(f"/sites/{site.uuid}/set/", values).status_code == 422
    client.force_login(pia)
    assert client.post(f"/sites/{site.uuid}/set/", values).status_code == 404
    site.refresh_from_db()
    assert site.time_zone == "Europe/Warsaw"


def test_an_administrator_sets_it_too(client, site, ada):
    body = text(client, ada, f"/sites/{site.uuid}/")
    assert "Europe/Warsaw" in body and "Incidents a week" not in body
    assert "Incidents, 7 days" not in text(client, ada, "/sites/")  # no 0 that was never counted
    values = {"time_zone": "Europe/Berlin", "control_room_phone": ""}
    assert client.post(f"/sites/{site.uuid}/set/", values).status_code == 302


def test_rules_that_would_stop_are_named_and_asked_about(client, site, oda, olaf, leo, workspace):
    make_alert(make_incident(workspace, site_ids=[site.pk]), site=site)
    version = make_version("live", of=downloads(), ot=oda, soc=leo, workspace=workspace, site=site)
    client.force_login(olaf)
    values = {"time_zone": "Europe/Berlin", "control_room_phone": ""}
    asked = client.post(f"/sites/{site.uuid}/set/", values)
    assert asked.status_code == 422
    assert str(version) in asked.content.decode()
    assert RuleVersion.objects.get(pk=version.pk).state == "live"
    done = client.post(f"/sites/{site.uuid}/set/", values | {"confirmed": "on"})
    assert done.status_code == 302
    assert RuleVersion.objects.get(pk=version.pk).state == "paused"
    assert "are being moved: 0 of 1 (0.0 %)" in text(client, olaf, f"/sites/{site.uuid}/")
