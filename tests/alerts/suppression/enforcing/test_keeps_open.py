"""On any doubt an incident stays open: one line that does not fit, one hand, one stranger."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.incidents.models import Incident, IncidentStatus, OtState, TimelineItem
from alerts.reviews.services.questions import ask_ot
from alerts.reviews.services.verdicts import give_verdict
from alerts.sites.models import Device
from alerts.suppression.models import LedgerEntry
from portal.backup.models import Restore
from tests.alerts.suppression.enforcing.floor import DEVICES, MORNING, POLLING, ROUTINE, routine
from tests.alerts.suppression.samples import but, clause, rule
from tests.conftest import NOON, examples
from tests.factories.answers import ENTITY, comment, device
from tests.factories.incidents import make_device, make_site

OTHER = {"SourceDevice": "HMI-02", "SourceDeviceAddress": "10.20.1.2"}
THREE = (*DEVICES, ("HMI-02", "10.20.1.2"))
LATE = {"startTimeUtc": "2026-11-24T11:30:00Z"}


def stays_open(floor):
    assert floor.decide() == 0
    assert not LedgerEntry.objects.exists()
    assert floor.deliver() == []
    return True


def test_the_very_same_incident_is_closed_without_any_of_this(floor):
    floor.rule(but(ROUTINE, MORNING, clause("function", "is", "5")))
    floor.incident(routine(bag={"Function": "5"}))
    assert floor.decide() == 1


@pytest.mark.abuse("A45")
@pytest.mark.parametrize(
    "alert",
    [
        routine(bag=OTHER | {"Function": "5"}),
        routine(bag={"Function": "5"}, **LATE),
        routine(bag={"Function": "6"}),
        routine(bag={"Function": "5", "SiteDisplayName": "Ulm"}),
        routine(alertDisplayName="FTP Login Failed", bag={"Function": "5"}),
    ],
    ids=["another source", "another hour", "another function", "another site", "another type"],
)
def test_what_the_rule_does_not_say_is_not_covered(floor, alert):
    floor.rule(but(ROUTINE, MORNING, clause("function", "is", "5")))
    floor.incident(alert, devices=THREE)
    assert stays_open(floor)


def test_what_came_before_a_rule_began_stays_open_though_an_older_rule_acts(floor):
    floor.rule(
        replace(ROUTINE, all_of=(*ROUTINE.all_of[:2], clause("source_device", "is", "HMI-02")))
    )
    floor.rule(since=floor.now - timedelta(minutes=5))
    floor.incident(at=floor.now - timedelta(minutes=10))
    assert stays_open(floor)


@pytest.mark.abuse("A45")
def test_one_uncovered_alert_keeps_the_whole_incident_open(floor):
    floor.rule()
    floor.incident(routine(), routine(bag=OTHER), devices=THREE)
    assert stays_open(floor)


@pytest.mark.abuse("A45")
def test_a_second_site_of_the_alert_type_does_not_borrow_the_rule(floor):
    floor.rule()
    floor.incident(routine(), routine(bag={"SiteDisplayName": "Ulm"}))
    assert stays_open(floor)


@pytest.mark.parametrize(
    "properties",
    [
        {"owner": {"objectId": "1e0", "assignedTo": "Leo Hartmann"}},
        {"labels": [{"labelName": "watch this"}]},
        {"labels": [{"labelName": "tagout-off"}]},
        {"status": "Active"},
        {"severity": "Weird"},
        {
            "additionalData": {
                "alertsCount": 1,
                "commentsCount": 1,
                "alertProductNames": ["Azure Security Center for IoT"],
            }
        },
        {"additionalData": {"alertsCount": 1, "alertProductNames": []}},
        {
            "additionalData": {
                "alertsCount": 2,
                "alertProductNames": ["Azure Security Center for IoT"],
            }
        },
        {
            "additionalData": {
                "alertsCount": 1,
                "alertProductNames": [
                    "Azure Security Center for IoT",
                    "Microsoft Defender for Endpoint",
                ],
            }
        },
    ],
    ids=[
        "owner",
        "foreign label",
        "gate",
        "status",
        "unknown severity",
        "unread comment",
        "no product",
        "unread alert",
        "second product",
    ],
)
def test_what_sentinel_says_of_the_incident_keeps_it_open(floor, properties):
    floor.rule()
    floor.incident(**properties)
    assert stays_open(floor)


@pytest.mark.parametrize(
    ("flag", "is_closed"),
    [("classification:unknown", 0), ("details.alert.engine:unknown", 0), ("labels:cut", 1)],
)
def test_a_word_that_tagout_did_not_understand_keeps_it_open(floor, flag, is_closed):
    floor.rule()
    floor.incident()
    Incident.objects.update(flags=[flag])
    assert floor.decide() == is_closed


def test_a_severity_that_was_not_understood_keeps_it_open_without_any_flag(floor):
    floor.rule()
    floor.incident()
    Incident.objects.update(severity=0, flags=[])
    assert stays_open(floor)


def test_a_foreign_comment_keeps_it_open(floor):
    floor.rule()
    more = {"alertsCount": 1, "commentsCount": 1}
    more["alertProductNames"] = ["Azure Security Center for IoT"]
    incident = floor.incident(additionalData=more)
    floor.sentinel.comments[incident.name] = {"c-1": comment("c-1")}
    Incident.objects.update(details_due_at=NOON)
    floor.details()
    assert incident.comments.exists()
    assert stays_open(floor)


@pytest.mark.parametrize("state", [OtState.WAITING, OtState.ROUTINE, OtState.SUSPICIOUS])
def test_an_open_ask_or_a_verdict_keeps_it_open(floor, state):
    floor.rule()
    floor.incident()
    Incident.objects.update(ot_state=state)
    assert stays_open(floor)


@pytest.mark.parametrize("says", ["question", "verdict"])
def test_a_question_or_a_verdict_keeps_it_open_though_the_row_does_not_say_so(floor, says):
    """The incident's own column is a copy; what was asked and answered stands in its own rows."""
    floor.rule()
    incident = floor.incident()
    if says == "question":
        site_id = Device.objects.get(name="PLC-21").zone.site_id
        ask_ot(
            incident_ids=[incident.pk], site_id=site_id, question="Yours?", by=floor.leo, now=NOON
        )
    else:
        give_verdict(
            incident_ids=[incident.pk],
            verdict="routine",
            cause="other",
            by=floor.oda,
            note="Routine.",
            key=uuid.uuid4(),
            now=NOON,
        )
    incident.timeline.all().delete()
    Incident.objects.update(ot_state="", labels=[])
    assert stays_open(floor)


