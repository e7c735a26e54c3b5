"""Reading a page's incidents all at once finds exactly what reading them one by one finds."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.sentinel.wire import Unreadable, WireIncident, read_incident_page
from alerts.sentinel.wire.columns import read_columns
from alerts.sentinel.wire.incident import incident_of
from alerts.sentinel.wire.listing import Loaded, load_list
from alerts.sentinel.wire.typed import read_typed
from alerts.sentinel.wire.unreadable import Unfit
from tests.alerts.sentinel.wire.samples import incident, page, page_with, with_member

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


def at_once(body: bytes) -> list[WireIncident] | None:
    """The page by the typed parser, or None where it gives up."""
    typed = read_typed(body)
    return None if typed is None else read_columns(body, typed, range(len(typed.value)))


def one_by_one(body: bytes) -> list[WireIncident | Unreadable]:
    """The same page record by record."""
    return [read_alone(record) for record in load_list(body).records]


def read_alone(record: Loaded | Unreadable) -> WireIncident | Unreadable:
    """One record, as the careful reader has it."""
    try:
        return record if isinstance(record, Unreadable) else incident_of(*record)
    except Unfit as unfit:
        return Unreadable(str(unfit), record.raw_json)


def spelled_alike(incidents: list[WireIncident | Unreadable]) -> list[object]:
    """With their raw JSON as a value: the order of members is no difference."""
    return [
        one._replace(raw_json=orjson.loads(one.raw_json)) if isinstance(one, WireIncident) else one
        for one in incidents
    ]


@pytest.mark.parametrize("changes", [*USUAL, *ODD])
def test_reading_at_once_agrees_with_reading_one_by_one(changes):
    body = page(incident(1), incident(2, **changes), incident(3), next_link="https://next")
    quick = at_once(body)
    assert (quick is None) == (changes in ODD)
    assert spelled_alike(read_incident_page(body).items) == spelled_alike(one_by_one(body))


@pytest.mark.parametrize("indent", [None, 1])
def test_blanks_between_members_make_no_difference(indent):
    body = json.dumps(json.loads(page(incident(1), incident(2))), indent=indent).encode()
    assert spelled_alike(at_once(body) or []) == spelled_alike(one_by_one(body))


@pytest.mark.parametrize("member", ['"severity":"Low"', '"owner":null', '"title":"Another"'])
def test_a_member_that_stands_twice_is_never_read_at_once(member):
    body = page_with(with_member(member), incident(2))
    assert at_once(body) is None
    assert "json:duplicate_key" in read_incident_page(body).items[0].flags


def test_no_incidents_are_no_incidents():
    assert at_once(page()) == []


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
    quick = at_once(body)
    if quick is not None:
        assert spelled_alike(quick) == spelled_alike(one_by_one(body))
