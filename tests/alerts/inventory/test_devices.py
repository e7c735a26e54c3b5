"""The list of devices, one of them, and the import of a file."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from alerts.incidents.models import OtState
from alerts.inventory import queries as inventory
from alerts.sites.models import Device, DeviceFile
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_device, make_incident

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def workspace(gdansk):
    return gdansk


@pytest.fixture
def site(plant):
    return plant


@pytest.fixture
def as_(client):
    """`as_(person)` is the browser of that person."""

    def signed_in(person):
        client.force_login(person)
        return client

    return signed_in


def text(page, address, status=200, **options):
    answer = page.get(address, **options)
    assert answer.status_code == status, answer.content[:400]
    return answer.content.decode()


def test_devices_are_found_by_what_is_known_of_them(as_, oda, site):
    make_device(site, "PLC-1", "10.0.0.1", kind="PLC", role="Mixer 1")
    make_device(site, "", "10.0.0.2")
    make_device(site, "SIS-1", "10.0.0.3", kind="PLC", criticality="safety")
    page = as_(oda)
    everything = text(page, "/devices/")
    assert all(name in everything for name in ("PLC-1", "10.0.0.2", "SIS-1", "Mixer 1"))
    for query, shown, hidden in (
        ("?q=mixer", "PLC-1", "SIS-1"),
        ("?tab=unknown", "10.0.0.2", "PLC-1"),
        ("?tab=grave", "SIS-1", "PLC-1"),
        ("?kind=PLC", "SIS-1", ">10.0.0.2<"),
        ("?criticality=safety", "SIS-1", "PLC-1"),
        (f"?site={site.uuid}&zone={site.zones.get().pk}", "PLC-1", "nothing"),
    ):
        body = text(page, f"/devices/{query}", headers={"HX-Request": "true"})
        assert shown in body, query
        assert hidden not in body, query
    assert "No device matches" in text(page, "/devices/?q=none-such")
    assert "No devices are known" not in everything


def test_a_long_list_goes_on_where_it_ended(as_, oda, site, monkeypatch):
    monkeypatch.setattr(inventory, "PAGE", 2)
    for n in range(5):
        make_device(site, f"plc-{n}" if n % 2 else f"PLC-{n}", f"10.0.0.{n}")
    first = text(as_(oda), "/devices/")
    assert "PLC-0" in first
    assert "PLC-2" not in first
    mark = Device.objects.get(name="plc-1").pk
    assert f"after={mark}" in first
    second = text(as_(oda), f"/devices/?after={mark}")
    assert "PLC-2" in second
    assert "PLC-0" not in second


def test_devices_with_a_name_come_before_those_with_an_address_only(oda, site, monkeypatch):
    monkeypatch.setattr(inventory, "PAGE", 2)
    make_device(site, "00:1d:9c:00:00:01", "00:1d:9c:00:00:01")
    make_device(site, "PLC-2", "10.0.0.2")
    make_device(site, "", "10.0.0.4")
    make_device(site, "plc-1", "10.0.0.3")
    make_device(site, "ZZ", "10.0.0.5")
    shown, after = [], 0
    while after is not None:
        page = inventory.list_devices(oda, inventory.DeviceFilter(), after=after)
        shown += [str(row) for row in page.rows]
        after = page.after
    assert shown == ["plc-1", "PLC-2", "ZZ", "00:1d:9c:00:00:01", "10.0.0.4"]


def test_the_page_of_a_device_tells_what_is_known(as_, oda, site, workspace):
    device = make_device(site, "PLC-1", "10.0.0.1", kind="PLC", role="Mixer 1", vendor="Rockwell")
    row = make_incident(workspace, site_ids=[site.pk], ot_state=OtState.ROUTINE)
    make_alert(
        row, site=site, zone=site.zones.get(), any_address=["10.0.0.1"], at=NOON - timedelta(days=1)
    )
    elsewhere = make_alert(
        row,
        site=site,
        any_address=["10.0.0.1"],
        alert_type="Other zone",
        source_address="10.0.0.1",
        source_zone="Office",
    )
    body = text(as_(oda), f"/devices/{device.pk}/")
    assert all(word in body for word in ("Mixer 1", "Rockwell", "Alerts a week", f"#{row.number}"))
    assert elsewhere.alert_type not in body
    assert "Say what it is" in body


def test_ot_says_what_a_device_is_and_others_only_read(as_, oda, sam, pia, site):
    device = make_device(site, "", "10.0.0.2")
    values = {"kind": "PLC", "role": "Mixer", "criticality": "crown-jewel", "purdue_level": "1"}
    page = as_(oda)
    answer = page.post(f"/devices/{device.pk}/describe/", values)
    assert (answer.status_code, answer["Location"]) == (302, f"/devices/{device.pk}/")
    device.refresh_from_db()
    assert (device.kind, device.criticality, device.purdue_level) == ("PLC", "crown-jewel", 1.0)
    lowered = page.post(f"/devices/{device.pk}/describe/", values | {"criticality": "normal"})
    assert lowered.status_code == 422
    assert "Only the OT lead can lower that" in lowered.content.decode()
    device.refresh_from_db()
    assert device.criticality == "crown-jewel"
    assert as_(pia).get(f"/devices/{device.pk}/").status_code == 404
    assert page.get(f"/devices/{device.pk}/describe/").status_code in (302, 404)


@pytest.mark.parametrize(
    ("typed", "stored"), [("plc", "PLC"), (" Robot  cell ", "Robot cell"), ("UNKNOWN", "")]
)
def test_a_kind_is_spelled_as_other_devices_of_the_site_have_it(as_, oda, site, typed, stored):
    for n, kind in enumerate(("PLC", "PLC", "Plc")):
        make_device(site, "", f"10.0.0.{n}", kind=kind)
    device = make_device(site, "", "10.0.0.9", kind="plc")
    as_(oda).post(f"/devices/{device.pk}/describe/", {"kind": typed, "criticality": "normal"})
    device.refresh_from_db()
    assert device.kind == stored


def test_who_does_not_speak_for_the_site_reads_only(as_, mia, site):
    device = make_device(site, "PLC-1", "10.0.0.1")
    body = text(as_(mia), f"/devices/{device.pk}/")
    assert "Say what it is" not in body
    answer = as_(mia).post(f"/devices/{device.pk}/describe/", {"criticality": "safety"})
    assert answer.status_code == 422
    device.refresh_from_db()
    assert device.criticality == "normal"


def upload(page, lines, head="site,zone,address,name,kind,role,criticality"):
    data = "\n".join([head, *lines]).encode()
    return page.post("/devices/import/", {"file": SimpleUploadedFile("plant.csv", data)})


def test_a_file_is_looked_at_before_it_is_taken_over(as_, oda, site):
    make_device(site, "PLC-1", "10.0.0.1", kind="Server")
    page = as_(oda)
    answer = upload(
        page,
        [
            "Gdańsk,Packaging 2,10.0.0.1,PLC-1,PLC,,safety",
            "Gdańsk,Office,10.0.0.2,PC-1,Workstation,,",
        ],
    )
    address = answer["Location"]
    look = text(page, address)
    assert "1 new, 1 changed, 0 unchanged" in look
    assert "Server →" in look
    assert "Gdańsk, Office" in look
    assert "rules that name it stop" in look
    assert Device.objects.get().kind == "Server"
    assert page.post(address).status_code == 302
    assert Device.objects.get(address="10.0.0.1").kind == "PLC"
    assert Device.objects.count() == 2
    assert not DeviceFile.objects.exists()
    assert page.get(address).status_code == 404


def test_faults_stand_in_a_table_and_nothing_is_taken_over(as_, oda, site):
    page = as_(oda)
    address = upload(
        page, ["Gdańsk,Packaging 2,10.0.0.1,A,PLC,,", "Gdańsk,Packaging 2,10.0.0.1,B,PLC,,"]
    )["Location"]
    body = text(page, address, status=422)
    assert "1 thing is wrong. Nothing was imported" in body
    assert "Line 2 already describes 10.0.0.1" in body
    assert page.post(address).status_code == 422
    assert not Device.objects.exists()


def test_a_file_is_of_the_one_who_brought_it(as_, oda, olaf, site):
    address = upload(as_(oda), ["Gdańsk,Packaging 2,10.0.0.1,A,PLC,,"])["Location"]
    assert as_(olaf).get(address).status_code == 404
    assert as_(olaf).post(address).status_code == 404
    assert not Device.objects.exists()


@pytest.mark.parametrize("data", [b"", b"\x00" * (10 * 1024 * 1024 + 1)])
def test_what_is_no_file_is_refused(as_, oda, data):
    page = as_(oda)
    answer = page.post("/devices/import/", {"file": SimpleUploadedFile("x.csv", data)})
    assert answer.status_code == 422
    assert page.post("/devices/import/").status_code == 422
    assert not DeviceFile.objects.exists()


def test_only_ot_imports(as_, sam, site):
    page = as_(sam)
    assert "Only OT can import devices" in text(page, "/devices/import/")
    assert upload(page, ["Gdańsk,Packaging 2,10.0.0.1,A,PLC,,"]).status_code == 422