def test_whoever_worked_on_it_in_tagout_keeps_it_open(floor):
    floor.rule()
    incident = floor.incident()
    TimelineItem.objects.create(
        incident=incident, at=NOON, side="soc", by=floor.leo, code="severity"
    )
    assert stays_open(floor)


def test_what_was_closed_in_sentinel_and_opened_again_there_stays_open(floor):
    floor.rule()
    incident = floor.incident(status="Closed", classification="Undetermined")
    floor.go(minutes=5)
    floor.sentinel.edit(incident.name, status="New", classification=None)
    floor.read()
    incident.refresh_from_db()
    assert incident.status == IncidentStatus.NEW
    assert stays_open(floor)


def test_what_a_rule_has_closed_is_not_closed_by_a_rule_again(floor, caplog):
    floor.rule()
    incident = floor.incident()
    assert floor.decide() == 1
    floor.deliver()
    incident.timeline.all().delete()
    later = NOON + timedelta(seconds=1)
    Incident.objects.update(status=IncidentStatus.NEW, closed_by="", labels=[], changed_at=later)
    assert floor.decide() == 0
    assert "could not be judged" not in caplog.text  # nor is it left to the database to refuse it


@pytest.mark.abuse("A45")
@pytest.mark.parametrize(
    "alert",
    [
        routine(severity="High"),
        routine(severity="Weird"),
        routine(alertDisplayName="Unauthorized PLC Programming"),
        routine(alertDisplayName="Suspicion of Conficker Malware"),
        routine(productName="Microsoft Defender for Endpoint"),
    ],
    ids=["High without hours", "unknown severity", "time-boxed", "never", "product of the alert"],
)
def test_what_never_is_suppressed_is_not_though_a_rule_names_it(floor, alert):
    kind = alert["properties"]["alertDisplayName"]
    floor.rule(rule(clause("alert_type", "is", kind), *ROUTINE.all_of[1:], reason="Trust me."))
    floor.incident(alert, title=kind)
    assert stays_open(floor)


