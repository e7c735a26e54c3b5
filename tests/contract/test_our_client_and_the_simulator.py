"""Our client and the pretend Sentinel understand each other without knowing of each other."""

import pytest

from alerts.outbox.engine.merge import close_patch
from alerts.outbox.services.enqueue import our_id
from alerts.sentinel.client.azure import AzureSentinelClient
from alerts.sentinel.client.port import (
    ForeignHost,
    SentinelConflict,
    SentinelDenied,
    SentinelNotFound,
    SentinelRefused,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.wire.alerts import WireAlert, read_alerts
from alerts.sentinel.wire.automation import (
    differing_places,
    read_automation_rule,
    read_automation_rules,
)
from alerts.sentinel.wire.entities import WireEntity, read_comment, read_comments, read_entities
from alerts.sentinel.wire.incidents import (
    WireIncident,
    comment_body,
    incident_put_body,
    read_incident,
    read_incident_page,
)
from alerts.sentinel.wire.records import NotAPage, UnreadableRecord
from alerts.sentinel.wire.tasks import WireTask, read_task, read_tasks, task_body
from simulator.faults import MANGLERS
from simulator.running import running_simulator
from tests.factories.azure import connection_to, secret_of

INCIDENTS = 60
TASK = "22222222-0000-4000-8000-000000000002"
LIST = r"/incidents\?"


@pytest.fixture(scope="module")
def running():
    with running_simulator(incidents=INCIDENTS) as pretend:
        yield pretend


@pytest.fixture
def client(running):
    with secret_of(running):
        made = AzureSentinelClient(connection_to(running))
        yield made
        made.close()


@pytest.fixture
def control(running):
    yield running.control
    running.control.clear_faults()


def all_incidents(client, **asked):
    page = read_incident_page(client.list_incidents(**asked))
    incidents = page.items
    while page.next_link:
        page = read_incident_page(client.list_incidents(next_link=page.next_link))
        incidents += page.items
    return incidents


def test_every_incident_alert_and_entity_is_read(client):
    incidents = all_incidents(client, top=7)
    assert incidents
    modified = [incident.modified_at for incident in incidents]
    assert modified == sorted(modified)
    for incident in incidents:
        assert isinstance(incident, WireIncident)
        assert incident.flags == ()
    for incident in incidents[:10]:
        for alert in read_alerts(client.list_alerts(incident.name)):
            assert isinstance(alert, WireAlert)
            assert alert.flags == ()
            assert alert.title
        for entity in read_entities(client.list_entities(incident.name)).entities:
            assert isinstance(entity, WireEntity)
            assert entity.flags in ((), ("kind:unknown",))


def test_time_windows_partition_the_list(client):
    incidents = all_incidents(client)
    middle = incidents[len(incidents) // 2].modified_at
    early, late = all_incidents(client, until=middle), all_incidents(client, since=middle)
    assert sorted(i.name for i in early + late) == sorted(i.name for i in incidents)


def test_an_incident_is_closed_once_and_a_stale_copy_is_refused(client):
    name = all_incidents(client)[-1].name
    read = read_incident(client.get_incident(name))
    changes = close_patch(classification="BenignPositive", reason="SuspiciousButExpected")
    body = incident_put_body(read.raw, changes, add_labels=["tagout-test"])
    receipt = client.put_incident(name, body)
    closed = read_incident(client.get_incident(name))
    assert (closed.status, closed.etag) == ("Closed", receipt.etag)
    assert "tagout-test" in [label.name for label in closed.labels]
    assert closed.number == read.number
    with pytest.raises(SentinelConflict):
        client.put_incident(name, body)


def test_a_comment_sent_twice_is_there_once(client):
    name, comment = all_incidents(client)[0].name, str(our_id("test", "comment"))
    for _ in range(2):
        client.put_comment(name, comment, comment_body("Routine: weekly backup."))
    messages = [row.message for row in read_comments(client.list_comments(name)).items]
    assert messages.count("Routine: weekly backup.") == 1


def test_what_is_not_there_is_missing_and_a_probe_is_well(client):
    with pytest.raises(SentinelNotFound):
        client.get_incident(str(our_id("nothing")))
    assert client.probe().has_incidents


@pytest.mark.parametrize("way", MANGLERS)
def test_one_mangled_incident_costs_neither_its_page_nor_its_neighbours(client, control, way):
    whole = all_incidents(client)
    control.fault(path=LIST, mangle=way, count=1)
    items = read_incident_page(client.list_incidents()).items
    assert len(items) == len(whole)
    odd = [item for item in items if isinstance(item, UnreadableRecord) or item.flags]
    assert len(odd) <= 1
    assert odd or way.startswith("date")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 429, "retry_after": 17}, SentinelThrottled),
        ({"status": 429, "retry_after": "date:90"}, SentinelThrottled),
        ({"status": 500}, SentinelUnavailable),
        ({"status": 503, "retry_after": 5}, SentinelUnavailable),
        ({"status": 401, "code": "ExpiredAuthenticationToken"}, SentinelDenied),
        ({"status": 403, "code": "AuthorizationFailed"}, SentinelDenied),
        ({"body": "truncated"}, (SentinelUnavailable, NotAPage)),
        ({"body": "wrong_length"}, SentinelUnavailable),
        ({"body": "html"}, SentinelUnavailable),
        ({"body": "empty"}, SentinelUnavailable),
        ({"body": "not_json"}, (SentinelUnavailable, NotAPage)),
        ({"drop": "before"}, SentinelUnavailable),
        ({"next_link": "foreign"}, ForeignHost),
    ],
)
def test_every_fault_ends_in_an_error_of_ours(client, control, fault, error):
    control.fault(path=LIST, **fault)
    with pytest.raises(error) as caught:
        all_incidents(client)
    if fault.get("status") == 429:
        assert caught.value.retry_after == pytest.approx(
            17 if fault["retry_after"] == 17 else 90, 0.1
        )


