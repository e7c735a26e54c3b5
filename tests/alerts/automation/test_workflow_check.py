"""The check of a workflow: each stage has its evidence, and nothing of the test stays behind."""

import copy
import json
from datetime import timedelta

import pytest

from alerts.automation.engine.workflow_check import LABEL
from alerts.automation.models import WorkflowCheck
from alerts.automation.services.mark import mark_playbook
from alerts.automation.services.workflow_check import (
    CannotCheckWorkflow,
    advance_due_check,
    begin_check,
)
from alerts.outbox.models import WantedRule
from alerts.outbox.services.deliver_rules import deliver_one_rule
from alerts.sentinel.client.port import SentinelRefused, SentinelThrottled, SentinelUnavailable
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.sentinel.services.workspaces import pause_workspace, remove_workspace
from portal.audit.models import Entry
from portal.backup.models import Restore
from portal.jobs.models import JobState
from tests.conftest import NOON
from tests.decided import forge_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def begin(workspace, leo, clock):
    def make(playbook=None, by=leo):
        return begin_check(workspace=workspace, playbook=playbook, by=by, by_label="Leo", now=NOON)

    return make


class Walk:
    """Goes on with a check as the workers would; Sentinel does what it was told to."""

    def __init__(self, sentinel, clock):
        self.sentinel, self.clock = sentinel, clock
        self.acts, self.playbook, self.pace = True, "", 6

    def step(self):
        deliver_one_rule(now=NOON, connect=lambda *_: self.sentinel, pause=lambda _: None)
        self.clock.go(seconds=self.pace)
        done = advance_due_check(now=NOON, connect=lambda *_: self.sentinel)
        if self.acts:
            self.answer()
        return done

    def answer(self):
        """The incident of each run, labelled by the automation rule, and the playbook's run."""
        while self.sentinel.rule_runs:
            rule = self.sentinel.rule_runs.pop()
            name = self.sentinel.add_incident(
                at=NOON,
                relatedAnalyticRuleIds=[f"/x/alertRules/{rule}"],
                labels=[{"labelName": LABEL}],
            )
            if self.playbook:
                self.sentinel.add_run(self.playbook, name)

    def to_the_end(self):
        for _ in range(400):
            self.step()
            row = WorkflowCheck.objects.get()
            if row.is_over:
                return {stage["name"]: stage for stage in row.stages}
        raise AssertionError("it does not end")


@pytest.fixture
def walk(sentinel, clock):
    return Walk(sentinel, clock)


def test_each_stage_has_its_own_evidence_and_nothing_stays_behind(begin, walk, sentinel, enrich):
    walk.playbook = enrich.resource_id
    row = begin(enrich)
    stages = walk.to_the_end()
    assert [stage["state"] for stage in stages.values()] == ["ok"] * 6
    assert "in Sentinel at" in stages["rule"]["evidence"]
    assert str(row.uuid) in stages["alert"]["evidence"]
    assert "was created at 12:00:00 UTC" in stages["incident"]["evidence"]
    assert LABEL in stages["fired"]["evidence"]
    assert "Run 0" in stages["playbook"]["evidence"]
    assert sentinel.rules == {}
    assert sentinel.prerequisites[Prerequisite.ANALYTICS_RULES, ""] == []
    (incident,) = sentinel.incidents.values()
    assert incident["properties"]["status"] == "Closed"
    actions = Entry.objects.filter(action__startswith="automation.check.")
    assert sorted(actions.values_list("action", flat=True)) == [
        "automation.check.begun",
        "automation.check.ended",
    ]


def test_without_a_playbook_that_stage_is_left_out(begin, walk):
    begin()
    stages = walk.to_the_end()
    assert stages["playbook"]["state"] == "skipped"
    assert not WorkflowCheck.objects.get().has_failed


def test_a_stage_that_does_not_come_fails_in_its_time_and_all_is_cleaned_up(begin, walk, sentinel):
    begin()
    walk.acts = False
    stages = walk.to_the_end()
    assert stages["incident"]["state"] == "failed"
    assert stages["incident"]["evidence"].startswith("Not within 15 minutes.")
    assert "fired" not in stages and stages["cleanup"]["state"] == "ok"
    assert sentinel.rules == {}


def test_a_rule_that_does_not_fire_is_told_from_one_that_does(begin, walk, sentinel, monkeypatch):
    begin()
    monkeypatch.setattr("tests.alerts.automation.test_workflow_check.LABEL", "another")
    stages = walk.to_the_end()
    assert (stages["incident"]["state"], stages["fired"]["state"]) == ("ok", "failed")


def test_a_run_of_before_and_one_that_failed_are_no_success(begin, walk, sentinel, enrich):
    sentinel.add_run(enrich.resource_id, "x")
    begin(enrich)
    stages = walk.to_the_end()
    assert stages["playbook"]["state"] == "failed"


