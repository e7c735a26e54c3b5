import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.ingest.details import (
    IncidentDetails,
    fail_details,
    store_details,
    store_details_of_many,
)
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import (
    Alert,
    AlertRaw,
    Comment,
    Entity,
    Group,
    Incident,
    PairMemory,
    PatternMemory,
)
from alerts.outbox.models import Change
from alerts.sentinel.wire.alerts import read_alerts
from alerts.sentinel.wire.entities import read_comments, read_entities
from alerts.sites.models import Device, Sensor, Site, Zone
from portal import clock
from tests.factories.answers import alert, comment, device, listed, rule_made
from tests.factories.incidents import NOON, make_incident, make_site, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace()


@pytest.fixture
def incident(workspace):
    made = make_incident(workspace)
    regroup([made.pk], now=NOON)
    return made


def fetched_details(incident, alerts=(), entities=(), comments=None):
    return IncidentDetails(
        incident.pk,
        read_alerts(listed(list(alerts))),
        read_entities(listed(list(entities), "entities")).entities,
        None if comments is None else read_comments(listed(comments)).items,
    )


def store(*details, now=NOON):
    store_details_of_many(fetched=details, now=now)
    for one in details:
        yield Incident.objects.get(pk=one.incident_id)


def fetch(incident, alerts=(), entities=(), comments=None, now=NOON):
    return next(store(fetched_details(incident, alerts, entities, comments), now=now))


def test_an_alert_becomes_facts_with_plant_time(incident):
    site = make_site(time_zone="Europe/Warsaw")
    row = fetch(incident, [alert()])
    fact = Alert.objects.get()
    assert (fact.key, fact.system_alert_id) == ("vendor-1", "system-1")
    assert (fact.source, fact.destination, fact.protocol) == ("EWS-07", "PLC-21", "CIP")
    assert (fact.port, fact.category, fact.engine) == (44818, "Programming", "POLICY_VIOLATION")
    assert (fact.site, fact.zone.name, fact.sensor) == (site, "Packaging 2", "sensor-pk2")
    assert (fact.plant_weekday, fact.plant_minute) == (1, 6 * 60 + 30), "Tuesday 06:30 in Gdańsk"
    assert fact.any_device == ["EWS-07", "PLC-21"]
    assert fact.any_address == ["10.20.1.7", "10.20.2.21"]
    assert list(fact.incidents.all()) == [row]
    assert AlertRaw.objects.get().body == alert()


def test_the_incident_says_who_did_what_to_whom_and_where(incident):
    row = fetch(incident, [alert()])
    assert (row.source, row.destination, row.protocol) == ("EWS-07", "PLC-21", "CIP")
    assert row.place == "Gdańsk, Packaging 2"
    assert row.site_ids == [Site.objects.get().pk]
    assert (row.details_state, row.details_due_at, row.details_attempts) == ("fetched", None, 0)


def test_equal_incidents_meet_in_one_row_of_the_queue(workspace):
    three = [make_incident(workspace) for _ in range(3)]
    regroup([row.pk for row in three], now=NOON)
    list(store(*[fetched_details(row, [alert(n)]) for n, row in enumerate(three)]))
    assert (Group.objects.get().n, Group.objects.get().source) == (3, "EWS-07")
    stats = PatternMemory.objects.get()
    assert (stats.pattern, stats.seen) == (Group.objects.get().pattern, 3)


def test_fetching_again_counts_a_pattern_once_and_a_change_of_pattern_moves_it(incident):
    first = fetch(incident, [alert()]).pattern
    assert fetch(incident, [alert()]).pattern == first
    assert PatternMemory.objects.get().seen == 1
    second = fetch(incident, [alert(), alert(2, bag={"DestinationDevice": "PLC-99"})]).pattern
    assert second != first
    assert PatternMemory.objects.get(pattern=first).seen == 0
    assert PatternMemory.objects.get(pattern=second).seen == 1


def test_an_incident_of_unlike_alerts_is_not_like_an_incident_of_one(workspace):
    one, two = make_incident(workspace), make_incident(workspace)
    scan = alert(9, alertDisplayName="Address Scan Detected in Network", severity="Low")
    first, second = store(fetched_details(one, [alert()]), fetched_details(two, [alert(2), scan]))
    assert first.pattern != second.pattern
    assert second.alert_type == "Unauthorized PLC Programming", "the gravest alert speaks"


