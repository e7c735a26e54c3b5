import pytest

from alerts.sites.models import Criticality, Device, Zone
from alerts.sites.services.describe import CannotDescribeDevice, describe_device
from alerts.sites.services.import_devices import CannotImportDevices, import_devices
from alerts.sites.services.learn import DeviceDescription, learn_devices
from portal.audit.models import Entry
from tests.conftest import NOON
from tests.factories.incidents import make_device

pytestmark = pytest.mark.django_db
HEAD = "site,zone,address,name,kind,role,criticality"
# As the Azure portal writes its device inventory.
INVENTORY = (
    '"Name","Type","Sub-type","Vendor","Model","Firmware version","IPv4 Address","MAC Address",'
    '"VLAN","Protocols","Site","Zone","Sensor","Purdue level","Importance","Authorization",'
    '"Programming device","Scanner device","Last activity"'
)


@pytest.fixture
def take(site):
    """`take(lines…)` imports a CSV of these lines."""

    def take(*lines, head=HEAD, by="tests", **more):
        data = "\n".join([head, *lines]).encode()
        options = {"source": "plant.csv", "now": NOON, "unshifted": NOON} | more
        return import_devices(data=data, by=by, **options)

    return take


def faults_of(take, *lines, **more):
    before = list(Device.objects.order_by("pk").values())
    with pytest.raises(CannotImportDevices) as refused:
        take(*lines, **more)
    assert list(Device.objects.order_by("pk").values()) == before
    return [(fault.line, fault.column) for fault in refused.value.faults], refused.value.faults


def test_a_file_that_does_not_know_a_kind_gives_none(take, site):
    make_device(site, "PLC-1", "10.0.0.1", kind="PLC")
    lines = [
        "Gdańsk,Packaging 2,10.0.0.1,PLC-1,Unclassified,,",
        "Gdańsk,Packaging 2,10.0.0.2,PLC-2,unknown,,",
    ]
    take(*lines)
    assert dict(Device.objects.values_list("address", "kind")) == {
        "10.0.0.1": "PLC",
        "10.0.0.2": "",
    }


def test_new_changed_and_unchanged_are_told_apart(take, site):
    make_device(site, "PLC-1", "10.0.0.1", kind="Server")
    lines = (
        "Gdańsk,Packaging 2,10.0.0.1,PLC-1,PLC,Mixer 1,crown jewel",
        "Gdańsk,Packaging 2,10.0.0.2,PLC-2,PLC,,",
    )
    look = take(*lines, is_dry_run=True)
    assert (len(look.new), len(look.changed), look.unchanged) == (1, 1, 0)
    assert Device.objects.get().kind == "Server"
    done = take(*lines)
    assert [change.device.address for change in done.changed] == ["10.0.0.1"]
    plc = Device.objects.get(address="10.0.0.1")
    assert (plc.kind, plc.role, plc.criticality) == ("PLC", "Mixer 1", Criticality.CROWN_JEWEL)
    assert set(plc.set_by_people) == {"name", "kind", "role", "criticality"}
    entry = Entry.objects.get(action="sites.devices.imported")
    assert (entry.details["new"], entry.details["changed"]) == (1, 1)
    assert entry.details["criticality"] == {
        "Gdańsk, Packaging 2: 10.0.0.1": ["normal", "crown-jewel"]
    }
    again = take(*lines)
    assert (len(again.changes), again.unchanged) == (0, 2)
    assert Entry.objects.filter(action="sites.devices.imported").count() == 1


def test_what_people_set_is_not_written_over_by_alerts(take, site):
    take("Gdańsk,Packaging 2,10.0.0.1,PLC-1,PLC,,")
    zone = site.zones.get()
    sighting = DeviceDescription(
        zone.pk,
        "10.0.0.1",
        NOON.replace(hour=23),
        name="other",
        kind="Server",
        vendor="Siemens",
        firmware="V2",
    )
    learn_devices(devices=[sighting])
    row = Device.objects.get()
    assert (row.name, row.kind) == ("PLC-1", "PLC")
    assert (row.vendor, row.firmware) == ("Siemens", "V2")


