"""Against the pretend Azure, over TLS: playbooks found and run, lost answers, the workflow."""

import json
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from alerts.automation.engine.rule_body import Effects
from alerts.automation.engine.workflow_check import STAGES
from alerts.automation.models import FoundRule, Inventory, Playbook, PlaybookRun, WorkflowCheck
from alerts.automation.services.inventory import read_due_inventory
from alerts.automation.services.made_rules import RulePlan, make_rule, preview_rule
from alerts.automation.services.run_playbook import run_playbook
from alerts.automation.services.workflow_check import advance_due_check, begin_check
from alerts.incidents.models import Incident
from alerts.intake.services.poll import pull_changes
from alerts.outbox.models import Change, ChangeOutcome, Landing, WantedRule
from alerts.outbox.services.deliver import deliver_one
from alerts.outbox.services.deliver_rules import deliver_one_rule
from alerts.sentinel.client import client_for
from alerts.sentinel.wire.incidents import read_incident
from portal import clock
from tests.conftest import NOON
from tests.factories.incidents import READ_RULES, make_incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace(add_azure_workspace):
    return add_azure_workspace("gdansk", added_at=NOON)


@pytest.fixture
def incident(azure, workspace) -> Incident:
    found = azure.control.inject(
        workspace=azure.workspaces[0].key, properties={"title": "Odd", "severity": "Low"}
    )
    return make_incident(workspace, name=found["name"], number=found["number"])


def read():
    Inventory.objects.update(due_at=clock.unshifted())
    assert read_due_inventory(now=NOON, connect=client_for)


def deliver():
    Change.objects.update(due_at=clock.unshifted())
    return deliver_one(now=NOON, connect=client_for, pause=lambda _: None)


def runs_in_azure(azure, incident):
    return [run for run in azure.control.runs()["playbook"] if run["incident"] == incident.name]


def test_rules_and_playbooks_are_found_and_those_that_act_on_the_plant_are_marked(workspace):
    read()
    assert "Close sensor self tests" in {str(rule) for rule in FoundRule.objects.all()}
    marked = {row.name: row.acts_on_plant for row in Playbook.objects.all()}
    assert marked == {
        "notify-ot-owner": False,
        "enrich-with-cve": False,
        "sync-alert-status": True,
        "isolate-device": True,
    }
    assert all(row.has_incident_trigger for row in Playbook.objects.all())
    assert Inventory.objects.get().latest_error == ""


def test_an_answer_that_is_lost_starts_no_second_run(azure, workspace, incident, sam):
    read()
    playbook = Playbook.objects.get(name="enrich-with-cve")
    run_playbook(playbook_id=playbook.pk, incident_ids=[incident.pk], by=sam, now=NOON)
    azure.control.fault(path=".*runPlaybook", status=500, applied=True, count=1)
    assert deliver().outcome == ChangeOutcome.OPEN
    done = deliver()
    assert (done.outcome, len(runs_in_azure(azure, incident))) == (ChangeOutcome.SENT, 1)
    read()
    run = PlaybookRun.objects.get(incident=incident)
    assert (run.status, run.name) == ("Succeeded", done.note)


def test_incidents_of_a_type_get_the_severity_that_a_rule_sets(azure, workspace, leo):
    client = client_for(workspace, "rules")

    def severity_of_next():
        name = azure.control.inject(kind="historian-polling")["name"]
        return name, read_incident(client.get_incident(name)).severity

    workspace.capabilities = READ_RULES
    workspace.save(update_fields=["capabilities"])
    name, before = severity_of_next()
    pull_changes(workspace=workspace, client=client_for(workspace), now=clock.now())
    incident = Incident.objects.get(name=name)
    plan = RulePlan(
        incident.pk,
        Effects("severity", severity="Low"),
        None,
        same_devices=False,
        days=30,
        reason="The historian polls so by day and night.",
    )
    digest = preview_rule(plan=plan, by=leo, now=clock.now()).digest
    made = make_rule(plan=plan, digest=digest, by=leo, now=clock.now())
    done = deliver_one_rule(now=clock.now(), connect=client_for, pause=lambda _: None)
    try:
        assert done.outcome == Landing.LANDED, done.note
        assert (before, severity_of_next()[1]) == ("Medium", "Low")
    finally:
        client.delete_automation_rule(str(WantedRule.objects.get(about=made.uuid).name))
    assert severity_of_next()[1] == "Medium"