def test_a_write_whose_answer_was_lost_is_found_again_and_not_repeated(client, control):
    name, comment = all_incidents(client)[1].name, str(our_id("test", "lost"))
    control.fault(path="/comments/", method="PUT", drop="after", count=1)
    with pytest.raises(SentinelUnavailable):
        client.put_comment(name, comment, comment_body("Sent once."))
    assert read_comment(client.get_comment(name, comment)).message == "Sent once."


def rule_of_ours(**changed):
    condition = {
        "conditionType": "Property",
        "conditionProperties": {
            "propertyName": "IncidentTitle",
            "operator": "Equals",
            "propertyValues": ["Never seen"],
        },
    }
    label = {"labels": [{"labelName": "seen"}]}
    return {
        "displayName": "Tagout R-1",
        "order": 501,
        "triggeringLogic": {
            "isEnabled": True,
            "expirationTimeUtc": "2099-01-01T00:00:00Z",
            "triggersOn": "Incidents",
            "triggersWhen": "Created",
            "conditions": [condition],
        },
        "actions": [{"order": 1, "actionType": "ModifyProperties", "actionConfiguration": label}],
    } | changed


def test_an_automation_rule_is_made_changed_listed_and_taken_away(client):
    name = str(our_id("rule", "contract"))
    with pytest.raises(SentinelNotFound):
        client.get_automation_rule(name)
    made = client.put_automation_rule(name, rule_of_ours())
    read = read_automation_rule(client.get_automation_rule(name))
    assert (read.name, read.etag) == (name, made.etag)
    assert differing_places(rule_of_ours(), read.properties) == []
    changed = client.put_automation_rule(name, rule_of_ours(order=502), etag=read.etag)
    with pytest.raises(SentinelConflict):
        client.put_automation_rule(name, rule_of_ours(), etag=read.etag)
    with pytest.raises(SentinelConflict):
        client.delete_automation_rule(name, etag=read.etag)
    rules, link = read_automation_rules(client.list_automation_rules())
    assert name in [rule.name for rule in rules] and link is None
    client.delete_automation_rule(name, etag=changed.etag)
    client.delete_automation_rule(name)
    with pytest.raises(SentinelNotFound):
        client.get_automation_rule(name)


def test_azure_says_in_its_own_words_what_is_wrong_with_a_rule(client):
    with pytest.raises(SentinelRefused, match="'order' must have 1 to 1000"):
        client.put_automation_rule(str(our_id("rule", "bad")), rule_of_ours(order=0))


def test_without_the_right_to_write_rules_the_answer_names_the_action(client, control):
    control.application("portal", denied=["Microsoft.SecurityInsights/automationRules/write"])
    try:
        with pytest.raises(SentinelDenied, match="automationRules/write") as caught:
            client.put_automation_rule(str(our_id("rule", "denied")), rule_of_ours())
    finally:
        control.application("portal", denied=[])
    assert caught.value.status == 403


def test_a_task_is_there_once_and_a_stale_copy_is_refused(client):
    name = read_incident_page(client.list_incidents(top=1)).items[0].name
    with pytest.raises(SentinelNotFound) as missing:
        client.get_task(name, TASK)
    assert not missing.value.is_of_the_workspace
    new = task_body(title="Fetch a capture", description="Of the cell", status="New")
    client.put_task(name, TASK, new)
    client.put_task(name, TASK, new)
    (task,) = read_tasks(client.list_tasks(name)).items
    assert isinstance(task, WireTask)
    assert (task.name, task.title, task.status) == (TASK, "Fetch a capture", "New")
    assert task.author and task.created_at and task.modified_at
    done = task_body(
        title=task.title, description=task.description, status="Completed", etag=task.etag
    )
    client.put_task(name, TASK, done)
    assert read_task(client.get_task(name, TASK)).status == "Completed"
    with pytest.raises(SentinelConflict):
        client.put_task(name, TASK, done)