def test_the_inventory_of_defender_is_understood_as_it_is(take, site):
    done = take(
        '"PLC-1","OT","PLC","Rockwell","1756-L81E","33.011","10.0.0.1","00:1b:1b:00:00:01","10",'
        '"CIP","Gdańsk","Packaging 2","sensor-pk2","Process Control","High","Authorized","Yes",'
        '"No","2026-11-24"',
        '"","Workstation","","","","","10.0.0.2, 10.0.0.3","","","","Gdańsk","Office","",'
        '"","Normal","Unauthorized","No","No",""',
        '"SW-1","Network","Switch","","","","","34-E1-2D-77-80-D0","","","Gdańsk","Office","",'
        '"","","","","",""',
        head=INVENTORY,
    )
    assert done.is_inventory
    assert done.new_zones == ("Gdańsk, Office",)
    plc = Device.objects.get(address="10.0.0.1")
    assert (plc.kind, plc.vendor, plc.model, plc.firmware) == (
        "PLC",
        "Rockwell",
        "1756-L81E",
        "33.011",
    )
    assert (plc.purdue_level, plc.criticality) == (1.0, Criticality.IMPORTANT)
    assert (plc.is_authorized, plc.is_programming, plc.is_scanner) == (True, True, False)
    assert plc.set_by_people == []
    both = Device.objects.filter(address__in=["10.0.0.2", "10.0.0.3"])
    assert {device.kind for device in both} == {"Workstation"}
    assert {device.is_authorized for device in both} == {False}
    assert Device.objects.get(address="34-E1-2D-77-80-D0").kind == "Switch"


def test_an_inventory_fills_and_never_writes_over_what_people_set(take, site):
    take("Gdańsk,Packaging 2,10.0.0.1,PLC-1,PLC,,safety")
    done = take(
        '"new name","OT","HMI","Rockwell","","","10.0.0.1","","","","Gdańsk",'
        '"Packaging 2","","","Low","","","",""',
        head=INVENTORY,
    )
    assert [set(change.columns) for change in done.changed] == [{"vendor"}]
    row = Device.objects.get()
    assert (row.name, row.kind, row.vendor, row.criticality) == (
        "PLC-1",
        "PLC",
        "Rockwell",
        "safety",
    )


def test_a_sensor_tells_the_place_where_the_file_does_not(take, site):
    from alerts.sites.models import Sensor

    Sensor.objects.create(site=site, zone=site.zones.get(), name="sensor-pk2")
    take("10.0.0.1,sensor-pk2,PLC", head="address,sensor,sub-type")
    assert Device.objects.get().zone == site.zones.get()


def test_every_fault_is_told_with_line_and_column_and_nothing_is_kept(take, site):
    places, _ = faults_of(
        take,
        "Gdańsk,Packaging 2,10.0.0.1,PLC-1,PLC,,",
        "Gdańsk,Packaging 2,10.0.0.1,PLC-2,PLC,,",
        "Atlantis,Packaging 2,10.0.0.2,,PLC,,",
        "Gdańsk,,10.0.0.3,,PLC,,",
        "Gdańsk,Packaging 2,10.0.0.300,,PLC,,",
        "Gdańsk,Packaging 2,10.0.0.4,,PLC,,very",
        "Gdańsk,Packaging 2,,PLC-9,PLC,,",
        f"Gdańsk,Packaging 2,10.0.0.5,,{'x' * 81},,",
    )
    assert places == [
        (3, "address"),
        (4, "site"),
        (5, "zone"),
        (6, "address"),
        (7, "criticality"),
        (8, "address"),
        (9, "kind"),
    ]
    assert not Zone.objects.filter(name="").exists()


