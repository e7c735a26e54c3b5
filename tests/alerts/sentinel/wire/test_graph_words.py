"""Graph's records become what Sentinel would have sent, and changes go back as narrow patches."""

import orjson
import pytest

from alerts.sentinel.wire.alerts import read_alerts
from alerts.sentinel.wire.entities import read_comments, read_entities
from alerts.sentinel.wire.graph.alerts import alert_document
from alerts.sentinel.wire.graph.comments import comment_documents, find_comment, graph_comment_text
from alerts.sentinel.wire.graph.evidence import entity_documents
from alerts.sentinel.wire.graph.incidents import (
    Counterpart,
    incident_document,
    product_of,
    read_graph_incident,
    read_graph_page,
)
from alerts.sentinel.wire.graph.patches import patch_for
from alerts.sentinel.wire.incidents import read_incident
from alerts.sentinel.wire.records import NotAPage

GUID = "73e01a99-5cd7-4139-a149-9f2736ff2ab5"
OWNER = {
    "objectId": "2046feea-040d-4a46-9e2b-91c2941bfa70",
    "email": "analyst@contoso.com",
    "assignedTo": "Analyst",
    "userPrincipalName": "analyst@contoso.com",
    "ownerType": "User",
}
RAW = {
    "id": "8754",
    "status": "resolved",
    "incidentWebUrl": "https://security.microsoft.com/incident2/8754/overview",
    "redirectIncidentId": None,
    "displayName": "(MDIoT) PLC Stop Command involving one asset",
    "createdDateTime": "2026-03-02T06:59:02.2Z",
    "lastUpdateDateTime": "2026-03-02T07:14:09.2000001Z",
    "assignedTo": "Analyst@contoso.com",
    "classification": "informationalExpectedActivity",
    "determination": "confirmedActivity",
    "severity": "low",
    "customTags": ["site:plant-a"],
    "systemTags": ["Defender Experts"],
    "resolvingComment": "Planned maintenance",
    "priorityScore": 12,
    "futureMember": {"deep": [1]},
}
ALERT = {
    "id": "sn1F2E3D4C-5b6a-4789-9abc-def012345678",
    "providerAlertId": "1f2e3d4c-5b6a-4789-9abc-def012345678",
    "title": "(MDIoT) PLC Stop Command",
    "severity": "low",
    "status": "inProgress",
    "serviceSource": "microsoftSentinel",
    "productName": "Microsoft Sentinel",
    "category": "DefenseEvasion",
    "mitreTechniques": ["T0858"],
    "createdDateTime": "2026-01-22T12:09:23.0933333Z",
    "firstActivityDateTime": "2026-01-22T12:04:27.1Z",
    "lastActivityDateTime": "2026-01-22T12:05:01.4Z",
    "customDetails": {"Sensor": '["sensor-plant-a"]', "Protocol": "S7 Plus"},
    "additionalData": {"VendorOriginalId": "1043", "AlertManagementUri": "https://portal/"},
    "evidence": [
        {
            "@odata.type": "#microsoft.graph.security.ioTDeviceEvidence",
            "roles": ["destination"],
            "deviceId": "plc-3",
            "deviceName": "PLC-LINE3",
            "manufacturer": "Siemens",
            "site": "Plant A",
            "zone": "Line 3",
            "sensor": "sensor-plant-a",
            "ipAddress": {"ipAddress": "10.20.3.15"},
            "nics": [{"ipAddress": {"ipAddress": "10.20.3.16"}, "macAddress": "00:1B:1B:00:00:15"}],
            "isAuthorized": True,
        },
        {
            "@odata.type": "#microsoft.graph.security.ipEvidence",
            "roles": ["source"],
            "ipAddress": "10.20.3.99",
        },
        {"@odata.type": "#microsoft.graph.security.quantumEvidence", "qubits": 4},
    ],
}
HERE = Counterpart("8754", GUID, 2673, {"owner": OWNER})


def incident_from(raw=RAW, *, counterpart=HERE, alerts=(ALERT,), survivor=None):
    found = read_graph_incident(orjson.dumps(raw))
    document = incident_document(found, counterpart, alerts=list(alerts), survivor=survivor)
    return read_incident(orjson.dumps(document))


