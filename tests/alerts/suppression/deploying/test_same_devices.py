"""A device is one under each of its names and addresses: for the list, for rules, both ends."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Entity
from alerts.rules.rule import Clause
from alerts.sites.models import Device, Zone
from alerts.suppression.deploying.watchlist_rows import listed_rules
from alerts.suppression.drafting.rule_reach import plant_of
from alerts.suppression.watching.watch import stop_forbidden
from tests.alerts.suppression.deploying.plant import signed
from tests.alerts.suppression.deploying.watchlists import pairs
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_device, make_incident

MAC = "00:1b:1b:00:00:21"
ENTITY = "/subscriptions/s/entities/"


def make_entity(incident, device, number, *, address="", **properties):
    """An IoT device of an incident as Sentinel sends it, with its address beside it."""
    if address:
        name = f"ip-{number}"
        body = {"id": ENTITY + name, "properties": {"address": address}}
        Entity.objects.create(incident=incident, name=name, kind="Ip", label=address, body=body)
        properties["ipAddressEntityId"] = ENTITY + name
    name = f"iot-{number}"
    Entity.objects.create(
        incident=incident,
        name=name,
        kind="IoTDevice",
        device=device,
        body={"id": ENTITY + name, "properties": properties},
    )


@pytest.fixture
def plc(site):
    return Device.objects.get(name="PLC-21")


@pytest.fixture
def listed(workspace, site, oda, leo, request_on):
    """`listed(source, destination)` is what the page shows of a rule about this pair."""

    def rows(source, destination):
        ends = []
        for side, text in (("source", source), ("destination", destination)):
            kind = "address" if "." in text or ":" in text else "device"
            ends.append(Clause(f"{side}_{kind}", "is", (text,)))
        rule = pairs(source=ends[0], destinations=ends[1])
        signed(rule, by=(oda, leo), workspaces=[workspace], sites=[site])
        return listed_rules(workspace, now=NOON)[-1]

    return rows


@pytest.mark.parametrize("is_source", [True, False], ids=["source", "destination"])
@pytest.mark.parametrize("handle", ["PLC-21", "plc-21", "10.20.3.3", "10.20.3.77", MAC, "S7-OVEN"])
def test_a_safety_device_is_no_row_under_any_of_its_names(
    listed, workspace, site, plc, handle, is_source
):
    """Its second network card has a row of the same name; one of an old lease has only its id."""
    make_device(site, "PLC-21", "10.20.3.77", criticality="safety")
    earlier = make_incident(workspace, status=3)
    make_entity(earlier, plc, 1, deviceName="S7-OVEN", macAddress=MAC, deviceId="d-21")
    found = listed(handle, "DB-GD-01") if is_source else listed("DB-GD-01", handle)
    assert found.rows == {}
    assert [reason.code for reason in found.reasons] == ["never.asset"]


@pytest.mark.parametrize("link", [{"deviceId": "d-77"}, {"macAddress": MAC}])
def test_a_resource_id_or_mac_address_makes_two_addresses_one_device(listed, workspace, site, link):
    safe = make_device(site, "", "10.20.3.80", criticality="safety")
    other = make_device(site, "", "10.20.3.81")
    earlier = make_incident(workspace, status=3)
    make_entity(earlier, safe, 1, **link)
    make_entity(earlier, other, 2, **link)
    assert listed("DB-GD-01", "10.20.3.81").rows == {}


def test_a_second_address_of_an_entity_counts(listed, workspace, plc):
    Device.objects.filter(pk=plc.pk).update(criticality="crown-jewel")
    make_entity(make_incident(workspace, status=3), plc, 1, address="10.20.8.8")
    assert listed("DB-GD-01", "10.20.8.8").rows == {}


def test_an_address_of_another_zone_or_a_name_of_another_site_is_another_device(
    listed, workspace, site
):
    zone = Zone.objects.create(site=site, name="Mixers")
    values = {"first_seen_at": NOON, "latest_seen_at": NOON}
    Device.objects.create(
        zone=zone, name="SIS-9", address="10.20.3.3", criticality="safety", **values
    )
    assert listed("DB-GD-01", "PLC-21").rows, "PLC-21 has the same address in another zone"
    assert listed("DB-GD-01", "10.20.3.3").rows == {}, "this may be either"


@pytest.mark.parametrize("handle", ["PLC-21", "10.20.3.3", "10.20.3.77", MAC])
@pytest.mark.parametrize(
    "case", [{"destination_device": "PLC-21"}, {"destination_address": "10.20.3.77"}], ids=str
)
def test_a_device_of_an_open_case_is_no_row_under_any_of_its_names(
    listed, workspace, site, plc, handle, case
):
    make_device(site, "PLC-21", "10.20.3.77")
    make_entity(make_incident(workspace, status=3), plc, 1, macAddress=MAC)
    assert listed("DB-GD-01", handle).rows
    incident = make_incident(
        workspace, classification="TruePositive", status=1, source="", destination=""
    )
    make_alert(incident, site=site, source_device="LAPTOP-9", **{"destination_device": ""} | case)
    found = listed("DB-GD-01", handle)
    assert found.rows == {} and [reason.code for reason in found.reasons] == ["watchlist.held"]


def test_rows_that_have_landed_leave_when_their_device_becomes_one(
    first_round, lists, workspace, site, plc
):
    assert ("HIST-GD-01", "PLC-21") in lists.pairs
    make_device(site, "PLC-21", "10.20.3.77")
    incident = make_incident(
        workspace, classification="TruePositive", status=1, source="", destination=""
    )
    make_alert(incident, site=site, destination_address="10.20.3.77", destination_device="")
    lists.round(minutes=1)
    assert lists.pairs == [("HIST-GD-01", "DB-GD-01")]
    incident.status = 3
    incident.save()
    lists.round(minutes=1)
    assert lists.pairs == [("HIST-GD-01", "DB-GD-01")], "it holds for 72 hours more"
    incident.modified_at = NOON - timedelta(hours=72)
    incident.save()
    lists.round(minutes=1)
    assert ("HIST-GD-01", "PLC-21") in lists.pairs
    Device.objects.filter(address="10.20.3.77").update(criticality="safety")
    lists.round(minutes=1)
    assert lists.pairs == [], "a rule that names one has no row at all"


def test_a_rule_that_names_a_safety_device_by_its_other_address_stops(
    workspace, site, oda, leo, plc
):
    by_address = pairs(destinations=Clause("destination_address", "is", ("10.20.3.3",)))
    version = signed(by_address, by=(oda, leo), workspaces=[workspace], sites=[site])
    assert stop_forbidden(now=NOON) == 0
    make_device(site, "PLC-21", "10.20.3.77", criticality="safety")
    assert plant_of([site.pk]).grave[site.pk]["10.20.3.3"] == "safety"
    assert stop_forbidden(now=NOON) == 1
    version.refresh_from_db()
    assert version.state == "paused"
