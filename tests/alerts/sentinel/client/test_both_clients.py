"""The client over the SDK and its twin in memory answer alike."""

import pytest

from alerts.outbox.engine.merge import close_patch
from alerts.outbox.services.enqueue import our_id
from alerts.sentinel.client.port import (
    ListBy,
    SentinelConflict,
    SentinelNotFound,
    SentinelRefused,
)
from alerts.sentinel.wire.alerts import read_alerts
from alerts.sentinel.wire.automation import (
    differing_places,
    read_automation_rule,
    read_automation_rules,
)
from alerts.sentinel.wire.entities import read_comment, read_comments, read_entities
from alerts.sentinel.wire.incidents import comment_body, read_incident, read_incident_page
from alerts.sentinel.wire.playbooks import read_playbooks, read_runs
from tests.conftest import NOON


@pytest.fixture(params=["memory", "azure"])
def client(request, service):
    return service.sentinel if request.param == "memory" else request.getfixturevalue("azure")


@pytest.fixture
def sentinel(service):
    return service.sentinel


def test_pages_follow_each_other_to_the_end(client, sentinel):
    names = [sentinel.add_incident() for _ in range(5)]
    page = read_incident_page(client.list_incidents(top=2))
    listed = [item.name for item in page.items]
    while page.next_link:
        page = read_incident_page(client.list_incidents(next_link=page.next_link))
        listed += [item.name for item in page.items]
    assert listed == names


def test_lists_are_cut_by_time(client, sentinel):
    sentinel.add_incident(at=NOON.replace(hour=1))
    name = sentinel.add_incident(at=NOON.replace(hour=11, microsecond=250))
    sentinel.add_incident(at=NOON)
    body = client.list_incidents(since=NOON.replace(hour=2), until=NOON, by=ListBy.CREATED)
    assert [item.name for item in read_incident_page(body).items] == [name]


def test_an_incident_is_closed_with_the_etag_that_was_read(client, sentinel):
    name = sentinel.add_incident(owner={"objectId": "sam"}, futureMember=[1])
    read = read_incident(client.get_incident(name))
    changes = close_patch(classification="BenignPositive", reason="SuspiciousButExpected")
    receipt = client.change_incident(read, changes, add_labels=["tagout"])
    closed = read_incident(client.get_incident(name))
    assert (receipt.name, receipt.etag) == (name, closed.etag)
    assert (closed.status, closed.classification) == ("Closed", "BenignPositive")
    assert [label.name for label in closed.labels] == ["tagout"]
    assert closed.owner.object_id == "sam"
    assert closed.raw["properties"]["futureMember"] == [1]
    with pytest.raises(SentinelConflict):
        client.change_incident(read, changes, add_labels=["tagout"])


def test_nothing_is_written_without_an_etag(client, sentinel):
    name = sentinel.add_incident()
    with pytest.raises(SentinelRefused, match="etag"):
        client.put_incident(name, {"properties": {"status": "Closed"}})
    assert sentinel.writes == []


def test_a_comment_written_twice_is_there_once(client, sentinel):
    name, comment = sentinel.add_incident(), str(our_id("comment", 1))
    for _ in range(2):
        receipt = client.put_comment(name, comment, comment_body("Routine: weekly backup."))
    (found,) = read_comments(client.list_comments(name)).items
    assert (found.name, found.message) == (comment, "Routine: weekly backup.")
    assert read_comment(client.get_comment(name, comment)).etag == receipt.etag


def test_alerts_and_entities_come_with_their_incident(client, sentinel):
    name = sentinel.add_incident()
    sentinel.alerts[name] = [{"name": "a", "properties": {"systemAlertId": "A1"}}]
    sentinel.entities[name] = [{"name": "e", "kind": "Ip", "properties": {"address": "10.0.0.1"}}]
    assert read_alerts(client.list_alerts(name))[0].system_alert_id == "a1"
    assert read_entities(client.list_entities(name)).entities[0].kind == "Ip"


def test_what_is_not_there_is_said_to_be_missing(client, sentinel):
    name = sentinel.add_incident()
    for ask in (
        lambda: client.get_incident("gone"),
        lambda: client.list_alerts("gone"),
        lambda: client.get_comment(name, "gone"),
    ):
        with pytest.raises(SentinelNotFound) as error:
            ask()
        assert error.value.status == 404


def test_a_probe_tells_whether_there_is_anything(client, sentinel):
    assert not client.probe().has_incidents
    sentinel.add_incident()
    assert client.probe().has_incidents


RULE = {
    "displayName": "Tagout R-1",
    "order": 501,
    "triggeringLogic": {"isEnabled": False, "triggersOn": "Incidents", "triggersWhen": "Created"},
    "actions": [{"order": 1, "actionType": "ModifyProperties", "actionConfiguration": {}}],
}


def test_an_automation_rule_is_made_read_changed_listed_and_taken_away(client):
    name = str(our_id("rule", "1"))
    with pytest.raises(SentinelNotFound):
        client.get_automation_rule(name)
    made = client.put_automation_rule(name, RULE)
    read = read_automation_rule(client.get_automation_rule(name))
    assert (read.name, read.etag) == (name, made.etag)
    assert differing_places(RULE, read.properties) == []
    client.put_automation_rule(name, RULE | {"order": 502}, etag=read.etag)
    rules, link = read_automation_rules(client.list_automation_rules())
    assert ([rule.properties["order"] for rule in rules], link) == ([502], None)
    with pytest.raises(SentinelConflict):
        client.put_automation_rule(name, RULE, etag=read.etag)
    with pytest.raises(SentinelConflict):
        client.delete_automation_rule(name, etag=read.etag)
    client.delete_automation_rule(name, etag=rules[0].etag)
    client.delete_automation_rule(name)  # none there is as good
    assert read_automation_rules(client.list_automation_rules())[0] == []


def test_a_playbook_is_found_started_and_seen_to_run(client, sentinel):
    name = sentinel.add_incident()
    known = sentinel.add_playbook("enrich-with-cve", "Add_comment")
    (playbook,), link = read_playbooks(client.list_playbooks())
    assert (playbook.resource_id, playbook.name, link) == (known, "enrich-with-cve", None)
    assert playbook.is_enabled and playbook.has_incident_trigger
    assert playbook.steps == ("Add_comment ApiConnection",)
    assert read_runs(client.list_playbook_runs(known)) == ([], None)
    client.run_playbook(name, playbook=known)
    (run,), _ = read_runs(client.list_playbook_runs(known))
    assert (run.about, run.status) == (name, "Succeeded")
    with pytest.raises(SentinelNotFound):
        client.list_playbook_runs(known + "-gone")