def test_of_several_versions_the_newest_counts_and_the_first_detection_stays(incident):
    old = alert(
        severity="Low", timeGenerated="2026-11-24T05:00:00Z", startTimeUtc="2026-11-24T04:00:00Z"
    )
    new = alert(
        severity="High", timeGenerated="2026-11-24T07:00:00Z", startTimeUtc="2026-11-24T05:00:00Z"
    )
    fetch(incident, [new])
    fetch(incident, [old])
    fact = Alert.objects.get()
    assert (fact.severity, fact.latest_at.hour, fact.at.hour) == (4, 7, 4)
    assert AlertRaw.objects.get().body["properties"]["severity"] == "High"


def test_an_entity_points_at_a_device_that_another_learns_meanwhile(incident, monkeypatch):
    entities = device("PLC-21", "10.20.2.21")
    fetch(incident, [alert()], entities)
    plc = Device.objects.get(address="10.20.2.21")
    Entity.objects.all().delete()
    monkeypatch.setattr("alerts.sites.services.learn._LEARN_SHORT", "SELECT %s")
    fetch(incident, [alert()], entities)
    assert Entity.objects.get(kind="IoTDevice").device == plc


def test_an_alert_of_a_rule_takes_place_and_devices_from_entities(incident):
    row = fetch(incident, [rule_made()], [*device("PLC-21", "10.20.2.21")])
    fact = Alert.objects.get()
    assert (fact.key, fact.alert_type) == ("vendor-1", "Unauthorized PLC Programming")
    assert (fact.source, fact.destination) == ("", "")
    assert (fact.any_device, fact.any_address) == (["PLC-21"], ["10.20.2.21"])
    assert (fact.site.name, fact.zone.name) == ("Gdańsk", "Packaging 2")
    assert row.source == "PLC-21" and row.place == "Gdańsk, Packaging 2"


def test_what_the_sensor_said_is_not_lost_to_what_a_rule_made_of_it(incident):
    fetch(incident, [alert()])
    row = fetch(incident, [rule_made()], [*device("HMI-1", "10.20.2.5")])
    fact = Alert.objects.get()
    assert (fact.source, fact.destination) == ("EWS-07", "PLC-21")
    assert fact.any_device == ["EWS-07", "PLC-21"]
    assert row.source == "EWS-07"


def test_a_known_sensor_tells_the_place_where_nothing_else_does(workspace):
    site = make_site()
    Sensor.objects.create(site=site, zone=Zone.objects.get(), name="sensor-pk2")
    row = fetch(make_incident(workspace), [rule_made()])
    assert row.site_ids == [site.pk] and row.place == "Gdańsk, Packaging 2"


def test_an_incident_without_a_place_stays_unplaced(incident):
    nowhere = {"SiteDisplayName": None, "SensorZone": None, "SensorId": None}
    row = fetch(incident, [alert(bag=nowhere)])
    assert (row.site_ids, row.place) == ([], "")
    assert row.pattern is not None
    assert Alert.objects.get().plant_minute is None


def test_devices_are_learned_with_what_entities_say_of_them(incident):
    entities = device("PLC-21", "10.20.2.21", firmwareVersion="32.11", isProgramming=False)
    fetch(incident, [alert()], entities)
    plc = Device.objects.get(address="10.20.2.21")
    assert (plc.name, plc.kind, plc.vendor, plc.firmware) == ("PLC-21", "PLC", "Rockwell", "32.11")
    assert (plc.purdue_level, plc.is_programming) == (1.0, False)
    assert Device.objects.get(address="10.20.1.7").name == "EWS-07"
    assert Entity.objects.get(name="iot-plc-21").device == plc


def test_what_people_said_of_a_device_is_not_written_over(incident):
    fetch(incident, [alert()], device("PLC-21", "10.20.2.21"))
    Device.objects.filter(address="10.20.2.21").update(criticality="safety", purdue_level=2)
    row = fetch(incident, [alert()], device("PLC-21", "10.20.2.21", importance="High"))
    plc = Device.objects.get(address="10.20.2.21")
    assert (plc.criticality, plc.purdue_level) == ("safety", 2)
    assert ["criticality", 20, "safety: PLC-21"] in row.priority_parts