def test_one_address_in_two_spellings_is_one_device(take, site):
    make_device(site, "SW-1", "34-E1-2D-77-80-D0")
    done = take("Gdańsk,Packaging 2,34:e1:2d:77:80:d0,SW-1,Switch,,")
    assert not done.new
    assert Device.objects.get().kind == "Switch"


def test_the_same_address_in_another_zone_is_another_device(take, site):
    take("Gdańsk,Packaging 2,10.0.0.1,A,PLC,,", "Gdańsk,Office,10.0.0.1,B,HMI,,")
    assert Device.objects.count() == 2


def test_columns_that_lack_or_are_unknown_are_told(take, site):
    places, faults = faults_of(take, "1", head="kind,remark")
    assert (1, "remark") in places
    assert "address" in faults[0].sentence


def test_a_person_describes_only_their_own_site(take, site, porto, oda):
    places, faults = faults_of(
        take, "Gdańsk,Packaging 2,10.0.0.1,A,PLC,,", "Porto,Blending,10.0.0.1,B,PLC,,", by=oda
    )
    assert places == [(3, "site")]
    assert "Only OT of Porto" in faults[0].sentence


def test_a_file_takes_no_safety_system_out_of_the_never_list(take, site, olaf):
    make_device(site, "SIS-1", "10.0.0.9", criticality="safety")
    places, faults = faults_of(take, "Gdańsk,Packaging 2,10.0.0.9,,PLC,,normal", by=olaf)
    assert places == [(2, "criticality")]
    assert "on its page" in faults[0].sentence
    take("Gdańsk,Packaging 2,10.0.0.9,,Safety controller,,")
    assert Device.objects.get().criticality == "safety"


def describe(device, by, **values):
    options = {"kind": "PLC", "role": "", "criticality": "normal", "purdue_level": None}
    return describe_device(device_id=device.pk, by=by, now=NOON, unshifted=NOON, **options | values)


def test_ot_says_what_a_device_is(site, oda):
    device = make_device(site, "PLC-1", "10.0.0.1")
    describe(device, oda, kind="PLC", role="Mixer 1", criticality="safety", purdue_level=1.0)
    device.refresh_from_db()
    assert (device.kind, device.role, device.criticality, device.purdue_level) == (
        "PLC",
        "Mixer 1",
        "safety",
        1.0,
    )
    assert device.set_by_people == ["criticality", "kind", "purdue_level", "role"]
    entry = Entry.objects.get(action="sites.device.described")
    assert entry.details["before"]["criticality"] == "normal"
    describe(device, oda, kind="PLC", role="Mixer 1", criticality="safety", purdue_level=1.0)
    assert Entry.objects.filter(action="sites.device.described").count() == 1


def test_to_lower_a_safety_system_is_a_leads_act_with_a_reason(site, oda, olaf):
    device = make_device(site, "SIS-1", "10.0.0.9", criticality="safety", kind="PLC")
    with pytest.raises(CannotDescribeDevice, match="Only the OT lead"):
        describe(device, oda, criticality="normal", reason="Moved.")
    with pytest.raises(CannotDescribeDevice, match="say why"):
        describe(device, olaf, criticality="important")
    describe(device, oda, criticality="crown-jewel")
    describe(device, olaf, criticality="normal", reason="Taken out of service.")
    device.refresh_from_db()
    assert device.criticality == "normal"
    assert Entry.objects.latest("pk").details["reason"] == "Taken out of service."


def test_people_of_elsewhere_say_nothing_of_it(site, pia):
    device = make_device(site, "PLC-1", "10.0.0.1")
    with pytest.raises(CannotDescribeDevice, match="Only OT of Gdańsk"):
        describe(device, pia)


def test_to_say_nothing_of_a_kind_gives_it_back_to_alerts(site, oda):
    device = make_device(site, "PLC-1", "10.0.0.1")
    describe(device, oda)
    describe(device, oda, kind="")
    device.refresh_from_db()
    assert device.set_by_people == []
