import pytest

from tests.factories.incidents import make_device

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
    device = make_device(site, "PLC-1", "10.0.0.1", kind="PLC", criticality="safety",
                         set_by_people=["kind"])  # fmt: skip
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
