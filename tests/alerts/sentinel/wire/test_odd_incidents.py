"""Reading a page in one go finds exactly what reading record by record, leniently, finds."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from alerts.sentinel.wire.incidents import (
    _READER,
    WireIncident,
    _read,
    read_incident,
    read_incident_page,
)
from alerts.sentinel.wire.records import UnreadableRecord
from tests.alerts.sentinel.wire.samples import NAME, incident, page, page_with, with_member

OWNER = {"objectId": "o-1", "email": "sam@plant.example", "assignedTo": "Sam", "ownerType": "User"}
USUAL = [
    {},
    {"labels": [{"labelName": "plant-b", "labelType": "User"}], "owner": OWNER},
    {"owner": {"objectId": None, "email": None, "assignedTo": None, "userPrincipalName": None}},
    {"status": "Closed", "classification": "TruePositive", "classificationReason": ""},
    {"firstActivityTimeUtc": "2026-03-01T10:00:00.1234567Z", "lastActivityTimeUtc": None},
    {"additionalData": {"alertsCount": 3, "tactics": ["Impact"], "mergedIncidentNumber": 0}},
    {"relatedAnalyticRuleIds": ["a", "b"], "description": None, "classification": None},
    {"additionalData": None, "labels": None, "owner": None},
    {"description": 'a "quoted": text, with é and \u2028 and {"json":1}'},
    {"additionalData": {"tactics": None, "alertsCount": None, "mergedIncidentUrl": "https://x"}},
]
ODD = [
    {"severity": "Dire"},
    {"severity": {}},
    {"status": None},
    {"title": 7},
    {"incidentNumber": True},
    {"incidentNumber": "12"},
    {"incidentNumber": -1},
    {"incidentNumber": 2**70},
    {"createdTimeUtc": "0001-01-01T00:00:00Z"},
    {"createdTimeUtc": ""},
    {"lastModifiedTimeUtc": "2026-03-01T10:00:00"},
    {"additionalData": []},
    {"additionalData": {"mergedIncidentNumber": 4}},
    {"additionalData": {"tactics": [1]}},
    {"labels": ""},
    {"labels": [{}]},
    {"labels": [{"labelName": ""}]},
    {"owner": []},
    {"owner": OWNER | {"ownerType": "Ghost"}},
    {"classification": "Maybe"},
    {"description": "nothing\x00"},
    {"somethingNew": {"a": 1}},
]


@pytest.fixture
def lenient(monkeypatch):
    """The records that are read by whatever they hold."""
    texts, read = [], _READER.record_from_json

    def noted(text):
        texts.append(text)
        return read(text)

    monkeypatch.setattr(_READER, "record_from_json", noted)
    return texts


def read_record_by_record(body: bytes) -> list[WireIncident | UnreadableRecord]:
    """The same page record by record, each by whatever it holds."""
    _, parts = _READER._split(body)
    records = [_READER.record_from_json(part) for part in parts]
    return _READER.read_records(body, records, _read)


def comparable(incidents: list[WireIncident | UnreadableRecord]) -> list[object]:
    """With their raw JSON as a value: the order of members is no difference."""
    return [
        item
        if isinstance(item, UnreadableRecord)
        else structs.replace(item, raw_json=orjson.loads(item.raw_json))
        for item in incidents
    ]


@pytest.mark.parametrize("changes", [*USUAL, *ODD])
def test_reading_in_one_go_agrees_with_reading_one_by_one(changes):
    body = page(incident(1), incident(2, **changes), incident(3), next_link="https://next")
    assert comparable(read_incident_page(body).items) == comparable(read_record_by_record(body))


@pytest.mark.parametrize("indent", [None, 1])
def test_blanks_between_members_make_no_difference(indent):
    body = json.dumps(json.loads(page(incident(1), incident(2))), indent=indent).encode()
    assert comparable(read_incident_page(body).items) == comparable(read_record_by_record(body))


@pytest.mark.parametrize("member", ['"severity":"Low"', '"owner":null', '"title":"Another"'])
def test_a_member_that_stands_twice_is_never_overlooked(member):
    body = page_with(with_member(member), incident(2))
    assert "json:duplicate_key" in read_incident_page(body).items[0].flags


def test_no_incidents_are_no_incidents():
    assert read_incident_page(page()).items == []


@pytest.mark.parametrize("changes", USUAL)
def test_a_record_as_documented_never_takes_the_lenient_path(changes, lenient):
    body = page(incident(1), incident(2, **changes))
    assert [item.number for item in read_incident_page(body).items] == [1, 2]
    assert lenient == []


@pytest.mark.parametrize("odd", ['"new":{"a":1}', '"x":1,"x":2', '"x":"\\u0000"', '"x":NaN'])
def test_only_the_odd_record_takes_the_lenient_path(odd, lenient):
    body = page_with(with_member(odd), incident(2), incident(3))
    assert [item.number for item in read_incident_page(body).items] == [1, 2, 3]
    assert [json.loads(text)["name"] for text in lenient] == [NAME % 1]


def test_what_a_neighbour_holds_changes_nothing():
    usual = incident(2, description=2**62, incidentNumber=2**62)
    alone = read_incident(json.dumps(usual).encode())
    beside = read_incident_page(page_with(with_member('"x":"\\u0000"'), usual)).items[1]
    assert comparable([beside]) == comparable([alone])


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(member=st.sampled_from(sorted(incident()["properties"])), value=ANYTHING)
def test_whatever_a_member_holds_both_ways_agree(member, value):
    body = page(incident(1), incident(2, **{member: value}))
    assert comparable(read_incident_page(body).items) == comparable(read_record_by_record(body))