def test_the_whole_workflow_is_checked_with_a_playbook(azure, workspace, leo):
    read()
    playbook = Playbook.objects.get(name="notify-ot-owner")
    row = begin_check(workspace=workspace, playbook=playbook, by=leo, by_label="Leo", now=NOON)
    for _ in range(20):
        deliver_one_rule(now=NOON, connect=client_for, pause=lambda _: None)
        WorkflowCheck.objects.update(due_at=clock.unshifted())
        advance_due_check(now=NOON, connect=client_for)
    row.refresh_from_db()
    states = {stage["name"]: stage["state"] for stage in row.stages}
    assert row.is_over and set(states.values()) == {"ok"}, row.stages
    assert not WantedRule.objects.filter(landed__isnull=False).exists()


@pytest.fixture
def validate(monkeypatch):
    """`validate(…)` gives the stages that the command prints, by name, and its exit code. It does
    not sleep: what it would wait for is due at once.
    """

    def sleep(_seconds):
        WorkflowCheck.objects.update(due_at=clock.unshifted())

    monkeypatch.setattr("alerts.automation.foreground.time", SimpleNamespace(sleep=sleep))

    def run(*options):
        out, code = StringIO(), 0
        try:
            call_command("workspace", "validate", "gdansk", *options, "--json", stdout=out)
        except SystemExit as end:
            code = end.code
        return {row["name"]: row for row in json.loads(out.getvalue())["checks"]}, code

    return run


@pytest.mark.django_db(transaction=True)
def test_the_command_checks_it_without_workers(azure, workspace, validate):
    stages, code = validate()
    assert [stages[name]["state"] for name in ("rule", "alert", "incident", "fired")] == ["ok"] * 4
    assert stages["playbook"]["state"] == "unknown", "none was chosen"
    assert "--playbook" in stages["playbook"]["fix"]
    assert (stages["cleanup"]["state"], code) == ("ok", 0)


@pytest.mark.django_db(transaction=True)
def test_the_test_alert_is_like_one_of_defender_for_iot(azure, workspace, validate):
    """Conditions of the customer's own rules on product, device and address see it."""
    client = client_for(workspace, "rules")
    asked = {
        "AlertProductNames": "Azure Security Center for IoT",
        "IoTDeviceName": "Tagout workflow check",
        "IPAddress": "192.0.2.1",
    }
    conditions = [
        {
            "conditionType": "Property",
            "conditionProperties": {
                "propertyName": name,
                "operator": "Equals",
                "propertyValues": [value],
            },
        }
        for name, value in asked.items()
    ]
    label = {"labels": [{"labelName": "device-of-the-check"}]}
    rule = {
        "displayName": "Label what has a device",
        "order": 1,
        "triggeringLogic": {
            "isEnabled": True,
            "triggersOn": "Incidents",
            "triggersWhen": "Created",
            "conditions": conditions,
        },
        "actions": [{"order": 1, "actionType": "ModifyProperties", "actionConfiguration": label}],
    }
    client.put_automation_rule("device", rule)
    try:
        validate()
        row = WorkflowCheck.objects.latest("pk")
        incident = read_incident(client.get_incident(row.incident_name))
        assert "device-of-the-check" in [label.name for label in incident.labels]
        assert incident.is_from_d4iot
        workspace.refresh_from_db()  # the worker reads it anew for each poll
        pull_changes(workspace=workspace, client=client_for(workspace), now=clock.now())
        assert not Incident.objects.filter(name=incident.name).exists(), "no device is learned"
    finally:
        client.delete_automation_rule("device")


@pytest.mark.django_db(transaction=True)
def test_the_command_names_what_to_do_and_every_stage(azure, workspace, validate):
    azure.control.fault(path=".*triggerRuleRun", status=403, count=1)
    stages, code = validate()
    assert list(stages) == list(STAGES)
    for row in stages.values():
        assert row.keys() == {"name", "state", "evidence", "fix", "checked_at"}
        assert row["state"] in ("ok", "failed", "unknown")
        assert row["evidence"] and (row["state"] == "ok") == (row["fix"] == "")
    assert (stages["alert"]["state"], stages["incident"]["state"]) == ("failed", "unknown")
    assert stages["incident"]["checked_at"] is None and code == 1


def test_the_command_refuses_a_playbook_that_is_not_there(azure, workspace):
    with pytest.raises(CommandError, match="no playbooks named nothing"):
        call_command("workspace", "validate", "gdansk", "--playbook", "nothing", "--json")
