"""Incidents by Graph: by windows, only those of the workspace, written narrowly and once."""

import json

import pytest

from alerts.sentinel.client.errors import (
    ForeignHost,
    SentinelConflict,
    SentinelNotFound,
    SentinelRefused,
    SentinelUnavailable,
)
from alerts.sentinel.client.graph_calls import GraphCalls
from alerts.sentinel.client.graph_source import MAX_EXPAND_FAILURES, GraphIncidentSource
from alerts.sentinel.client.port import ListBy
from alerts.sentinel.wire.alerts import read_alerts
from alerts.sentinel.wire.entities import read_comments, read_entities
from alerts.sentinel.wire.graph.incidents import Counterpart
from alerts.sentinel.wire.incidents import comment_body, read_incident, read_incident_page
from tests.conftest import NOON
from tests.factories.graph import MemoryCounterparts, MemoryGraph, graph_text
from tests.memory_sentinel import MemorySentinel

NAME = "73e01a99-5cd7-4139-a149-9f2736ff2ab5"


def _name(number):
    return f"{number:08d}-0000-4000-8000-000000000000"


class Side:
    """A workspace in the Defender portal."""

    def __init__(self):
        self.graph, self.sentinel = MemoryGraph(), MemorySentinel()
        self.counterparts = MemoryCounterparts()
        self.source = GraphIncidentSource(self.graph, self.sentinel, self.counterparts)

    def add(self, graph_id="8754", name=NAME, **members):
        """An incident that both sides have."""
        self.graph.add(graph_id, **members)
        self.graph.add_alert(graph_id)
        self.sentinel.add_incident(name)
        self.counterparts.add(Counterpart(graph_id, name, int(graph_id) - 8000))
        return name

    def read(self, name=NAME):
        return read_incident(self.source.get_incident(name))

    def listed(self, **question):
        """The names of all pages, and how many pages there were."""
        names, link, pages = [], None, 0
        while True:
            page = read_incident_page(self.source.list_incidents(next_link=link, **question))
            names += [item.name for item in page.items]
            link, pages = page.next_link, pages + 1
            if link is None:
                return names, pages


@pytest.fixture
def side():
    return Side()


def _many(side, n, **members):
    names = [_name(number) for number in range(n)]
    for number, name in enumerate(names):
        side.add(str(9000 + number), name, **members)
    return names


def test_a_list_is_read_by_windows_and_never_skips(side):
    names = _many(side, 120)
    listed, pages = side.listed()
    assert list(dict.fromkeys(listed)) == names
    assert pages == 3
    assert all(call[1] == "incidents" for call in side.graph.calls)  # no link was followed
    options = [call[2] for call in side.graph.calls]
    assert all(option["top"] == "50" and "skip" not in option for option in options)
    assert all(option["orderby"] == "lastUpdateDateTime asc" for option in options)


def test_an_instant_that_is_longer_than_a_page_is_followed(side):
    names = _many(side, 130, lastUpdateDateTime=graph_text(NOON))
    listed, _ = side.listed()
    assert set(listed) == set(names)
    assert any(call[1] == "next" for call in side.graph.calls)


def test_a_list_is_cut_by_either_time(side):
    side.add("8001", _name(1), createdDateTime="2026-11-20T08:00:00.0000001Z")
    side.add("8002", _name(2), createdDateTime="2026-11-23T08:00:00Z")
    question = {"by": ListBy.CREATED, "since": NOON.replace(day=20), "until": NOON.replace(day=24)}
    assert side.listed(**question) == ([_name(2)], 1)


@pytest.mark.parametrize("refused", [True, False])
def test_a_list_that_graph_does_not_order_is_put_in_order_here(side, refused):
    names = _many(side, 120)
    side.graph.orders, side.graph.keeps_order = not refused, False
    listed, pages = side.listed()
    assert listed == names
    assert pages == 1


def test_where_alerts_break_the_list_they_are_asked_for_one_by_one(side):
    name = side.add()
    side.graph.expands = False
    for _ in range(MAX_EXPAND_FAILURES + 2):
        (item,) = read_incident_page(side.source.list_incidents()).items
        assert (item.name, item.alerts_count) == (name, 1)
    assert not side.source.capabilities.expand
    expanded = [call for call in side.graph.calls if "expand" in call[2]]
    assert len(expanded) == MAX_EXPAND_FAILURES
    asked = [call for call in side.graph.calls if call[1].endswith("/alerts")]
    assert len(asked) == 1  # its alerts are known while it does not change


