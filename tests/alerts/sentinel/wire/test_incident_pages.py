"""An incident page is read in full, and what is odd on it is named."""

import json
from datetime import UTC, datetime

import pytest

from alerts.sentinel.wire.incidents import WireIncident, read_incident, read_incident_page
from alerts.sentinel.wire.records import NotAPage, UnreadableRecord
from alerts.sentinel.wire.values import ticks_of
from tests.alerts.sentinel.wire.samples import NAME, incident, page, page_with, with_member


def first(body: bytes) -> WireIncident:
    found = read_incident_page(body).items[0]
    assert isinstance(found, WireIncident)
    return found


def test_an_ordinary_incident_is_read_without_a_flag():
    read = first(page(incident(7)))
    assert (read.name, read.etag, read.number) == (NAME % 7, '"etag-7"', 7)
    assert (read.severity, read.status, read.classification) == ("High", "New", None)
    assert read.created_at == datetime(2026, 11, 20, 8, 10, 5, 700000, UTC)
    assert read.modified_text == "2026-11-20T08:10:05.7654321Z"
    assert read.owner is None
    assert [label.name for label in read.labels] == ["Press-Shop"]
    assert read.is_from_d4iot
    assert not read.is_merged_away
    assert read.flags == ()
    assert json.loads(read.raw_json) == read.raw == incident(7)


def test_heads_tell_name_and_etag_without_reading_the_rest():
    found = read_incident_page(page(incident(1), {"etag": 3}, 5, next_link="https://x/y"))
    assert found.heads == [(NAME % 1, '"etag-1"'), (None, None), (None, None)]
    assert found.next_link == "https://x/y"
    assert len(found) == 3
    assert found.picked([0])[0].number == 1


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"properties": {}}, "no usable name"),
        ({"name": "", "properties": {}}, "no usable name"),
        ({"name": "../../other", "properties": {}}, "no usable name"),
        ({"name": 7, "properties": {}}, "no usable name"),
        ({"name": "a", "properties": []}, "properties"),
        ({"name": "a"}, "properties"),
        (None, "no object"),
        ("text", "no object"),
    ],
)
def test_a_record_that_is_no_incident_is_set_apart_and_the_rest_is_kept(record, reason):
    odd, good = read_incident_page(page(record, incident(2))).items
    assert isinstance(odd, UnreadableRecord)
    assert reason in odd.reason
    assert json.loads(odd.raw) == record
    assert good.number == 2


@pytest.mark.parametrize(
    ("changes", "flag", "member", "value"),
    [
        ({"status": "Escalated"}, "status:unknown", "status", "Escalated"),
        ({"severity": None}, "severity:missing", "severity", None),
        ({"severity": 5}, "severity:not_text", "severity", None),
        ({"classification": "Maybe"}, "classification:unknown", "classification", "Maybe"),
        ({"title": {"a": 1}}, "title:not_text", "title", None),
        ({"title": 12}, "title:not_text", "title", "12"),
        ({"incidentNumber": -1}, "number:not_a_count", "number", None),
        ({"incidentNumber": 2**70}, "number:not_a_count", "number", None),
        ({"labels": "red"}, "labels:not_a_list", "labels", ()),
        ({"labels": [{"labelName": None}]}, "labels:without_name", "labels", ()),
        ({"owner": "sam"}, "owner:not_an_object", "owner", None),
        ({"additionalData": []}, "additional_data:not_an_object", "alerts_count", None),
    ],
)
def test_an_odd_member_is_flagged_and_costs_only_itself(changes, flag, member, value):
    read = first(page(incident(1, **changes)))
    assert flag in read.flags
    assert getattr(read, member) == value
    assert read.name == NAME % 1


def test_the_usual_spelling_is_found_behind_another():
    read = first(
        page(incident(1, status=" closed", severity="HIGH", classification="truepositive"))
    )
    assert (read.status, read.severity, read.classification) == ("Closed", "High", "TruePositive")
    assert read.flags == ()


