"""What a worker reads of a workspace: rules, playbooks, runs; each with its age and its error."""

import json
import uuid
from datetime import timedelta

import pytest

from alerts.automation.models import FoundRule, Inventory, Playbook, PlaybookRun
from alerts.outbox.models import WantedRule
from alerts.sentinel.client.port import SentinelDenied, SentinelThrottled, SentinelUnavailable
from alerts.sentinel.models import Reachability
from portal.jobs.services import count_work_at_hand
from portal.notifications.models import Notification
from tests.alerts.automation.engine.test_rule_facts import modify, rule
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def put(sentinel, *, name=None, **changes):
    name = name or str(uuid.uuid4())
    sentinel.put_automation_rule(name, rule(**changes))
    return name


def test_rules_playbooks_and_runs_become_rows(worker, sentinel, incident):
    name = put(sentinel)
    playbook = sentinel.add_playbook("isolate-device", "Shut_port", description="Blocks a port")
    sentinel.add_run(playbook, incident.name, status="Failed", error={"message": "No route."})
    assert worker.read()
    assert FoundRule.objects.get().name == name
    row = Playbook.objects.get()
    assert (row.name, row.acts_on_plant, row.is_enabled) == ("isolate-device", True, True)
    run = PlaybookRun.objects.get()
    assert (run.incident, run.status, run.error) == (incident, "Failed", "No route.")
    inventory = Inventory.objects.get()
    assert {inventory.rules_read_at, inventory.playbooks_read_at, inventory.runs_read_at} == {NOON}
    assert not worker.read() or PlaybookRun.objects.count() == 1


def test_what_is_gone_is_forgotten_and_playbooks_keep_their_runs(worker, sentinel, incident):
    name, playbook = put(sentinel), sentinel.add_playbook("enrich")
    sentinel.add_run(playbook, incident.name)
    worker.read()
    del sentinel.rules[name], sentinel.playbooks[playbook]
    worker.read()
    assert not FoundRule.objects.exists()
    assert Playbook.objects.get().gone_at == NOON and PlaybookRun.objects.exists()
    sentinel.add_playbook("enrich")
    worker.read()
    assert Playbook.objects.get().gone_at is None


def test_a_missing_right_on_playbooks_hides_no_rule_and_stops_no_reading(worker, sentinel):
    put(sentinel)
    sentinel.fail_next(
        SentinelDenied("Azure does not allow this.", status=403), verb="list_playbooks"
    )
    worker.read()
    inventory = Inventory.objects.get()
    assert inventory.rules_read_at == NOON and inventory.playbooks_read_at is None
    assert inventory.playbooks_error == "Azure does not allow this."
    assert FoundRule.objects.exists()
    assert not Reachability.objects.filter(denied_since__isnull=False).exists()


@pytest.mark.parametrize("error", [SentinelThrottled("Slower."), SentinelUnavailable("Away.")])
def test_a_far_end_in_trouble_is_left_alone_and_what_is_known_stays(worker, sentinel, error):
    put(sentinel)
    worker.read()
    sentinel.fail_next(error, verb="list_automation_rules")
    worker.read()
    inventory = Inventory.objects.get()
    assert inventory.rules_error == error.message and inventory.rules_read_at == NOON
    assert FoundRule.objects.exists()
    assert Reachability.objects.get().latest_error == error.message


def test_a_list_that_is_none_is_told_and_empties_nothing(worker, sentinel, monkeypatch):
    put(sentinel)
    worker.read()
    monkeypatch.setattr(sentinel, "list_automation_rules", lambda **_: b'{"value": 7}')
    worker.read()
    assert FoundRule.objects.exists()
    assert "could not be read" in Inventory.objects.get().rules_error