def test_an_incident_reads_as_the_one_that_sentinel_lists():
    incident = incident_from()
    assert (incident.name, incident.number) == (GUID, 2673)
    assert (incident.status, incident.severity) == ("Closed", "Low")
    assert incident.classification == "BenignPositive"
    assert incident.classification_reason == "SuspiciousButExpected"
    assert incident.owner.object_id == OWNER["objectId"]
    assert [(label.name, label.kind) for label in incident.labels] == [
        ("site:plant-a", "User"),
        ("Defender Experts", "AutoAssigned"),
    ]
    assert incident.etag == "graph:2026-03-02T07:14:09.2000001Z"
    assert incident.is_from_d4iot
    assert (incident.alerts_count, incident.tactics, incident.techniques) == (
        1,
        ("DefenseEvasion",),
        ("T0858",),
    )
    assert incident.latest_activity_text == "2026-01-22T12:05:01.4Z"
    assert incident.flags == ()
    properties = incident.raw["properties"]
    assert properties["providerIncidentId"] == "8754"
    assert properties["classificationComment"] == "Planned maintenance"


def test_what_sentinel_has_no_word_for_is_kept_and_flagged():
    raw = RAW | {"status": "awaitingAction", "severity": "unknown", "determination": "newWord"}
    incident = incident_from(raw)
    assert (incident.status, incident.severity) == ("awaitingAction", "unknown")
    assert set(incident.flags) == {
        "determination:unknown",
        "severity:unknown",
        "status:unknown",
    }
    assert incident.raw["graph"]["futureMember"] == {"deep": [1]}
    assert incident.raw["graph"]["determination"] == "newWord"


@pytest.mark.parametrize(
    ("status", "classification", "expected"),
    [
        ("active", None, ("New", None)),
        ("inProgress", "unknown", ("Active", None)),
        ("resolved", "unknown", ("Closed", "Undetermined")),
        ("Resolved", "TruePositive", ("Closed", "TruePositive")),
        ("resolved", "falsePositive", ("Closed", "FalsePositive")),
    ],
)
def test_states_and_classifications_have_sentinels_names(status, classification, expected):
    incident = incident_from(RAW | {"status": status, "classification": classification})
    assert (incident.status, incident.classification) == expected


def test_an_owner_that_sentinel_never_listed_is_known_by_name_only():
    incident = incident_from(RAW | {"assignedTo": "lea@contoso.com"})
    assert incident.owner.object_id is None
    assert incident.owner.user_principal_name == "lea@contoso.com"
    assert incident_from(RAW | {"assignedTo": None}).owner is None


def test_a_redirected_incident_is_merged_away():
    raw = RAW | {"status": "redirected", "redirectIncidentId": "8800"}
    incident = incident_from(raw, survivor=Counterpart("8800", "other", 2700))
    assert incident.is_merged_away
    assert (incident.status, incident.merged_into_number) == ("Closed", 2700)
    assert incident_from(raw).is_merged_away  # also while nobody knows the survivor's number


def test_an_alert_keeps_the_id_that_the_sensor_gave_it():
    document = alert_document(ALERT, product=product_of(ALERT))
    (alert,) = read_alerts(orjson.dumps({"value": [document]}))
    assert alert.system_alert_id == "1f2e3d4c-5b6a-4789-9abc-def012345678"
    assert alert.vendor_original_id == "1043"
    assert (alert.title, alert.status, alert.severity) == ("PLC Stop Command", "InProgress", "Low")
    assert alert.is_from_d4iot
    assert alert.facts.sensor == "sensor-plant-a"
    assert alert.facts.protocol == "S7 Plus"
    assert alert.facts.source_address == "10.20.3.99"
    assert (alert.facts.destination_device, alert.facts.destination_address) == (
        "PLC-LINE3",
        "10.20.3.15",
    )
    assert alert.flags == ()


def test_a_foreign_alert_without_an_id_of_its_product_goes_by_its_own():
    plain = {"id": "da637551227677560813_-961444813", "title": "Malware", "severity": "high"}
    (alert,) = read_alerts(orjson.dumps({"value": [alert_document(plain, product="X")]}))
    assert alert.system_alert_id == "da637551227677560813_-961444813"
    assert alert.vendor_original_id is None
    assert not alert.is_from_d4iot