@pytest.mark.parametrize(
    ("text", "moment", "flag"),
    [
        ("2026-11-20T08:00:00Z", datetime(2026, 11, 20, 8, tzinfo=UTC), None),
        ("2026-11-20T10:00:00+02:00", datetime(2026, 11, 20, 8, tzinfo=UTC), None),
        ("2026-11-20T08:00:00", datetime(2026, 11, 20, 8, tzinfo=UTC), "no_zone"),
        ("0001-01-01T00:00:00Z", None, "out_of_range"),
        ("0001-01-01T00:00:00+05:00", None, "not_a_date"),
        ("2026-02-30T00:00:00Z", None, "not_a_date"),
        ("12026-01-01T00:00:00Z", None, "not_a_date"),
        ("", None, "empty"),
        (17, None, "not_text"),
    ],
)
def test_a_date_is_read_or_left_out_with_a_flag(text, moment, flag):
    read = first(page(incident(1, lastModifiedTimeUtc=text)))
    assert read.modified_at == moment
    assert read.flags == ((f"modified_at:{flag}",) if flag else ())
    assert read.raw["properties"]["lastModifiedTimeUtc"] == text


def test_two_times_within_one_microsecond_keep_their_order():
    earlier, later = "2026-11-20T08:10:05.7654321Z", "2026-11-20T08:10:05.7654322Z"
    assert ticks_of(later) - ticks_of(earlier) == 1
    assert ticks_of("2026-11-20T08:10:05Z") % 10_000_000 == 0
    assert ticks_of("0001-01-01T00:00:00Z") is ticks_of(None) is None


def test_a_merged_incident_names_its_survivor():
    more = {"mergedIncidentNumber": "3178", "mergedIncidentUrl": "https://portal/3178"}
    labels = [{"labelName": "redirected", "labelType": "AutoAssigned"}]
    read = first(page(incident(1, additionalData=more, labels=labels)))
    assert (read.merged_into_number, read.is_merged_away) == (3178, True)


@pytest.mark.parametrize(
    ("member", "flag"),
    [
        ('"x":"a\\u0000b"', "json:nul"),
        ('"x":"a\\ud800b"', "json:lone_surrogate"),
        ('"x":NaN', "json:not_finite"),
        ('"x":1e999', "json:not_finite"),
        ('"x":' + "9" * 5000, "json:huge_number"),
        ('"x":1,"x":2', "json:duplicate_key"),
    ],
)
def test_what_a_database_cannot_hold_is_replaced_and_flagged(member, flag):
    found = read_incident_page(page_with(with_member(member), incident(2)))
    odd, good = found.items
    assert odd.flags == (flag,)
    assert b"\\u0000" not in odd.raw_json
    assert json.loads(odd.raw_json) == odd.raw
    assert (good.number, good.flags) == (2, ())


@pytest.mark.parametrize("depth", [300, 5_000, 100_000])
def test_a_record_nested_too_deeply_costs_only_itself(depth):
    nested = with_member('"x":' + "[" * depth + "]" * depth)
    odd, good = read_incident_page(page_with(nested, incident(2))).items
    assert isinstance(odd, UnreadableRecord)
    assert (odd.reason, odd.name) == ("it is nested too deeply", NAME % 1)
    assert good.number == 2


def test_bytes_that_are_no_text_are_replaced_and_flagged():
    body = page(incident(1, title="M?ller"), incident(2)).replace(b"M?ller", b"M\xfcller")
    odd, good = read_incident_page(body).items
    assert (odd.title, odd.flags) == ("M\N{REPLACEMENT CHARACTER}ller", ("json:not_utf8",))
    assert good.flags == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Service is being updated</html>",
        b"[]",
        b"null",
        b'{"error":{"code":"x"}}',
        b'{"value":{}}',
        b'{"value":[],"nextLink":{}}',
        page(incident(1))[:-1],
        page(incident(1))[:-40],
        b'{"value":[{"name":"a","title":"cut here }]}',
        b'{"value":[]} and more',
    ],
)
def test_an_answer_that_is_no_whole_page_is_refused_as_a_whole(body):
    with pytest.raises(NotAPage):
        read_incident_page(body)


def test_an_empty_list_is_a_page():
    assert read_incident_page(b'{"value":null}').items == []
    assert read_incident_page(b'\xef\xbb\xbf{ "value" : [ ] }').items == []


def test_one_incident_can_be_an_answer_of_its_own():
    assert read_incident(json.dumps(incident(3)).encode()).number == 3
    with pytest.raises(NotAPage):
        read_incident(b"<html>")