@pytest.mark.parametrize(
    ("verb", "rows"), [("list_automation_rules", FoundRule), ("list_playbooks", Playbook)]
)
def test_what_moves_to_the_next_page_while_a_list_is_read_is_stored_once(
    worker, sentinel, monkeypatch, verb, rows
):
    put(sentinel)
    sentinel.add_playbook("enrich")
    listed = json.loads(getattr(sentinel, verb)())
    assert listed["value"]
    twice = json.dumps(listed | {"value": listed["value"] * 2}).encode()
    monkeypatch.setattr(sentinel, verb, lambda **_: twice)
    worker.read()
    assert rows.objects.count() == len(listed["value"])


@pytest.mark.abuse("A29")
def test_a_closing_rule_that_somebody_planted_is_told_once(worker, sentinel, workspace, leo):
    worker.read()
    name = put(sentinel, actions=[modify(status="Closed", classification="BenignPositive")])
    worker.read()
    worker.read()
    line = Notification.objects.get(kind="automation.shadow")
    assert line.to == leo and line.body == "A rule"
    ours = put(sentinel, actions=[modify(status="Closed")])
    WantedRule.objects.create(
        workspace=workspace, name=ours, label="R-1", wanted={}, wanted_at=NOON, due_at=NOON
    )
    worker.read()
    assert Notification.objects.count() == 1
    sentinel.edit_rule(name, actions=[modify(severity="Low")])
    worker.read()
    sentinel.edit_rule(name, actions=[modify(status="Closed")])
    worker.read()
    assert Notification.objects.count() == 2, "it closes again"


def test_a_closing_rule_is_told_when_somebody_enables_it(worker, sentinel, leo):
    closes = [modify(status="Closed")]
    name = put(sentinel, actions=closes, enabled=False)
    put(sentinel, actions=closes, ends="2026-11-01T00:00:00Z")
    worker.read()
    assert not Notification.objects.exists(), "neither closes anything"
    put(sentinel, name=name, actions=closes)
    worker.read()
    worker.read()
    assert Notification.objects.get(kind="automation.shadow").to == leo


def test_reading_again_is_no_work_that_waits(worker, clock):
    worker.read()
    clock.go(hours=1)
    assert count_work_at_hand(now=clock.at) == 0


def test_runs_of_others_are_forgotten_after_ninety_days(worker, sentinel, incident):
    playbook = sentinel.add_playbook("enrich")
    sentinel.add_run(playbook, incident.name, startTime="2026-08-25T00:00:00Z")
    sentinel.add_run(playbook, incident.name, startTime="2026-09-01T00:00:00Z")
    worker.read()
    PlaybookRun.objects.create(
        playbook=Playbook.objects.get(), name="older", started_at=NOON - timedelta(days=91)
    )
    worker.read()
    assert [run.name for run in PlaybookRun.objects.all()] == [f"{2:020d}"]


def test_runs_are_read_page_by_page_until_one_is_known(worker, sentinel, incident, monkeypatch):
    playbook = sentinel.add_playbook("enrich")
    for _ in range(5):
        sentinel.add_run(playbook, incident.name)
    asked = []

    def list_runs_one_by_one(resource, *, next_link=None):
        at = int(next_link or 0)
        asked.append(at)
        runs = sentinel.runs[resource]
        more = {"nextLink": str(at + 1)} if at + 1 < len(runs) else {}
        return json.dumps({"value": runs[at : at + 1]} | more).encode()

    monkeypatch.setattr(sentinel, "list_playbook_runs", list_runs_one_by_one)
    worker.read()
    assert PlaybookRun.objects.count() == len(asked) == 5
    sentinel.add_run(playbook, incident.name)
    worker.read()
    assert PlaybookRun.objects.count() == 6 and asked[5:] == [0, 1]


def test_runs_that_have_not_ended_are_read_again_soon(worker, sentinel, clock):
    playbook = sentinel.add_playbook("enrich")
    sentinel.add_run(playbook, status="Running", endTime=None)
    worker.read()
    assert (Inventory.objects.get().due_at - clock.at).total_seconds() == 30
    sentinel.runs[playbook][0]["properties"]["status"] = "Succeeded"
    worker.read()
    assert (Inventory.objects.get().due_at - clock.at).total_seconds() == 600
    assert PlaybookRun.objects.get().status == "Succeeded"