def test_a_graph_that_is_down_is_not_taken_for_one_that_dislikes_alerts(side):
    side.add()

    def down():
        raise SentinelUnavailable("Down.", status=503)

    for _ in range(2):
        side.graph.before_next(down, verb="GET")
    with pytest.raises(SentinelUnavailable):
        side.source.list_incidents()
    assert side.source.capabilities.expand
    assert side.listed() == ([NAME], 1)


def test_an_incident_of_the_tenant_that_is_not_ours_waits_and_is_not_shown(side):
    side.add()
    side.graph.add("8999", displayName="Somebody else's mailbox")
    body = side.source.list_incidents()
    assert side.listed()[0] == [NAME]
    assert b"mailbox" not in body
    assert set(side.counterparts.waiting) == {"8999"}


def test_a_link_of_another_host_is_not_followed(side):
    with pytest.raises(ForeignHost):
        side.source.list_incidents(next_link="https://elsewhere.example/incidents")


def test_an_incident_that_never_reached_the_portal_stays_with_sentinel(side):
    name = side.sentinel.add_incident()
    read = side.read(name)
    side.source.change_incident(read, {"status": "Active"})
    side.source.put_comment(name, _name(4), comment_body("Here."))
    assert side.sentinel.incidents[name]["properties"]["status"] == "Active"
    assert len(side.sentinel.comments[name]) == 1
    assert side.graph.calls == []


def test_a_change_is_a_narrow_patch(side):
    side.add(customTags=["theirs"])
    receipt = side.source.change_incident(
        side.read(), {"status": "Closed", "severity": "Medium"}, add_labels=["tagout:routine"]
    )
    assert side.graph.writes == [
        (
            "PATCH",
            "incidents/8754",
            {"status": "resolved", "customTags": ["theirs", "tagout:routine"]},
        )
    ]
    after = side.read()
    assert after.status == "Closed"
    assert receipt.etag == after.etag
    assert read_incident(receipt.body).status == "Closed"
    assert receipt.overtaken == ()


def test_nothing_is_sent_where_all_is_so_already(side):
    side.add()
    side.source.change_incident(side.read(), {"status": "New", "classification": "Undetermined"})
    assert side.graph.writes == []


def test_who_changed_it_since_the_reading_is_not_written_over(side):
    side.add()
    read = side.read()
    side.graph.edit("8754", severity="high")
    with pytest.raises(SentinelConflict):
        side.source.change_incident(read, {"severity": "Low"})
    assert side.graph.writes == []


def test_who_changes_it_right_after_us_stays_and_is_told(side):
    side.add()
    read = side.read()

    def reopens():  # between our patch and our reading
        side.graph.before_next(lambda: side.graph.edit("8754", status="active"), verb="GET")

    side.graph.before_next(reopens, verb="PATCH")
    receipt = side.source.change_incident(read, {"status": "Closed"})
    assert receipt.overtaken == ("status",)
    assert read_incident(receipt.body).status == "New"
    assert len(side.graph.writes) == 1  # no second write on the same decision


def test_what_the_portal_cannot_keep_is_told(side):
    side.add()
    receipt = side.source.change_incident(
        side.read(),
        {
            "status": "Closed",
            "classification": "FalsePositive",
            "classificationReason": "IncorrectAlertLogic",
        },
    )
    assert receipt.without_place == ("classificationReason",)
    assert side.read().classification_reason == "InaccurateData"


def test_a_value_without_a_word_there_is_refused(side):
    side.add()
    with pytest.raises(SentinelRefused, match="status"):
        side.source.change_incident(side.read(), {"status": "Sleeping"})


