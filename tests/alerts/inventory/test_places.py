import pytest

from alerts.suppression.models import RuleVersion
from tests.factories.incidents import make_alert, make_device, make_incident
from tests.factories.rule_rows import make_version
from tests.factories.rules import downloads
from tests.program import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def workspace(gdansk):
    return gdansk


@pytest.fixture
def site(plant):
    return plant


def get(client, person, address, status=200):
    client.force_login(person)
    answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_devices_come_with_what_people_said_of_them(client, site, porto, oda):
    device = make_device(
        site, "PLC-1", "10.0.0.1", kind="PLC", criticality="safety", set_by_people=["kind"]
    )
    make_device(site, "", "10.0.0.2")
    make_device(porto, "PLC-9", "10.0.0.9")
    [row] = get(client, oda, "devices/?criticality=safety")["results"]
    assert (row["id"], row["site"], row["zone"]) == (device.pk, "Gdańsk", "Packaging 2")
    assert (row["kind"], row["set_by_people"]) == ("PLC", ["kind"])
    assert len(get(client, oda, "devices/")["results"]) == 2
    [unknown] = get(client, oda, "devices/?kind_known=false")["results"]
    assert unknown["address"] == "10.0.0.2"
    assert get(client, oda, f"devices/{device.pk}/")["name"] == "PLC-1"
    get(client, oda, "devices/?colour=red", status=400)


def test_sites_and_zones_are_those_of_the_person(client, site, porto, oda, mia):
    assert [row["name"] for row in get(client, oda, "sites/")["results"]] == ["Gdańsk"]
    assert [row["name"] for row in get(client, mia, "sites/")["results"]] == ["Gdańsk", "Porto"]
    assert [row["name"] for row in get(client, oda, "zones/")["results"]] == ["Packaging 2"]
    [zone] = get(client, mia, "zones/?site=Porto")["results"]
    assert (zone["site"], zone["name"]) == ("Porto", "Blending")
    get(client, oda, f"sites/{porto.pk}/", status=404)


SAFETY = {"kind": " PLC ", "role": "Chlorine", "criticality": "safety", "purdue_level": 1}


def test_ot_says_what_a_device_is_with_the_scope_for_it(site, porto, oda, olaf, sam, workspace):
    device = make_device(site, "PLC-1", "10.0.0.1", kind="HMI")
    foreign = make_device(porto, "PLC-9", "10.0.0.9")
    address = f"devices/{device.pk}/describe/"
    make_alert(make_incident(workspace, site_ids=[site.pk]), site=site)
    assert Program(sam).post(address, SAFETY).status_code == 403
    assert Program(oda, "read", "reviews:write").post(address, SAFETY).status_code == 403
    assert Program(oda).post(f"devices/{foreign.pk}/describe/", SAFETY).status_code == 404
    assert Program(oda).post(address, {"kind": "PLC"}).status_code == 400, "it is told whole"
    row = Program(oda).post(address, SAFETY).json()
    assert (row["kind"], row["criticality"], row["purdue_level"]) == ("PLC", "safety", 1.0)
    assert set(row["set_by_people"]) == {"kind", "role", "criticality", "purdue_level"}
    lower = SAFETY | {"criticality": "normal"}
    refused = Program(oda).post(address, lower | {"reason": "Gone."})
    assert refused.status_code == 409 and "Only the OT lead" in refused.json()["detail"]
    assert "say why" in Program(olaf).post(address, lower).json()["detail"]
    assert Program(olaf).post(address, lower | {"reason": "Gone."}).status_code == 200


def test_the_lead_sets_a_site_and_confirms_that_rules_stop(site, oda, olaf, leo, workspace):
    make_alert(make_incident(workspace, site_ids=[site.pk]), site=site)
    version = make_version("live", of=downloads(), ot=oda, soc=leo, workspace=workspace, site=site)
    address, body = f"sites/{site.pk}/set/", {"time_zone": "Europe/Berlin"}
    assert Program(oda).post(address, body).status_code == 403
    assert Program(olaf, "read", "rules:write").post(address, body).status_code == 403
    phone = Program(olaf).post(address, {"control_room_phone": "+48 58 555 01 10"}).json()
    assert (phone["time_zone"], phone["control_room_phone"]) == (
        "Europe/Warsaw",
        "+48 58 555 01 10",
    )
    asked = Program(olaf).post(address, body)
    assert asked.status_code == 409 and str(version) in asked.json()["detail"]
    assert Program(olaf).post(address, {"time_zone": "Warsaw"}).status_code == 409
    done = Program(olaf).post(address, body | {"confirmed": True})
    assert done.json()["time_zone"] == "Europe/Berlin"
    assert RuleVersion.objects.get(pk=version.pk).state == "paused"
