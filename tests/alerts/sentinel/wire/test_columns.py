"""Reading a page's incidents all at once finds exactly what reading them one by one finds."""

import orjson
import pytest

from alerts.sentinel.wire import incident_of
from alerts.sentinel.wire.columns import read_columns
from tests.alerts.sentinel.wire.samples import incident

OWNER = {"objectId": "o-1", "email": "sam@plant.example", "assignedTo": "Sam", "ownerType": "User"}
USUAL = [
    {},
    {"labels": [{"labelName": "plant-b", "labelType": "User"}], "owner": OWNER},
    {"owner": {"objectId": None, "email": None, "assignedTo": None, "userPrincipalName": None}},
    {"status": "Closed", "classification": "TruePositive", "classificationReason": ""},
    {"firstActivityTimeUtc": "2026-03-01T10:00:00.1234567Z", "lastActivityTimeUtc": None},
    {"additionalData": {"alertsCount": 3, "tactics": ["Impact"], "mergedIncidentNumber": 0}},
    {"relatedAnalyticRuleIds": ["a", "b"], "description": None, "classification": None},
]
ODD = [
    {"severity": "Dire"},
    {"severity": {}},
    {"status": None},
    {"title": 7},
    {"incidentNumber": True},
    {"incidentNumber": "12"},
    {"createdTimeUtc": "0001-01-01T00:00:00Z"},
    {"lastModifiedTimeUtc": "2026-03-01T10:00:00"},
    {"additionalData": []},
    {"additionalData": {"mergedIncidentNumber": 4}},
    {"labels": ""},
    {"labels": [{}]},
    {"owner": []},
    {"classification": "Maybe"},
]


@pytest.mark.parametrize("changes", [*USUAL, *ODD])
def test_reading_at_once_agrees_with_reading_one_by_one(changes):
    raws = [incident(1), incident(2, **changes), incident(3)]
    texts = [orjson.dumps(raw) for raw in raws]
    one_by_one = [incident_of(raw, text) for raw, text in zip(raws, texts, strict=True)]
    at_once = read_columns(raws, texts)
    assert at_once in (one_by_one, None)
    assert (at_once is None) == (changes in ODD)


def test_no_incidents_are_no_incidents():
    assert read_columns([], []) == []
