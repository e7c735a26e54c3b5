"""Buttons that our identity in Azure could not carry out are off and say which action is missing.
What is not known stays on: Azure decides.
"""

import re

import pytest

from alerts.automation.models import Playbook
from alerts.readiness.models import Finding
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.sentinel.engine.rights import INCIDENTS, RULES
from tests.conftest import NOON
from tests.factories.incidents import put_in_portal
from tests.program import stored_incident

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
READER = {"actions": ["*/read"], "not_actions": []}
EVERYTHING = {"actions": ["*"], "not_actions": []}


def found(workspace, identity, entry, **columns):
    """What was read of the rights of an identity."""
    values = {"facts": [entry], "read_at": NOON, "tried_at": NOON} | columns
    part = f"rights {identity}"
    Finding.objects.update_or_create(workspace=workspace, part=part, defaults=values)


@pytest.fixture
def page(client):
    """`page(address, person)` is the HTML and its words."""

    def get(address, person):
        client.force_login(person)
        html = client.get(address).text
        return html, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))

    return get


def state_of(html, label):
    """Whether the button of this label can be pressed."""
    buttons = re.findall(r"<button[^>]*>(?:(?!</button>).)*</button>", html, re.DOTALL)
    (button,) = [b for b in buttons if label in re.sub(r"<[^>]+>", "", b)]
    return "off" if re.search(r"<button[^>]* disabled", button) else "on"


@pytest.fixture
def incident(workspace, site):
    return stored_incident(workspace, site_ids=[site.pk])


@pytest.fixture
def playbook(workspace):
    return Playbook.objects.create(
        workspace=workspace,
        resource_id="/subscriptions/s/resourcegroups/g/providers/microsoft.logic/workflows/enrich",
        name="enrich",
        is_enabled=True,
        has_incident_trigger=True,
        has_all_steps=True,
        definition_digest="d",
        is_harmless=True,
    )


def test_a_playbook_that_would_be_refused_cannot_be_started(
    page, workspace, incident, playbook, sam
):
    address = f"/incidents/{incident.pk}/?tab=playbooks"
    html, _ = page(address, sam)
    assert state_of(html, "Run enrich") == "on", "what is not known stays on"
    found(workspace, INCIDENTS, READER)
    html, words = page(address, sam)
    assert state_of(html, "Run enrich") == "off"
    assert "our identity for incidents lacks" in words
    assert "Microsoft.SecurityInsights/incidents/runPlaybook/action" in words
    found(workspace, INCIDENTS, EVERYTHING)
    html, words = page(address, sam)
    assert (state_of(html, "Run enrich"), "would refuse" in words) == ("on", False)


def test_rights_on_the_group_of_the_playbook_count(page, workspace, incident, playbook, sam):
    address = f"/incidents/{incident.pk}/?tab=playbooks"
    found(workspace, INCIDENTS, {"actions": ["Microsoft.SecurityInsights/*"], "not_actions": []})
    assert state_of(page(address, sam)[0], "Run enrich") == "on"
    found(workspace, f"{INCIDENTS} /subscriptions/s/resourcegroups/g", READER)
    html, words = page(address, sam)
    assert state_of(html, "Run enrich") == "off"
    assert "Microsoft.Logic/workflows/triggers/listCallbackUrl/action" in words


def test_a_task_that_would_be_refused_cannot_be_added(page, workspace, incident, sam):
    address = f"/incidents/{incident.pk}/?tab=tasks"
    assert state_of(page(address, sam)[0], "Add a task") == "on"
    found(workspace, INCIDENTS, READER)
    html, words = page(address, sam)
    assert state_of(html, "Add a task") == "off"
    assert "Microsoft.SecurityInsights/incidents/tasks/write" in words


def test_rights_that_could_not_be_read_any_more_are_not_known(page, workspace, incident, sam):
    address = f"/incidents/{incident.pk}/?tab=tasks"
    found(workspace, INCIDENTS, READER, error="no answer", error_code="x")
    assert state_of(page(address, sam)[0], "Add a task") == "on"
    found(workspace, INCIDENTS, READER, error="", error_code="")
    assert state_of(page(address, sam)[0], "Add a task") == "off"
    Finding.objects.create(
        workspace=workspace,
        part=f"probe {INCIDENTS}",
        facts={"kind": "sign-in", "error": "x", "code": "x"},
        read_at=NOON.replace(hour=13),
        tried_at=NOON.replace(hour=13),
    )
    assert state_of(page(address, sam)[0], "Add a task") == "on"


def test_a_check_of_the_workflow_says_what_is_missing(page, workspace, leo):
    address = f"/automation/workflow/{workspace.name}/"
    found(workspace, RULES, {"actions": ["Microsoft.SecurityInsights/automationRules/*", "*/read"]})
    html, words = page(address, leo)
    assert state_of(html, "Begin") == "off"
    assert "Microsoft.SecurityInsights/alertRules/triggerRuleRun/action" in words


def test_setting_up_says_what_is_missing(page, workspace, look_now, sentinel, ada):
    sentinel.lay_out(Prerequisite.CONNECTORS, [])
    sentinel.lay_out(Prerequisite.PACKAGES, [])
    granted = [
        "*/read",
        "Microsoft.SecurityInsights/contentPackages/write",
        "Microsoft.SecurityInsights/automationRules/*",
    ]
    sentinel.lay_out(Prerequisite.RIGHTS, [{"actions": granted, "notActions": []}])
    look_now()
    html, words = page(f"/workspaces/{workspace.name}/", ada)
    assert (state_of(html, "Connect"), state_of(html, "Install")) == ("off", "on")
    missing = "our identity for automation rules lacks Microsoft.SecurityInsights/dataConnectors"
    assert missing in words


def test_tasks_are_said_not_to_be_shown_in_the_defender_portal(page, workspace, incident, sam, leo):
    address = f"/incidents/{incident.pk}/?tab=tasks"
    _, words = page(address, sam)
    assert "Everyone who reads the incident in Sentinel sees it too." in words
    put_in_portal(workspace)
    _, words = page(address, sam)
    assert "Defender portal, which does not show tasks" in words
    assert "Everyone who reads" not in words
    _, words = page(f"/automation/rules/new/{incident.pk}/", leo)
    assert "Defender portal, which does not show tasks" in words
