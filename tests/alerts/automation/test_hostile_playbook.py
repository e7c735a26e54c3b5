"""A playbook that is not what people looked at starts nothing: against the pretend Azure, with the
worker that reads the list and the one that delivers.
"""

import json
from datetime import timedelta

import pytest

from alerts.automation.models import Inventory, PlantConsent, Playbook, PlaybookRun
from alerts.automation.services.consent import (
    CannotDecideConsent,
    CannotRequestConsent,
    decide_consent,
    request_consent,
)
from alerts.automation.services.inventory import read_due_inventory
from alerts.automation.services.mark import CannotMarkPlaybook, mark_playbook
from alerts.automation.services.run_playbook import PlantConsentMissing, run_playbook
from alerts.incidents.models import Incident
from alerts.outbox.models import Change, ChangeOutcome
from alerts.outbox.services.deliver import deliver_one
from alerts.sentinel.client import client_for
from portal import clock
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from tests import cast
from tests.conftest import NOON, add_person
from tests.factories.incidents import make_incident
from tests.factories.workflows import (
    ACT_ON_PLANT,
    CUSTOM,
    GROUP,
    HARMLESS,
    MAIL,
    SUBSCRIPTION,
    api_step,
    http_step,
    workflow_properties,
)

pytestmark = [pytest.mark.django_db, pytest.mark.abuse("A47")]
UNREADABLE = r".*Microsoft\.Logic/workflows.*"
ONE_UNREADABLE = r".*Microsoft\.Logic/workflows/isolate-device\?"


@pytest.fixture
def workspace(add_azure_workspace):
    return add_azure_workspace("gdansk", added_at=NOON)


@pytest.fixture
def incident(azure, workspace, site) -> Incident:
    found = azure.control.inject(
        workspace=azure.workspaces[0].key, properties={"title": "Odd", "severity": "Low"}
    )
    return make_incident(workspace, name=found["name"], number=found["number"], site_ids=[site.pk])


@pytest.fixture
def sam(workspace):
    return add_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid))


class Plant:
    """What people and workers do, on one incident."""

    def __init__(self, azure, incident):
        self.azure, self.incident = azure, incident
        self.key = azure.workspaces[0].key

    def change(self, name, actions):
        """Somebody in Azure changes what a playbook does."""
        self.put(name, workflow_properties(actions))

    def put(self, name, properties, *, leads_to=None):
        """Somebody saves a playbook, and its connections with it: to what it says, or elsewhere."""
        place = self.azure.workspaces[0]
        text = json.dumps(properties).replace(GROUP, f"{SUBSCRIPTION}/resourceGroups/HERE")
        text = text.replace(SUBSCRIPTION, f"/subscriptions/{place.subscription_id}")
        properties = json.loads(text.replace("/HERE/", f"/{place.resource_group}/"))
        for entry in properties["parameters"]["$connections"]["value"].values():
            api = (leads_to or {}).get(entry["connectionName"], entry["id"])
            self.connect(entry["connectionName"], api)
        body = {"location": "westeurope", "properties": properties}
        self.azure.control.resource(self.key, "workflows", name, body=body)

    def connect(self, name, api_id, **properties):
        """Somebody changes where a connection leads to."""
        body = {"properties": {"api": {"id": api_id}, **properties}}
        self.azure.control.resource(self.key, "connections", name, body=body)

    def read(self):
        Inventory.objects.update(due_at=clock.unshifted())
        assert read_due_inventory(now=NOON, connect=client_for)

    def ask(self, name, sam):
        return request_consent(
            playbook_id=Playbook.objects.get(name=name).pk,
            incident_id=self.incident.pk,
            reason="It scans.",
            by=sam,
            now=NOON,
        )

    def consent(self, name, sam, oda):
        request = self.ask(name, sam)
        decide_consent(consent=request.uuid, is_given=True, reason="", by=oda, now=NOON)

    def start(self, name, by):
        playbook = Playbook.objects.get(name=name)
        run_playbook(playbook_id=playbook.pk, incident_ids=[self.incident.pk], by=by, now=NOON)

    def deliver(self):
        Change.objects.update(due_at=clock.unshifted())
        return deliver_one(now=NOON, connect=client_for, pause=lambda _: None)

    def started(self):
        """The runs that Azure shows for the incident."""
        runs = self.azure.control.runs()["playbook"]
        return [run["name"] for run in runs if run["incident"] == self.incident.name]


