"""A device that joins a group after a rule was signed is covered, and its first incident goes to a
person: once for a device at a site, whichever rules cover it.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.incidents.models import Alert, Incident, IncidentStatus
from alerts.sites.models import Device, Site, Zone
from alerts.suppression.enforcing.explain import why_of
from alerts.suppression.enforcing.group_members import late_members, record_members
from alerts.suppression.models import GroupMember, LedgerEntry, NewMember
from alerts.suppression.watching.closed_incidents import watch_closed_incidents
from alerts.suppression.watching.lifecycle import start_trial
from tests.alerts.suppression.enforcing.floor import SITE, SOURCE, TYPE, routine
from tests.alerts.suppression.samples import clause, rule
from tests.conftest import NOON
from tests.factories.incidents import make_device

KIND = clause("destination_kind", "is", "PLC")
ZONE = clause("destination_zone", "is", "Packaging 2")
GROUP = rule(TYPE, SITE, SOURCE, KIND, ZONE, title="EWS-07 polls the PLCs", reason="It polls.")
OTHER_TYPE = "Unauthorized Modbus Operation"
OTHER = replace(
    GROUP,
    title="EWS-07 writes to the PLCs",
    all_of=(clause("alert_type", "is", OTHER_TYPE), SITE, SOURCE, KIND),
)


@pytest.fixture
def plant(floor):
    """Two PLCs that were there when the rules were signed."""
    floor.site = Site.objects.get()
    for number in (21, 22):
        make_plc(floor, number)
    return floor


def make_plc(floor, number, **columns):
    return make_device(
        floor.site, f"PLC-{number}", f"10.20.2.{number}", **{"kind": "PLC"} | columns
    )


def signed(floor, definition=GROUP, **more):
    version = floor.rule(definition, site_ids=[floor.site.pk], **more)
    record_members(version)
    return version


def poll(floor, number, *, alert_type=None, **ends):
    """An incident in which EWS-07 polls a PLC of the group."""
    bag = {"DestinationDevice": f"PLC-{number}", "DestinationDeviceAddress": f"10.20.2.{number}"}
    title = {"title": alert_type} if alert_type else {}
    named = {"alertDisplayName": alert_type} if alert_type else {}
    incident = floor.incident(
        routine(bag=bag, **named),
        devices=(("EWS-07", "10.20.1.7"), (f"PLC-{number}", f"10.20.2.{number}")),
        **title,
    )
    columns = {"destination_kind": "PLC", "destination_zone": "Packaging 2"} | ends
    Alert.objects.filter(incidents=incident).update(**columns)
    return incident


def is_closed(incident):
    return Incident.objects.get(pk=incident.pk).status == IncidentStatus.CLOSED


def test_a_member_of_the_signing_is_closed_without_ado(plant):
    signed(plant)
    incident = poll(plant, 21)
    assert plant.decide() == 1
    plant.deliver()
    assert is_closed(incident)
    assert not NewMember.objects.exists()


def test_who_is_in_the_group_when_the_second_side_signs_is_a_member(plant):
    version = plant.rule(GROUP, state="proposed", site_ids=[plant.site.pk])
    start_trial(version, by=plant.leo, now=NOON)
    make_plc(plant, 23)
    assert [member.device.name for member in late_members(version)] == ["PLC-23"]


def test_a_device_at_an_address_that_is_a_member_s_name_is_new(plant):
    make_device(plant.site, "10.20.2.23", "10.20.2.30", kind="PLC")
    signed(plant)
    first = poll(plant, 23)
    assert plant.decide() == 0
    assert NewMember.objects.get().incident == first


def test_the_first_incident_of_a_new_member_goes_to_a_person_and_the_second_does_not(plant):
    signed(plant)
    make_plc(plant, 23)
    first = poll(plant, 23)
    assert [plant.decide() for _ in range(3)] == [0, 0, 0]
    assert not LedgerEntry.objects.exists()
    assert NewMember.objects.get().incident == first
    explanation = why_of(first, now=NOON)
    assert [reason.code for reason in explanation.reasons] == ["member.new"]
    assert "PLC-23 joined a group of the rule after it was signed" in explanation.reasons[0]
    second = poll(plant, 23)
    assert plant.decide() == 1
    plant.deliver()
    assert (is_closed(first), is_closed(second)) == (False, True)


def test_where_a_sensor_stands_for_the_place_an_address_given_out_again_is_a_newcomer_s(plant):
    place = clause("sensor", "is", "gdansk-1")
    signed(plant, replace(GROUP, all_of=(*GROUP.all_of, place)))
    seen = {"sensor": "gdansk-1"}
    member = poll(plant, 21, **seen)
    other = poll(plant, 21, **seen, destination_device="LAP-66")
    nobody = poll(plant, 21, **seen, destination_device="")
    assert plant.decide() == 1
    plant.deliver()
    assert [is_closed(row) for row in (member, other, nobody)] == [True, False, False]
    assert NewMember.objects.get().incident == other
    again = poll(plant, 21, **seen, destination_device="LAP-66")
    assert plant.decide() == 1
    assert is_closed(again)


def test_two_rules_at_a_site_introduce_a_device_once(plant):
    signed(plant, number=12)
    signed(plant, OTHER, number=13)
    first = poll(plant, 23)
    assert plant.decide() == 0
    by_the_other = poll(plant, 23, alert_type=OTHER_TYPE)
    assert plant.decide() == 1
    assert (is_closed(first), is_closed(by_the_other)) == (False, True)
    assert NewMember.objects.count() == 1


def test_a_rule_signed_later_has_it_as_a_member_and_the_older_rule_has_not(plant):
    signed(plant, number=12)
    make_plc(plant, 23)
    signed(plant, OTHER, number=13)
    by_the_later = poll(plant, 23, alert_type=OTHER_TYPE)
    assert plant.decide() == 1
    by_the_older = poll(plant, 23)
    assert plant.decide() == 0
    assert (is_closed(by_the_later), is_closed(by_the_older)) == (True, False)


def test_each_new_member_is_met_for_itself(plant):
    signed(plant)
    for number in (23, 24):
        poll(plant, number)
    assert plant.decide() == 0
    assert NewMember.objects.count() == 2


@pytest.mark.parametrize(
    "ends",
    [
        {"destination_zone": "Utilities"},
        {"destination_address": "10.20.2.99"},
        {"destination_address": "", "destination_device": "PLC-99"},
    ],
    ids=["address of another zone", "name of another address", "another name, no address"],
)
def test_a_member_is_its_zone_and_address_and_nothing_less(plant, ends):
    Zone.objects.create(site=plant.site, name="Utilities")
    signed(plant, replace(GROUP, all_of=(TYPE, SITE, SOURCE, KIND)))
    incident = poll(plant, 21, **ends)
    assert plant.decide() == 0
    assert NewMember.objects.get().incident == incident


def test_where_the_alert_tells_no_address_the_name_of_a_member_is_enough(plant):
    signed(plant)
    poll(plant, 21, destination_address="", destination_device="plc-21")
    assert plant.decide() == 1


def test_a_device_that_changed_its_kind_is_new(plant):
    Device.objects.filter(name="PLC-22").update(kind="HMI")
    signed(plant)
    Device.objects.filter(name="PLC-22").update(kind="PLC")
    poll(plant, 22)
    assert plant.decide() == 0


def test_a_version_whose_members_nobody_wrote_down_introduces_everybody(plant):
    plant.rule(GROUP, site_ids=[plant.site.pk])
    poll(plant, 21)
    assert plant.decide() == 0
    poll(plant, 21)
    assert plant.decide() == 1


def test_a_rule_that_lists_its_devices_knows_no_new_members(plant):
    listed = replace(
        GROUP, all_of=(*GROUP.all_of, clause("destination_device", "is_one_of", "PLC-23", "PLC-24"))
    )
    version = signed(plant, listed)
    assert not GroupMember.objects.filter(version=version).exists()
    poll(plant, 23)
    assert plant.decide() == 1


def test_a_group_at_the_source_is_watched_too(plant):
    definition = replace(
        GROUP,
        all_of=(
            TYPE,
            SITE,
            clause("source_kind", "is", "EWS"),
            clause("destination_device", "is", "PLC-21"),
        ),
    )
    signed(plant, definition)
    poll(plant, 21, source_kind="EWS", source_zone="Packaging 2")
    assert plant.decide() == 0
    assert NewMember.objects.get().handle == "10.20.1.7"


def test_a_trial_says_so_and_counts_it_once_a_person_found_it_harmless(plant):
    signed(plant, state="canary")
    poll(plant, 23)
    assert plant.decide() == 1
    (line,) = plant.ledger
    assert [code for code, _detail in line.kept_open] == ["member.new"]
    poll(plant, 23)
    plant.decide()
    assert [line.kept_open for line in plant.ledger][1] == []


@pytest.mark.abuse("A45")
def test_a_new_member_that_joins_a_closed_incident_opens_it_again(plant):
    signed(plant)
    incident = poll(plant, 21)
    plant.decide()
    plant.deliver()
    bag = {"DestinationDevice": "PLC-23", "DestinationDeviceAddress": "10.20.2.23"}
    plant.join(incident, routine(bag=bag))
    plant.go(minutes=1)
    plant.read()
    Alert.objects.filter(destination_device="PLC-23").update(
        destination_kind="PLC", destination_zone="Packaging 2"
    )
    assert watch_closed_incidents(now=plant.now) == 1
    assert NewMember.objects.get().incident == incident
    plant.deliver()
    assert plant.properties(incident)["status"] != "Closed"


@pytest.mark.abuse("A45")
def test_between_decision_and_delivery_a_new_member_keeps_it_open(plant):
    version = signed(plant)
    incident = poll(plant, 21)
    assert plant.decide() == 1
    GroupMember.objects.filter(version=version).delete()
    (done,) = plant.deliver()
    assert "joined a group" in done.note
    assert not is_closed(incident)


def test_the_rules_page_lists_who_joined_and_where_a_person_meets_them(plant):
    version = signed(plant)
    assert late_members(version) == []
    make_plc(plant, 23)
    make_plc(plant, 24)
    incident = poll(plant, 23)
    Device.objects.filter(name="EWS-07").update(kind="Engineering station")
    plant.decide()
    assert [(member.device.name, member.first) for member in late_members(version)] == [
        ("PLC-23", incident.pk),
        ("PLC-24", None),
    ]


@pytest.mark.parametrize(
    ("line", "members"),
    [
        (clause("destination_kind", "is_one_of", "PLC", "RTU"), {"plc-21", "plc-22", "rtu-1"}),
        (clause("destination_subnet", "is", "10.20.2.0/24"), {"plc-21", "plc-22"}),
        (clause("destination_zone", "is", "Utilities"), set()),
    ],
)
def test_members_are_those_of_the_inventory_that_the_group_names(plant, line, members):
    make_device(plant.site, "RTU-1", "10.20.9.1", kind="RTU")
    other = Site.objects.create(name="Ulm")
    zone = Zone.objects.create(site=other, name="Packaging 2")
    Device.objects.create(
        zone=zone,
        name="PLC-77",
        address="10.20.2.77",
        kind="PLC",
        first_seen_at=NOON,
        latest_seen_at=NOON,
    )
    version = signed(plant, replace(GROUP, all_of=(TYPE, SITE, SOURCE, line)))
    assert set(version.members.values_list("name", flat=True)) == members


def test_time_passes_and_a_member_that_was_met_stays_met(plant):
    signed(plant)
    poll(plant, 23)
    plant.decide()
    plant.go(days=10)
    poll(plant, 23)
    assert plant.decide() == 1
    assert NewMember.objects.get().found_at == NOON - timedelta(0)
