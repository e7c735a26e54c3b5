"""Playbooks of Standard Logic Apps (workflows of a site): found, judged, run, their runs read."""

import pytest

from alerts.automation.models import Inventory, Playbook, PlaybookRun
from alerts.automation.services.inventory import read_due_inventory
from alerts.automation.services.run_playbook import run_playbook
from alerts.outbox.models import Change, ChangeOutcome
from alerts.outbox.services.deliver import deliver_one
from alerts.readiness.engine.answers import playbook_groups
from alerts.sentinel.client import client_for
from alerts.sentinel.wire.playbooks import is_playbook_id, read_playbook
from portal import clock
from tests.conftest import NOON
from tests.factories.incidents import make_incident

pytestmark = pytest.mark.django_db
GROUP = "/subscriptions/s/resourceGroups/g"
STANDARD = f"{GROUP}/providers/Microsoft.Web/sites/ot-apps/workflows/enrich"
LISTENS = {"type": "ApiConnectionWebhook", "inputs": {"path": "/incident-creation"}}


def workflow(*steps, state="Enabled", connection="", entry=None):
    actions = {
        step: {
            "type": "ApiConnection",
            "inputs": {
                "host": {"connection": {"referenceName": "azuresentinel"}},
                "method": "post",
                "path": "/Incidents/Comment",
            },
        }
        for step in steps
    }
    definition = {"triggers": {"Microsoft_Sentinel_incident": LISTENS}, "actions": actions}
    used = {"api": {"id": "/x/azuresentinel"}, "connection": {"id": connection}} | (entry or {})
    connections = {"managedApiConnections": {"azuresentinel": used}}
    files = {"workflow.json": {"definition": definition}, "connections.json": connections}
    return {"properties": {"flowState": state, "files": files}}


@pytest.fixture
def workspace(add_azure_workspace):
    return add_azure_workspace("gdansk", added_at=NOON)


@pytest.fixture
def put(azure):
    """`put(name, body)` puts a workflow, or a site that runs something else, into Azure."""
    place = azure.workspaces[0].key
    names = []

    def lay_out(name, body):
        names.append(name)
        azure.control.resource(place, "sites", name, body=body)

    yield lay_out
    for name in names:
        azure.control.resource(place, "sites", name, delete=True, body={})


def read():
    Inventory.objects.update(due_at=clock.unshifted())
    assert read_due_inventory(now=NOON, connect=client_for)


def test_it_is_found_with_its_steps(workspace, put):
    put("ot-apps/enrich-standard", workflow("Add_comment_to_incident"))
    put("ot-apps/asleep", workflow("Add_comment_to_incident", state="Disabled"))
    put("a-web-shop", {"properties": {}})
    read()
    found = {row.name: row for row in Playbook.objects.filter(resource_id__contains="/sites/")}
    assert set(found) == {"ot-apps/enrich-standard", "ot-apps/asleep"}
    row = found["ot-apps/enrich-standard"]
    assert row.is_enabled and row.has_incident_trigger and row.has_all_steps
    assert "Add_comment_to_incident" in row.steps[0] and "azuresentinel" in row.steps[0]
    assert not found["ot-apps/asleep"].is_enabled
    assert Playbook.objects.filter(resource_id__contains="microsoft.logic").exists()


def connection_of(azure):
    place = azure.workspaces[0]
    group = f"/subscriptions/{place.subscription_id}/resourceGroups/{place.resource_group}"
    return f"{group}/providers/Microsoft.Web/connections/azuresentinel"


def test_it_is_run_and_its_run_is_read(azure, workspace, put, sam):
    steps = workflow("Add_comment_to_incident", connection=connection_of(azure))
    put("ot-apps/enrich-standard", steps)
    read()
    made = azure.control.inject(
        workspace=azure.workspaces[0].key, properties={"title": "Odd", "severity": "Low"}
    )
    incident = make_incident(workspace, name=made["name"], number=made["number"])
    playbook = Playbook.objects.get(name="ot-apps/enrich-standard")
    assert playbook.acts_on_plant, "its connections are not judged, so a person has to"
    playbook.mark, playbook.mark_digest = False, playbook.definition_digest
    playbook.save()
    run_playbook(playbook_id=playbook.pk, incident_ids=[incident.pk], by=sam, now=NOON)
    Change.objects.update(due_at=clock.unshifted())
    done = deliver_one(now=NOON, connect=client_for, pause=lambda _: None)
    assert done.outcome == ChangeOutcome.SENT, done.latest_error
    read()
    assert PlaybookRun.objects.get(incident=incident, playbook=playbook).status == "Succeeded"


@pytest.mark.parametrize(
    "entry",
    [{"connection": {"id": "@appsetting('ID')"}}, {"connectionRuntimeUrl": "@appsetting('U')"}],
)
def test_what_its_app_settings_decide_acts_on_the_plant_whatever_people_say(
    azure, workspace, put, entry
):
    steps = workflow("Add_comment_to_incident", connection=connection_of(azure), entry=entry)
    put("ot-apps/enrich-standard", steps)
    read()
    playbook = Playbook.objects.get(name="ot-apps/enrich-standard")
    playbook.mark, playbook.mark_digest = False, playbook.definition_digest
    assert playbook.has_hidden_values and playbook.acts_on_plant


@pytest.mark.parametrize("fault", [{"body": "not_json"}, {"status": 404}, {"status": 503}])
def test_a_workflow_that_cannot_be_read_hides_no_other(azure, workspace, put, fault):
    put("ot-apps/nightly-report", {"properties": {"flowState": "Enabled", "files": {}}})
    put("ot-apps/enrich-standard", workflow("Add_comment_to_incident"))
    azure.control.fault(path=r".*/workflows/nightly-report\?.*", **fault)
    try:
        read()
    finally:
        azure.control.clear_faults()
    assert Inventory.objects.get().playbooks_error == ""
    assert Playbook.objects.filter(name="ot-apps/enrich-standard", gone_at=None).exists()
    assert Playbook.objects.filter(resource_id__contains="microsoft.logic").exists()


def test_without_the_right_to_read_sites_the_others_are_still_found(azure, workspace, put):
    put("ot-apps/enrich-standard", workflow("Add_comment_to_incident"))
    azure.control.application("portal", denied=["Microsoft.Web/*"])
    try:
        read()
    finally:
        azure.control.application("portal", denied=[])
    assert Playbook.objects.exists()
    assert not Playbook.objects.filter(resource_id__contains="/sites/").exists()
    assert Inventory.objects.get().playbooks_error == ""


def test_a_site_that_does_not_answer_hides_no_other(azure, workspace, put):
    put("ot-apps/enrich-standard", workflow("Add_comment_to_incident"))
    put("asleep/enrich", workflow("Add_comment_to_incident"))
    azure.control.fault(path=".*/sites/asleep/.*", status=503)
    try:
        read()
    finally:
        azure.control.clear_faults()
    found = Playbook.objects.filter(resource_id__contains="/sites/")
    assert [row.name for row in found] == ["ot-apps/enrich-standard"]


def test_what_has_no_definition_is_not_taken_for_one_without_steps():
    body = f'{{"id": "{STANDARD}", "name": "ot-apps/enrich", "properties": {{"flowState": "On"}}}}'
    assert not read_playbook(body.encode()).has_all_steps


def test_a_rule_that_starts_one_names_its_group():
    assert is_playbook_id(STANDARD)
    assert not is_playbook_id(f"{GROUP}/providers/Microsoft.Web/sites/ot-apps")
    action = {"actionConfiguration": {"logicAppResourceId": STANDARD}}
    assert playbook_groups([{"actions": [action]}]) == [GROUP]