@pytest.fixture
def plant(azure, incident):
    return Plant(azure, incident)


POWER_OFF = {"Shut_port_on_switch": http_step("POST", "https://plant/EVERYTHING/power-off")}


def test_what_is_changed_after_the_consent_is_not_started(plant, sam, oda):
    plant.read()
    plant.consent("isolate-device", sam, oda)
    plant.change("isolate-device", POWER_OFF)
    plant.start("isolate-device", sam)  # nobody here can know yet
    done = plant.deliver()
    assert (done.outcome, plant.started()) == (ChangeOutcome.DROPPED, [])
    assert "has been changed since" in done.note
    entry = Entry.objects.get(action="automation.playbook.not_started")
    assert entry.details["reason"] == done.note and entry.object_label == "isolate-device"


def test_what_is_as_it_was_consented_to_is_started_once_and_on_record(plant, sam, oda):
    plant.read()
    plant.consent("isolate-device", sam, oda)
    plant.start("isolate-device", sam)
    assert plant.deliver().outcome == ChangeOutcome.SENT
    assert plant.started() == ["isolate-device"]
    entry = Entry.objects.get(action="automation.playbook.started")
    run = PlaybookRun.objects.get(asked_at__isnull=False)
    assert entry.actor_label == "outbox" and entry.details["asked_by"] == sam.name
    assert entry.details["definition"] == run.definition_digest != ""
    assert entry.details["consent"] == str(run.consent.uuid)
    with pytest.raises(PlantConsentMissing):
        plant.start("isolate-device", sam)


def test_nobody_consents_on_a_list_that_cannot_be_read(plant, azure, sam, oda):
    plant.read()
    waiting = plant.ask("isolate-device", sam)
    azure.control.fault(path=UNREADABLE, status=403)
    plant.change("isolate-device", POWER_OFF)
    plant.read()
    playbook = Playbook.objects.get(name="isolate-device")
    with pytest.raises(CannotDecideConsent, match="cannot be read"):
        decide_consent(consent=waiting.uuid, is_given=True, reason="", by=oda, now=NOON)
    PlantConsent.objects.all().delete()
    with pytest.raises(CannotRequestConsent, match="cannot be read"):
        request_consent(
            playbook_id=playbook.pk,
            incident_id=plant.incident.pk,
            reason="It scans.",
            by=sam,
            now=NOON,
        )


def test_a_consent_is_worth_nothing_while_the_list_cannot_be_read(plant, azure, sam, oda):
    plant.read()
    plant.consent("isolate-device", sam, oda)
    fault = azure.control.fault(path=UNREADABLE, status=403)
    plant.read()
    with pytest.raises(PlantConsentMissing, match="cannot be read"):
        plant.start("isolate-device", sam)
    azure.control.clear_faults(fault)
    plant.read()
    plant.start("isolate-device", sam)
    azure.control.fault(path=UNREADABLE, status=403)
    plant.read()
    assert plant.deliver().outcome == ChangeOutcome.DROPPED
    assert plant.started() == []


@pytest.mark.parametrize("fault", [{"status": 403}, {"body": "not_json"}])
def test_what_cannot_be_read_just_before_the_call_is_not_started(plant, azure, sam, oda, fault):
    plant.read()
    plant.consent("isolate-device", sam, oda)
    plant.start("isolate-device", sam)
    azure.control.fault(path=ONE_UNREADABLE, **fault)
    done = plant.deliver()
    assert (done.outcome, plant.started()) == (ChangeOutcome.DROPPED, [])
    assert "could not be read" in done.note