def test_the_test_alert_is_asked_for_once(begin, walk, sentinel):
    begin()
    lost = SentinelUnavailable("Too slow.")

    def happens():
        sentinel.rule_runs.append(str(WorkflowCheck.objects.get().uuid))
        raise lost

    sentinel.before_next(happens, verb="run_analytics_rule")
    stages = walk.to_the_end()
    assert "the answer was lost" in stages["alert"]["evidence"]
    assert stages["fired"]["state"] == "ok"
    runs = [call for call in sentinel.calls if call.verb == "run_analytics_rule"]
    assert len(runs) == 1


@pytest.mark.parametrize(
    "error",
    [
        SentinelThrottled("Slower.", retry_after=120),
        SentinelUnavailable("Busy.", status=503, retry_after=120),
        SentinelUnavailable("Nobody there.", code="ServiceRequestError", retry_after=120),
    ],
    ids=["throttled", "busy", "not sent"],
)
def test_a_run_that_azure_did_not_take_is_asked_for_again_when_it_says(
    begin, walk, sentinel, clock, error
):
    begin()
    asked_at = []

    def happens():
        asked_at.append(clock.at)
        if len(asked_at) == 1:
            raise error

    for _ in range(2):
        sentinel.before_next(happens, verb="run_analytics_rule")
    stages = walk.to_the_end()
    assert stages["alert"]["evidence"].startswith("Analytics rule")
    assert [stage["state"] for stage in stages.values()].count("failed") == 0
    first, second = asked_at
    assert timedelta(seconds=120) <= second - first < timedelta(seconds=140)


def test_a_throttled_look_waits_and_goes_on(begin, walk, sentinel):
    begin()
    sentinel.fail_next(SentinelThrottled("Slower.", retry_after=60), verb="list_incidents")
    sentinel.fail_next(SentinelThrottled("Slower.", retry_after=60), verb="get_incident")
    stages = walk.to_the_end()
    assert (stages["incident"]["state"], stages["fired"]["state"]) == ("ok", "ok")


def test_a_wait_beyond_the_end_of_a_stage_fails_it_at_once(begin, walk, sentinel, clock):
    begin()
    asked_at = []

    def happens():
        asked_at.append(clock.at)
        raise SentinelThrottled("Slower.", retry_after=3600)

    sentinel.before_next(happens, verb="run_analytics_rule")
    sentinel.before_next(happens, verb="delete_analytics_rule")
    walk.pace = 60
    stages = walk.to_the_end()
    assert asked_at[1] - asked_at[0] >= timedelta(hours=1), "nothing is asked before"
    assert stages["alert"]["state"] == "failed"
    assert stages["alert"]["evidence"].startswith("Azure asks to wait 3600 seconds")
    assert stages["cleanup"]["state"] == "ok", "it has two hours: nothing may stay"
    runs = [call for call in sentinel.calls if call.verb == "run_analytics_rule"]
    assert len(runs) == 1
    assert sentinel.prerequisites[Prerequisite.ANALYTICS_RULES, ""] == []


def test_the_incident_is_found_on_a_later_page(begin, walk, sentinel, monkeypatch):
    for _ in range(5):
        sentinel.add_incident(at=NOON)
    whole = sentinel.list_incidents
    monkeypatch.setattr(sentinel, "list_incidents", lambda **asked: whole(top=2, **asked))
    begin()
    stages = walk.to_the_end()
    assert stages["incident"]["state"] == "ok"
    assert stages["cleanup"]["evidence"].startswith("Test incidents closed: 1.")


def test_the_run_is_found_on_a_later_page(begin, walk, sentinel, enrich, monkeypatch):
    def list_runs_one_by_one(resource, *, next_link=None):
        at = int(next_link or 0)
        runs = sentinel.runs.get(resource, [])
        more = {"nextLink": str(at + 1)} if at + 1 < len(runs) else {}
        return json.dumps({"value": runs[at : at + 1]} | more).encode()

    monkeypatch.setattr(sentinel, "list_playbook_runs", list_runs_one_by_one)
    begin(enrich)
    walk.playbook = enrich.resource_id
    add_run = sentinel.add_run

    def busy(playbook, name):
        for about in (name, "another", "another", "another"):
            add_run(playbook, about, startTime="2026-11-24T12:01:00Z")

    monkeypatch.setattr(sentinel, "add_run", busy)
    assert walk.to_the_end()["playbook"]["state"] == "ok"


def test_what_sentinel_refuses_ends_the_check_with_its_words(begin, walk, sentinel):
    begin()
    sentinel.fail_next(SentinelRefused("Azure refuses this."), verb="put_prerequisite")
    stages = walk.to_the_end()
    assert stages["alert"] | {"at": ""} == {
        "name": "alert",
        "state": "failed",
        "evidence": "Azure refuses this.",
        "at": "",
    }