def test_a_comment_whose_answer_was_lost_is_not_written_twice(side):
    name, key = side.add(), _name(5)
    for _ in range(2):
        side.source.put_comment(name, key, comment_body("Routine: weekly backup."))
    side.graph.say("8754", "Thank you.")
    ours, theirs = read_comments(side.source.list_comments(name)).items
    assert (ours.name, ours.message) == (key, "Routine: weekly backup.")
    assert theirs.message == "Thank you."
    assert json.loads(side.source.get_comment(name, key))["name"] == key
    with pytest.raises(SentinelNotFound):
        side.source.get_comment(name, _name(6))


def test_alerts_come_from_graph_and_entities_from_sentinel(side):
    name = side.add()
    side.sentinel.entities[name] = [
        {"name": "e", "kind": "Ip", "properties": {"address": "10.0.0.1"}}
    ]
    assert read_alerts(side.source.list_alerts(name))[0].vendor_original_id == "1043"
    assert read_entities(side.source.list_entities(name)).entities[0].name == "e"


def test_where_sentinel_has_no_entities_the_evidence_stands_in(side):
    name = side.add()
    side.graph.alerts["8754"][0]["evidence"] = [
        {"@odata.type": "#microsoft.graph.security.ipEvidence", "ipAddress": "10.0.0.9"}
    ]
    (entity,) = read_entities(side.source.list_entities(name)).entities
    assert entity.friendly_name == "10.0.0.9"
    side.sentinel.fail_next(SentinelNotFound("Gone.", status=404), verb="list_entities")
    (entity,) = read_entities(side.source.list_entities(name)).entities
    assert entity.friendly_name == "10.0.0.9"


def test_the_survivor_of_a_chain_of_merges_is_found(side):
    side.add()
    side.graph.add("8800", status="redirected", redirectIncidentId="8801")
    side.add("8801", _name(3))
    side.graph.edit("8754", status="redirected", redirectIncidentId="8800")
    incident = side.read()
    assert incident.is_merged_away
    assert incident.merged_into_number == 801
    assert side.counterparts.survivors == {"8754": "8801"}


def test_rules_and_all_else_go_on_through_the_resource_manager(side):
    side.source.put_automation_rule("r-1", {"displayName": "Tagout R-1"})
    assert side.sentinel.rules["r-1"]["properties"]["displayName"] == "Tagout R-1"
    assert side.source.probe().has_incidents is False
    assert side.source.answered == side.graph.answered == 1


def test_many_incidents_of_others_do_not_hold_up_ours(side):
    for number in range(300):
        side.graph.add(str(1000 + number))
    name = side.add()
    page = read_incident_page(side.source.list_incidents())
    assert [item.name for item in page.items] == [name]
    assert page.next_link is None


@pytest.fixture
def calls(service):
    made = GraphCalls(service.connection(graph_endpoint=service.url))
    yield made
    made.close()


def test_every_call_asks_for_values_newer_than_the_interface(service, calls):
    seen = []

    def answer(handler):
        seen.append((handler.command, handler.headers["Prefer"], handler.sent))
        handler.send(200, {"value": []})

    service.spoil(answer, answer, answer)
    calls.get("incidents", top="1")
    calls.patch("incidents", "8754", body={"status": "resolved"})
    calls.post("incidents", "8754", "comments", body={"comment": "x"})
    assert [verb for verb, _, _ in seen] == ["GET", "PATCH", "POST"]
    assert {prefer for _, prefer, _ in seen} == {"include-unknown-enum-members"}
    assert json.loads(seen[1][2]) == {"status": "resolved"}
    assert service.requests[0][1] == "/v1.0/security/incidents?%24top=1"
    assert service.sign_ins[-1]["scope"][0].startswith("https://graph.microsoft.com/.default")


def test_what_adds_something_is_sent_once(service, calls):
    service.spoil(lambda handler: handler.send(503, {}), lambda handler: handler.send(200, {}))
    with pytest.raises(SentinelUnavailable):
        calls.post("incidents", "8754", "comments", body={"comment": "x"})
    assert len(service.requests) == 1


def test_a_part_of_an_answer_is_no_answer(service, calls):
    service.spoil(lambda handler: handler.send(206, {"value": []}))
    with pytest.raises(SentinelUnavailable, match="part"):
        calls.get("incidents")


def test_a_next_page_on_another_host_is_not_asked(calls):
    with pytest.raises(ForeignHost):
        calls.follow("https://elsewhere.example/v1.0/security/incidents")