def test_what_is_away_just_before_the_call_waits_and_is_not_started(plant, azure, sam, oda):
    plant.read()
    plant.consent("isolate-device", sam, oda)
    plant.start("isolate-device", sam)
    azure.control.fault(path=ONE_UNREADABLE, status=503)
    assert (plant.deliver().outcome, plant.started()) == (ChangeOutcome.OPEN, [])


@pytest.mark.parametrize("is_old", [False, True])
def test_a_list_of_long_ago_is_as_one_that_cannot_be_read(plant, sam, oda, is_old):
    plant.read()
    plant.consent("isolate-device", sam, oda)
    age = timedelta(minutes=31 if is_old else 29)
    Inventory.objects.update(playbooks_read_at=NOON - age)
    if is_old:
        with pytest.raises(PlantConsentMissing, match="half an hour"):
            plant.start("isolate-device", sam)
    else:
        plant.start("isolate-device", sam)


def test_a_mark_ends_with_any_change_of_the_definition(plant, sam, olaf):
    dry_run = {"Ask": http_step("POST", "https://scada/plan", body={"dry_run": True})}
    plant.change("plan", dry_run)
    plant.read()
    playbook = Playbook.objects.get(name="plan")
    with pytest.raises(PlantConsentMissing):
        plant.start("plan", sam)
    mark_playbook(
        playbook_id=playbook.pk, acts_on_plant=False, reason="Dry run.", by=olaf, now=NOON
    )
    plant.start("plan", sam)
    assert plant.deliver().outcome == ChangeOutcome.SENT
    hot_run = {"Ask": http_step("POST", "https://scada/plan", body={"dry_run": False})}
    plant.change("plan", hot_run)
    plant.start("plan", sam)
    assert plant.deliver().outcome == ChangeOutcome.DROPPED, "noticed just before the call"
    plant.read()
    with pytest.raises(PlantConsentMissing):
        plant.start("plan", sam)
    playbook.refresh_from_db()
    assert playbook.is_mark_outdated and plant.started() == ["plan"]


def test_a_connection_to_something_else_is_a_change_too(plant, sam):
    plant.change("tell", {"Mail": MAIL})
    plant.read()
    plant.start("tell", sam)
    properties = workflow_properties({"Mail": MAIL})
    properties["parameters"]["$connections"]["value"]["office365"]["id"] += "/../customApis/x"
    plant.put("tell", properties)
    assert plant.deliver().outcome == ChangeOutcome.DROPPED
    assert plant.started() == []


def test_nobody_takes_a_playbook_for_harmless_on_a_list_that_cannot_be_read(plant, azure, olaf):
    plant.read()
    azure.control.fault(path=UNREADABLE, status=403)
    plant.read()
    with pytest.raises(CannotMarkPlaybook, match="cannot be read"):
        mark_playbook(
            playbook_id=Playbook.objects.get(name="isolate-device").pk,
            acts_on_plant=False,
            reason="A mock.",
            by=olaf,
            now=NOON,
        )


def test_of_thirty_plant_playbooks_none_runs_without_consent_and_harmless_ones_do(plant, sam):
    for name, actions in {**ACT_ON_PLANT, **{f"tell-{n}": a for n, a in HARMLESS.items()}}.items():
        plant.change(name, actions)
    plant.read()
    refused = []
    for name in ACT_ON_PLANT:
        try:
            plant.start(name, sam)
        except PlantConsentMissing:
            refused.append(name)
    for name in HARMLESS:
        plant.start(f"tell-{name}", sam)
        assert plant.deliver().outcome == ChangeOutcome.SENT
    assert refused == list(ACT_ON_PLANT)
    assert plant.started() == [f"tell-{name}" for name in HARMLESS]


def mail_playbook(plant, name="tell", **options):
    plant.put(name, workflow_properties({"Mail": MAIL}), **options)
    plant.read()
    return Playbook.objects.get(name=name)