@pytest.mark.parametrize("criticality", ["safety", "crown-jewel"])
def test_a_safety_system_or_crown_jewel_keeps_it_open(floor, criticality):
    floor.rule()
    floor.incident()
    assert Device.objects.filter(name="PLC-21").update(criticality=criticality)
    assert stays_open(floor)


def test_a_safety_system_is_found_by_its_name_alone_and_by_its_entity_alone(floor):
    floor.rule()
    incident = floor.incident()
    plc = Device.objects.filter(pk=Device.objects.get(name="PLC-21").pk)
    plc.update(criticality="safety", name="SIS-1", address="10.99.9.9")  # only its entity tells
    assert stays_open(floor)
    incident.entities.all().delete()
    plc.update(name="PLC-21")  # only its name tells
    assert stays_open(floor)
    plc.update(criticality="normal")
    assert floor.decide() == 1


def test_a_safety_system_is_found_though_one_alert_of_the_incident_tells_no_site(floor):
    anywhere = clause("workspace", "is", floor.workspace.name)
    floor.rule(replace(ROUTINE, all_of=(ROUTINE.all_of[0], anywhere, ROUTINE.all_of[2])))
    incident = floor.incident(routine(), routine(number=77))
    without_site = incident.alerts.order_by("pk").last()
    named = {"destination_device": "SIS-1", "any_device": ["EWS-07", "SIS-1"]}
    incident.alerts.filter(pk=without_site.pk).update(site=None, zone=None, **named)
    there = make_device(make_site("Ulm"), "SIS-1", "10.99.9.9", criticality="safety")
    assert stays_open(floor)
    Device.objects.filter(pk=there.pk).update(criticality="normal")
    assert floor.decide() == 1


@pytest.mark.abuse("A45")
@pytest.mark.parametrize(
    "entity",
    [
        {"kind": "Account", "properties": {"friendlyName": "admin"}},
        {"kind": "Ip", "properties": {"address": "203.0.113.9", "friendlyName": "203.0.113.9"}},
        {"kind": "IoTDevice", "properties": {"deviceName": "HMI-09", "friendlyName": "HMI-09"}},
        {"kind": "Teapot", "properties": {"friendlyName": "EWS-07"}},
    ],
    ids=["account", "address", "device", "unknown kind"],
)
def test_an_entity_that_no_alert_explains_keeps_it_open(floor, entity):
    floor.rule()
    floor.incident(entities=[entity | {"name": "stranger", "id": ENTITY + "stranger"}])
    assert stays_open(floor)


@pytest.mark.parametrize(("kind", "is_closed"), [("Nic", 1), ("Teapot", 0)])
def test_a_part_of_a_named_device_keeps_it_open_where_nobody_knows_what_it_is(
    floor, kind, is_closed
):
    floor.rule()
    part = {"id": ENTITY + "part", "name": "part", "kind": kind, "properties": {}}
    more = device("EWS-07", "10.20.9.9", nicEntityIds=[part["id"]])
    more[0]["name"], more[1]["name"] = "iot-2", "ip-2"
    floor.incident(entities=[*more, part])
    assert floor.decide() == is_closed