def test_evidence_becomes_entities_and_unknown_evidence_stays_as_it_came():
    answer = read_entities(orjson.dumps(entity_documents([ALERT, ALERT])))
    by_kind = {entity.kind: entity for entity in answer.entities}
    device = by_kind["IoTDevice"].device
    assert (device.device_name, device.vendor, device.site) == ("PLC-LINE3", "Siemens", "Plant A")
    assert device.ip_addresses == ("10.20.3.15", "10.20.3.16")
    assert device.mac_addresses == ("00:1B:1B:00:00:15",)
    assert sum(entity.kind == "Ip" for entity in answer.entities) == 3
    assert "kind:unknown" in by_kind["quantumEvidence"].flags
    assert orjson.loads(by_kind["quantumEvidence"].raw_json)["properties"]["qubits"] == 4
    assert not answer.cut_short


def test_our_comment_is_found_again_by_its_mark():
    key = "0b8f3c1e-5b7e-4d49-9c60-0e1b7a4f2d35"
    text = graph_comment_text("Routine: weekly backup.", key=key)
    at = "2026-10-13T07:08:30Z"
    comments = [
        {"comment": "First look done", "createdByDisplayName": "sam", "createdDateTime": at},
        {"comment": text, "createdByDisplayName": "app", "createdDateTime": at},
    ]
    body = orjson.dumps({"value": comment_documents("8754", comments)})
    theirs, ours = read_comments(body).items
    assert (ours.name, ours.message) == (key, "Routine: weekly backup.")
    assert (theirs.message, theirs.author_name) == ("First look done", "sam")
    assert theirs.name.startswith("graph-")
    assert find_comment("8754", comments, key=key)["name"] == key
    assert find_comment("8754", comments[:1], key=key) is None
    assert len(graph_comment_text("x" * 40_000, key=key)) == 30_000


def test_a_patch_holds_no_more_than_what_differs():
    patch = patch_for(
        RAW | {"status": "active", "classification": None, "resolvingComment": None},
        {
            "status": "Closed",
            "classification": "BenignPositive",
            "classificationReason": "SuspiciousButExpected",
            "severity": "Low",
        },
        add_labels=["tagout:routine", "SITE:plant-a"],
    )
    assert patch.members == {
        "status": "resolved",
        "classification": "informationalExpectedActivity",
        "customTags": ["site:plant-a", "tagout:routine"],
    }
    assert patch.lost == ()


def test_a_finer_determination_of_somebody_stays():
    raw = RAW | {"determination": "lineOfBusinessApplication"}
    changes = {"classification": "BenignPositive", "status": "Closed"}
    assert patch_for(raw, changes).members == {}


def test_what_graph_cannot_keep_is_named():
    patch = patch_for(
        RAW, {"classification": "FalsePositive", "classificationReason": "IncorrectAlertLogic"}
    )
    assert patch.members == {"classification": "falsePositive"}
    assert patch.lost == ("classificationReason",)


def test_an_owner_is_sent_by_name_and_nobody_as_null():
    assert patch_for(RAW, {"owner": OWNER}).members == {}  # compared without case
    lea = {"objectId": "x", "userPrincipalName": "lea@contoso.com"}
    assert patch_for(RAW, {"owner": lea}).members == {"assignedTo": "lea@contoso.com"}
    nobody = dict.fromkeys(OWNER)
    assert patch_for(RAW, {"owner": nobody}).members == {"assignedTo": None}


@pytest.mark.parametrize("change", [{"status": "Sleeping"}, {"relatedAnalyticRuleIds": []}])
def test_what_graph_has_no_word_for_is_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        patch_for(RAW, change)


def test_one_odd_record_costs_only_itself():
    records = b'{"id":"1","displayName":"\\u0000x"},{"id":{}},{"id":"2"}'
    body = b'{"value":[' + records + b'],"@odata.nextLink":"l"}'
    page = read_graph_page(body)
    assert [incident.id for incident in page.incidents] == ["1", "2"]
    assert len(page.unreadable) == 1
    assert page.next_link == "l"


@pytest.mark.parametrize("body", [b"[]", b'{"value":', b'{"error":{}}'])
def test_what_is_no_list_is_no_page(body):
    with pytest.raises(NotAPage):
        read_graph_page(body)