@pytest.mark.parametrize("api", ["customApis/office365", "managedApis/arm", "managedApis/none"])
def test_a_connection_is_what_it_leads_to_and_not_what_the_playbook_says(plant, sam, api):
    elsewhere = f"{CUSTOM.rpartition('/')[0]}/{api}"
    playbook = mail_playbook(plant, leads_to={"office365": elsewhere})
    assert playbook.acts_on_plant and playbook.evidence[0]["name"] == "Mail"
    with pytest.raises(PlantConsentMissing):
        plant.start("tell", sam)


@pytest.mark.parametrize("fault", [{"status": 403}, {"status": 404}, {"body": "not_json"}])
def test_a_connection_that_cannot_be_read_is_not_harmless(plant, azure, sam, olaf, fault):
    azure.control.fault(path=r".*/Microsoft\.Web/connections/office365.*", **fault)
    playbook = mail_playbook(plant)
    assert playbook.acts_on_plant and playbook.has_hidden_values
    playbook.mark, playbook.mark_digest = False, playbook.definition_digest
    playbook.save()
    with pytest.raises(PlantConsentMissing):
        plant.start("tell", sam)


@pytest.mark.parametrize("settings", [None, {"parameterValues": {"server": "plc.plant"}}])
def test_a_connection_that_leads_elsewhere_since_starts_nothing(plant, sam, settings):
    playbook = mail_playbook(plant)
    assert not playbook.acts_on_plant
    plant.start("tell", sam)
    api = f"/subscriptions/s/providers/Microsoft.Web/locations/x/{'customApis/scada'}"
    if settings:
        place = plant.azure.workspaces[0].subscription_id
        api = f"/subscriptions/{place}/providers/Microsoft.Web/locations/westeurope"
        api += "/managedApis/office365"
    plant.connect("office365", api, **(settings or {}))
    done = plant.deliver()
    assert (done.outcome, plant.started()) == (ChangeOutcome.DROPPED, [])
    assert "has been changed since" in done.note


def test_a_connection_whose_state_alone_changes_is_the_same(plant, sam):
    mail_playbook(plant)
    plant.start("tell", sam)
    place = plant.azure.workspaces[0].subscription_id
    api = f"/subscriptions/{place}/providers/Microsoft.Web/locations/westeurope"
    status = {"statuses": [{"status": "Error"}], "changedTime": "2026-11-30T00:00:00Z"}
    plant.connect("office365", f"{api}/managedApis/office365", **status)
    assert plant.deliver().outcome == ChangeOutcome.SENT


def test_a_connection_that_cannot_be_read_just_before_the_call_starts_nothing(plant, azure, sam):
    mail_playbook(plant)
    plant.start("tell", sam)
    azure.control.fault(path=r".*/Microsoft\.Web/connections/office365.*", status=403)
    done = plant.deliver()
    assert (done.outcome, plant.started()) == (ChangeOutcome.DROPPED, [])
    assert "could not be read just before" in done.note


def test_consent_holds_for_where_the_connections_lead_to(plant, sam, oda):
    actions = {"Open": api_step("scada", "post", "/breakers/7/close")}
    plant.change("breaker", actions)
    plant.read()
    plant.consent("breaker", sam, oda)
    plant.connect("scada", f"{CUSTOM}/another-plant")
    plant.start("breaker", sam)
    assert (plant.deliver().outcome, plant.started()) == (ChangeOutcome.DROPPED, [])


@pytest.mark.parametrize("reason", ["\u200b", "\u2060\u00ad", "\u3164", "\u2800 \u200e", " \t"])
def test_a_reason_that_nobody_sees_is_none(plant, sam, leo, reason):
    plant.read()
    playbook = Playbook.objects.get(name="isolate-device")

    def ask(text):
        return request_consent(
            playbook_id=playbook.pk, incident_id=plant.incident.pk, reason=text, by=sam, now=NOON
        )

    with pytest.raises(CannotRequestConsent, match="Write why"):
        ask(reason)
    request = ask(f"It scans.{reason}")
    assert request.reason == "It scans."
    with pytest.raises(CannotDecideConsent, match="Write why"):
        decide_consent(consent=request.uuid, is_given=True, reason=reason, by=leo, now=NOON)