def test_addresses_and_cards_of_a_named_device_are_explained(floor):
    floor.rule()
    nic = {"id": ENTITY + "nic", "name": "nic", "kind": "Nic"}
    nic["properties"] = {"macAddress": "00:00:BC:00:00:01", "friendlyName": "00:00:BC:00:00:01"}
    more = device("EWS-07", "10.20.9.9", nicEntityIds=[nic["id"]])
    more[0]["name"], more[1]["name"] = "iot-2", "ip-2"
    host = {"id": ENTITY + "host", "name": "host", "kind": "Host"}
    host["properties"] = {"hostName": "ews-07", "friendlyName": "EWS-07"}
    floor.incident(entities=[*more, nic, host])
    assert floor.decide() == 1


def test_more_than_five_hundred_entities_keep_it_open(floor):
    floor.rule()
    floor.incident()
    Incident.objects.update(entities_count=501)
    assert stays_open(floor)


@pytest.mark.abuse("A45")
def test_a_device_in_an_open_true_positive_keeps_it_open(floor):
    floor.rule()
    case = floor.incident(routine(bag=OTHER), status="Active", devices=THREE[1:])
    Incident.objects.filter(pk=case.pk).update(classification="TruePositive")
    floor.incident()
    assert stays_open(floor)
    Incident.objects.filter(pk=case.pk).update(status=3, modified_at=NOON - timedelta(days=4))
    Incident.objects.exclude(pk=case.pk).update(changed_at=NOON + timedelta(seconds=1))
    assert floor.decide() == 1, "closed four days ago, it holds nothing any more"


def test_without_its_details_nothing_is_known_of_it(floor):
    floor.rule()
    floor.incident()
    Incident.objects.update(details_state="pending")
    assert stays_open(floor)


def test_after_a_restore_nothing_is_decided_until_somebody_has_resumed(floor):
    floor.rule()
    floor.incident()
    Restore.objects.create(
        backup_made_at=NOON, restored_at=NOON, restored_by_label="root", record_seq=0
    )
    assert stays_open(floor)


def test_stale_data_delays_a_decision_and_loses_none(floor):
    floor.rule()
    floor.incident()
    floor.go(minutes=10)
    floor.incident()
    floor.go(minutes=20)
    assert stays_open(floor)
    floor.read()
    assert floor.decide() == 2


@pytest.mark.abuse("A45")
def test_nothing_closes_while_any_alert_is_uncovered(floor):
    """A45, A26: whatever is mixed with what."""
    floor.rule(but(ROUTINE, clause("port", "is", 44818)))
    floor.rule(
        replace(
            ROUTINE,
            title="Polling by HMI-02",
            all_of=(
                *ROUTINE.all_of[:2],
                clause("source_device", "is", "HMI-02"),
                clause("function", "is_one_of", "3", "4"),
            ),
        )
    )

    @settings(max_examples=examples(10, hunted=100), suppress_health_check=list(HealthCheck))
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["EWS-07", "HMI-02", "PLC-21"]),
                st.sampled_from(["3", "9"]),
                st.sampled_from(["44818", "102"]),
            ),
            min_size=1,
            max_size=3,
        )
    )
    def mix(triples):
        at = dict(THREE)
        bags = [
            {"SourceDevice": a, "SourceDeviceAddress": at[a], "Function": f, "Port": p}
            for a, f, p in triples
        ]
        alerts = [routine(bag=bag) for bag in bags]
        incident = floor.incident(*alerts, devices=THREE, title=POLLING)
        covered = [
            (a == "EWS-07" and p == "44818") or (a == "HMI-02" and f == "3") for a, f, p in triples
        ]
        named = {a for a, _, _ in triples} | {"PLC-21"}
        floor.decide()
        incident.refresh_from_db()
        explained = named >= {"EWS-07", "HMI-02", "PLC-21"}
        assert (incident.closed_by != "") == (all(covered) and explained)

    mix()