def test_a_mistake_of_ours_ends_with_the_time_of_the_stage(begin, walk, sentinel, monkeypatch):
    begin()
    monkeypatch.setattr(sentinel, "put_prerequisite", lambda *_: {}["nothing"])
    stages = walk.to_the_end()
    assert stages["alert"]["evidence"] == "Not within 15 minutes. KeyError"
    assert stages["cleanup"]["state"] == "ok"


def test_a_test_rule_whose_writing_went_unanswered_does_not_stay(
    begin, walk, sentinel, monkeypatch
):
    put = sentinel.put_prerequisite

    def put_and_lose(*written):
        put(*written)
        raise SentinelUnavailable("Too slow.")

    begin()
    monkeypatch.setattr(sentinel, "put_prerequisite", put_and_lose)
    stages = walk.to_the_end()
    assert (stages["alert"]["state"], stages["cleanup"]["state"]) == ("failed", "ok")
    assert sentinel.prerequisites[Prerequisite.ANALYTICS_RULES, ""] == []


def test_after_a_restore_nothing_goes_on_until_somebody_resumes(begin, walk, sentinel):
    begin()
    restore = Restore.objects.create(
        backup_made_at=NOON, restored_at=NOON, restored_by_label="root", record_seq=0
    )
    assert not walk.step() and sentinel.calls == []
    with pytest.raises(CannotCheckWorkflow, match="restored"):
        begin()
    restore.resumed_at = NOON
    restore.save()
    assert walk.to_the_end()["cleanup"]["state"] == "ok"


def test_a_paused_workspace_is_left_alone_and_a_removed_one_ends_the_check(
    begin, walk, sentinel, workspace
):
    begin()
    pause_workspace(name=workspace.name, by="root", now=NOON)
    assert not walk.step() and sentinel.calls == []
    remove_workspace(name=workspace.name, by="root", now=NOON)
    stages = walk.to_the_end()
    assert {stage["evidence"] for stage in stages.values()} == {"The workspace was removed."}
    assert not any(call.verb == "run_analytics_rule" for call in sentinel.calls)


@pytest.mark.abuse("A47")
def test_a_playbook_that_is_marked_meanwhile_is_run_by_no_test(begin, walk, sentinel, enrich, leo):
    begin(enrich)
    walk.step()
    mark_playbook(playbook_id=enrich.pk, acts_on_plant=True, reason="It scans.", by=leo, now=NOON)
    stages = walk.to_the_end()
    assert "alert" not in stages and "acts on the plant" in stages["rule"]["evidence"]
    assert sentinel.rules == {}


def test_one_check_at_a_time_and_by_leads(begin, sam, mia, isolate):
    for by in (sam, mia):
        with pytest.raises(CannotCheckWorkflow):
            begin(by=by)
    with pytest.raises(CannotCheckWorkflow, match="acts on the plant"):
        begin(isolate)
    begin()
    with pytest.raises(CannotCheckWorkflow, match="under way"):
        begin()
    assert WorkflowCheck.objects.get().state == JobState.WAITING


def test_the_page_begins_a_check_and_shows_its_stages(client, walk, leo, sam, workspace, noon):
    client.force_login(leo)
    address = "/automation/workflow/gdansk/"
    assert "No check yet" in client.get(address).content.decode()
    assert client.post(address).status_code == 302
    walk.to_the_end()
    html = client.get(address).content.decode()
    assert "Incident created" in html and "was created at 12:00:00 UTC" in html
    live = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "Begin a check" in live, "the next one can begin without a reload"
    client.force_login(sam)
    assert "Begin a check" not in client.get(address).content.decode()
    assert client.post(address).status_code == 403


@pytest.mark.parametrize("part", ["conditions", "playbook", "lease"])
def test_a_rule_of_a_check_that_is_not_the_one_of_the_check_is_not_sent(
    begin, clock, sentinel, enrich, isolate, part
):
    begin(enrich)
    advance_due_check(now=NOON, connect=lambda *_: sentinel)
    row = WantedRule.objects.get()
    body = copy.deepcopy(row.wanted)
    match part:
        case "conditions":
            body["triggeringLogic"]["conditions"] = []
        case "playbook":
            where = body["actions"][1]["actionConfiguration"]
            where["logicAppResourceId"] = isolate.resource_id
        case "lease":
            body["triggeringLogic"]["expirationTimeUtc"] = "2027-11-24T14:00:00Z"
    forge_row(row, wanted=body)
    done = deliver_one_rule(now=NOON, connect=lambda *_: sentinel, pause=lambda _: None)
    assert done.note == "It is not the rule that was asked for, so it was not sent."
    assert sentinel.rules == {}