def test_an_older_word_on_a_device_fills_only_what_is_empty(incident, workspace):
    fetch(incident, [alert()], device("PLC-21", "10.20.2.21", firmwareVersion="33"))
    before = alert(
        2,
        startTimeUtc="2026-10-01T05:00:00Z",
        timeGenerated="2026-10-01T05:00:00Z",
        endTimeUtc="2026-10-01T05:00:00Z",
    )
    older = device("PLC-21", "10.20.2.21", firmwareVersion="31", model="1756-L83")
    fetch(make_incident(workspace), [before], older)
    plc = Device.objects.get(address="10.20.2.21")
    assert (plc.firmware, plc.model, plc.first_seen_at.month) == ("33", "1756-L83", 10)


def test_crossing_zones_raises_the_priority(incident):
    entities = [
        *device("PLC-21", "10.20.2.21"),
        *device("HIST", "10.9.1.1", zone="Office", purdueLayer="Enterprise"),
    ]
    row = fetch(incident, [alert()], entities)
    assert ["crosses", 10, "Level 4 to Level 1"] in row.priority_parts


def test_what_stands_outside_the_plant_is_no_device_of_the_sensors_zone(incident):
    away = {"DestinationDevice": "203.0.113.66", "DestinationDeviceAddress": "203.0.113.66"}
    outside = {"id": "x", "name": "ip-1", "kind": "Ip", "properties": {"address": "203.0.113.66"}}
    fetch(incident, [alert(bag=away)], [outside])
    assert list(Device.objects.values_list("address", flat=True)) == ["10.20.1.7"]
    assert Alert.objects.get().any_address == ["10.20.1.7", "203.0.113.66"]


def test_a_public_address_that_the_inventory_describes_is_a_device(incident):
    own = {"DestinationDevice": "PLC-21", "DestinationDeviceAddress": "53.1.2.3"}
    fetch(incident, [alert(bag=own)], device("PLC-21", "53.1.2.3"))
    assert Device.objects.get(address="53.1.2.3").is_outside is False


def test_what_defender_could_not_classify_has_no_kind(incident):
    # Else a rule about the unclassified devices of a zone would cover whoever comes next.
    unclassified = {"deviceType": "Unclassified", "deviceSubType": "Unclassified"}
    stranger = device("LAPTOP-9", "10.20.1.7", **unclassified)
    fetch(incident, [alert()], stranger)
    assert Device.objects.get(name="LAPTOP-9").kind == ""
    fact = Alert.objects.get()
    assert "Unclassified" not in (fact.source_kind, fact.destination_kind)


def test_unknown_kinds_of_entities_are_kept_as_they_came(incident):
    odd = {"id": "x", "name": "seg-1", "kind": "OtSegment", "properties": {"segmentName": "B"}}
    fetch(incident, [alert()], [odd])
    assert Entity.objects.get().kind == "OtSegment"
    assert Entity.objects.get().body == odd


def test_very_many_entities_are_bounded_counted_and_flagged(incident):
    many = [
        {"id": f"x{n}", "name": f"ip-{n}", "kind": "Ip", "properties": {"address": "10.0.0.1"}}
        for n in range(600)
    ]
    row = fetch(incident, [alert()], many)
    assert (Entity.objects.count(), row.entities_count) == (500, 600)
    assert "details.entities:too_many" in row.flags


def test_an_alert_that_cannot_be_read_does_not_cost_the_others(incident):
    row = fetch(incident, [alert(), {"name": "broken", "properties": 7}])
    assert Alert.objects.count() == 1 and "details.alerts:unreadable" in row.flags


def test_odd_ports_and_times_are_flagged_not_lost(incident):
    late = (NOON + timedelta(days=3)).isoformat()
    row = fetch(incident, [alert(bag={"Port": "all"}, startTimeUtc=late, timeGenerated=late)])
    fact = Alert.objects.get()
    assert (fact.port, fact.at, fact.latest_at) == (None, NOON, NOON)
    assert {"details.alert.port:not_a_port", "details.alert.at:in_the_future"} <= set(row.flags)


