"""What of the past counts only since a rule of the workspace is known: it is read anew, once."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from alerts.incidents.models import Alert, Incident, IncidentAlert
from alerts.intake.models import LogBackfill
from alerts.intake.services import log_backfill
from alerts.intake.services.backfill_requests import reread_past
from alerts.intake.services.log_backfill import run_due_log_backfills
from alerts.sentinel.client.log_analytics import logs_client_for
from alerts.sentinel.services.scope import keep_rules
from portal.audit.models import Entry
from portal.jobs.models import Job
from tests.conftest import NOON

INCIDENTS = 60
RULE = "own-rule"


@pytest.fixture(scope="module")
def name(azure):
    """An incident of a rule of the customer's: by its product nobody knows that it is of OT."""
    place = azure.workspaces[0]
    made = azure.control.inject(
        workspace=place.key,
        properties={
            "title": "Odd writes at the pumps",
            "severity": "Medium",
            "relatedAnalyticRuleIds": [f"{place.security_path}/alertRules/{RULE}"],
            "additionalData": {"alertProductNames": ["Azure Sentinel"]},
        },
    )
    return made["name"]


@pytest.fixture(autouse=True)
def workspace(add_azure_workspace, azure, name, monkeypatch):
    monkeypatch.setattr("alerts.intake.services.pace.Pace.wait", lambda self: None)
    monkeypatch.setattr("portal.clock.now", lambda: NOON + timedelta(hours=1))
    return add_azure_workspace(logs_endpoint=azure.endpoint)


def backfill(*words):
    output = io.StringIO()
    call_command("backfill", "far", *words, "--json", stdout=output)
    return json.loads(output.getvalue())


def learn(workspace):
    """What readiness does when it finds that a rule reads alerts of Defender for IoT."""
    assert keep_rules(workspace_id=workspace.pk, iot=[RULE], other=[], by="test", now=NOON)
    reread_past(workspace_id=workspace.pk, now=NOON)


def read_on():
    Job.objects.update(due_at=NOON - timedelta(days=400))
    while LogBackfill.objects.get().state == "running":
        run_due_log_backfills(connect=logs_client_for)


def rows():
    return {
        "alerts": sorted(Alert.objects.values_list("key", flat=True)),
        "links": sorted(IncidentAlert.objects.values_list("incident__name", "alert__key")),
    }


def test_what_a_new_rule_made_comes_in_and_nothing_is_there_twice(workspace, name):
    before = backfill()
    stored = rows()
    assert not Incident.objects.filter(name=name).exists()
    learn(workspace)
    read_on()
    assert Incident.objects.filter(name=name).count() == 1
    assert Incident.objects.count() == before["incidents"] + 1
    assert rows() == stored
    assert backfill("--status")["incidents"] == before["incidents"] + 1, "counted once"
    assert Entry.objects.filter(action="intake.log_backfill.restarted").count() == 1


def test_a_window_that_was_asked_for_before_does_not_count(workspace, name, monkeypatch):
    backfill("--background")
    read = log_backfill.read_log_window

    def learn_meanwhile(**values):
        monkeypatch.setattr(log_backfill, "read_log_window", read)
        counts = read(**values)
        learn(workspace)
        return counts

    monkeypatch.setattr(log_backfill, "read_log_window", learn_meanwhile)
    read_on()
    assert Incident.objects.filter(name=name).count() == 1


def test_a_past_that_was_paused_waits(workspace):
    backfill("--background")
    run_due_log_backfills(connect=logs_client_for)
    LogBackfill.objects.update(state="paused")
    learn(workspace)
    row = LogBackfill.objects.get()
    assert (row.state, row.read_since, row.incidents) == ("paused", row.until, 0)


def test_where_nobody_asked_for_the_past_none_is_read(workspace):
    learn(workspace)
    assert not LogBackfill.objects.exists() and not Job.objects.exists()