def test_comments_are_kept_and_ours_are_known_by_their_id(incident, workspace):
    key = uuid.UUID(int=5)
    Change.objects.create(
        key=key,
        act=key,
        workspace=workspace,
        incident_name=incident.name,
        kind="comment",
        by_label="Sam",
        made_at=NOON,
        due_at=clock.unshifted(),
    )
    fetch(incident, [alert()], [], [comment(str(key)), comment("theirs")])
    fetch(incident, [alert()], [], [comment(str(key), "Edited."), comment("theirs")])
    comments = {row.name: row for row in Comment.objects.all()}
    assert comments[str(key)].ours and not comments["theirs"].ours
    assert comments[str(key)].message == "Edited."
    assert comments["theirs"].created_at == datetime(2026, 11, 24, 8, tzinfo=UTC)


def test_details_that_fail_are_tried_again_and_then_given_up(incident):
    later = NOON + timedelta(minutes=1)
    fail_details(incident_id=incident.pk, reason="No.", retry_at=later, now=NOON)
    row = Incident.objects.get()
    assert (row.details_state, row.details_due_at) == ("pending", later)
    fail_details(incident_id=incident.pk, reason="No.", retry_at=None, now=NOON)
    row.refresh_from_db()
    assert (row.details_state, row.details_due_at) == ("failed", None)
    assert row.timeline.get().details == {"reason": "No."}
    assert Group.objects.get().n == 1, "it stays in the queue"


def test_two_versions_of_an_alert_in_one_batch_are_one_alert_of_both_incidents(workspace):
    one, two = make_incident(workspace), make_incident(workspace)
    late = alert(1, bag={"Port": None}, timeGenerated="2026-11-24T07:00:00Z", severity="Low")
    list(store(fetched_details(one, [late]), fetched_details(two, [alert(1, severity="High")])))
    fact = Alert.objects.get()
    assert set(fact.incidents.all()) == {one, two}
    assert (fact.severity, fact.port) == (2, 44818), "the newer word, and what only the older says"
    assert AlertRaw.objects.get().body == late
    assert fact.at < fact.latest_at


def test_an_incident_tells_what_all_versions_of_its_alert_say(incident, workspace):
    fetch(incident, [alert()])
    row = fetch(make_incident(workspace), [rule_made()])
    assert (row.source, row.destination) == ("EWS-07", "PLC-21")
    assert Alert.objects.get().incidents.count() == 2


def test_texts_are_kept_to_the_letter(incident):
    odd = 'a\tb\\n"c\r\nd, {NULL}'
    ip = {"id": "x", "name": "ip-1", "kind": "Ip", "properties": {"friendlyName": odd}}
    fetch(incident, [alert(bag={"SourceDevice": odd, "Function": odd})], [ip], [comment("c", odd)])
    fact = Alert.objects.get()
    assert (fact.source_device, fact.function, fact.any_device) == (odd, odd, ["PLC-21", odd])
    assert AlertRaw.objects.get().body["properties"]["additionalData"]["SourceDevice"] == odd
    assert (Entity.objects.get().label, Entity.objects.get().body) == (odd, ip)
    assert Comment.objects.get().message == odd
    assert Incident.objects.get().source == odd


def test_many_incidents_cost_as_many_queries_as_one(workspace):
    rows = [make_incident(workspace) for _ in range(21)]
    with CaptureQueriesContext(connection) as one:
        list(store(fetched_details(rows[0], [alert(0)], device("PLC-0", "10.0.0.1"))))
    with CaptureQueriesContext(connection) as twenty:
        store_details_of_many(
            fetched=[
                fetched_details(r, [alert(n)], device("PLC-0", "10.0.0.1"))
                for n, r in enumerate(rows)
                if n
            ],
            now=NOON,
        )
    assert len(twenty) <= len(one)


def test_one_incident_has_a_door_of_its_own(incident):
    store_details(
        incident_id=incident.pk,
        alerts=read_alerts(listed([alert()])),
        entities=[],
        comments=None,
        now=NOON,
    )
    assert Incident.objects.get().details_state == "fetched"


@pytest.mark.parametrize("in_turn", [True, False])
def test_which_incident_showed_a_pair_first_depends_on_no_order(workspace, in_turn):
    """Alerts of the same moment: the incident that was raised first is the first of its pair."""
    two = [make_incident(workspace), make_incident(workspace)]
    for row in two if in_turn else reversed(two):
        fetch(row, [alert(row.pk)])
    assert PairMemory.objects.get().first_incident == two[0].pk
