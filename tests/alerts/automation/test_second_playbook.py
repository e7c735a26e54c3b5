"""The second playbook, incident or workspace: a consent reaches none but its own (A47)."""

from datetime import timedelta

import pytest

from alerts.automation.models import Inventory, PlantConsent, Playbook, PlaybookRun
from alerts.automation.policies import consent_in_force, reasons_of_unread_list
from alerts.automation.services.consent import CannotRequestConsent, request_consent
from alerts.automation.services.run_playbook import CannotRunPlaybook, PlantConsentMissing
from alerts.automation.services.runs import store_runs
from alerts.outbox.models import Change, ChangeOutcome
from alerts.sentinel.wire.playbooks import WireRun
from portal.accounts.models import GrantScope, Role
from portal.accounts.services.people import grant_role
from tests.conftest import NOON
from tests.factories.automation import make_playbook
from tests.factories.incidents import make_incident, make_workspace
from tests.program import stored_incident

pytestmark = [pytest.mark.django_db, pytest.mark.abuse("A47")]


@pytest.fixture
def twin(sentinel, worker, isolate):
    """A second playbook of the very same steps, for another line of the plant."""
    resource = sentinel.add_playbook("isolate-device-line-2", "Shut_port_on_switch")
    worker.read()
    twin = Playbook.objects.get(resource_id=resource)
    isolate.refresh_from_db()
    assert twin.definition_digest == isolate.definition_digest
    return twin


@pytest.fixture
def other(workspace, site, sentinel):
    """A second incident of the same plant."""
    row = stored_incident(workspace, site_ids=[site.pk])
    sentinel.add_incident(row.name)
    return row


@pytest.fixture
def elsewhere(sam):
    """A second workspace, in which Sam is an analyst as well."""
    workspace = make_workspace("porto")
    grant_role(
        to=sam,
        role=Role.SOC_ANALYST,
        scope=GrantScope.WORKSPACE,
        scope_uuid=workspace.uuid,
        by="tests",
        now=NOON,
    )
    return workspace


def test_a_consent_to_one_playbook_is_none_to_another_of_the_same_steps(
    start, ask, decide, isolate, twin, incident, sam, oda
):
    decide(ask(isolate, sam), oda)
    assert consent_in_force(twin, incident, now=NOON) is None
    with pytest.raises(PlantConsentMissing):
        start(twin, sam)
    start(isolate, sam)


def test_a_consent_for_one_incident_is_none_for_another_of_the_same_plant(
    start, ask, decide, isolate, other, sam, oda
):
    decide(ask(isolate, sam), oda)
    assert consent_in_force(isolate, other, now=NOON) is None
    with pytest.raises(PlantConsentMissing):
        start(isolate, sam, incident_ids=[other.pk])


def test_a_consent_for_one_of_two_incidents_starts_it_on_neither(
    start, ask, decide, isolate, incident, other, sam, oda
):
    decide(ask(isolate, sam), oda)
    with pytest.raises(CannotRunPlaybook):
        start(isolate, sam, incident_ids=[incident.pk, other.pk])
    assert not Change.objects.exists()


def test_while_one_request_waits_another_playbook_and_incident_may_be_asked_for(
    ask, isolate, twin, other, sam
):
    ask(isolate, sam)
    ask(twin, sam)
    request_consent(
        playbook_id=isolate.pk, incident_id=other.pk, reason="It scans.", by=sam, now=NOON
    )
    assert PlantConsent.objects.filter(state=PlantConsent.State.ASKED).count() == 3
    with pytest.raises(CannotRequestConsent, match="asked already"):
        ask(isolate, sam)


def test_while_one_run_is_on_its_way_another_playbook_and_incident_may_be_started(
    start, enrich, workspace, other, sam
):
    report = make_playbook(workspace, "report", is_harmless=True)
    start(enrich, sam)
    start(report, sam)
    start(enrich, sam, incident_ids=[other.pk])
    assert PlaybookRun.objects.count() == 3
    with pytest.raises(CannotRunPlaybook, match="already on its way"):
        start(enrich, sam)


def test_a_list_that_was_read_in_one_workspace_is_not_read_in_the_other(isolate, elsewhere):
    assert reasons_of_unread_list(isolate.workspace_id, now=NOON) == []
    assert reasons_of_unread_list(elsewhere.pk, now=NOON) != []
    Inventory.objects.create(
        workspace=elsewhere,
        due_at=NOON,
        playbooks_read_at=NOON,
        playbooks_error="The service answered 403.",
    )
    assert reasons_of_unread_list(elsewhere.pk, now=NOON) != []
    assert reasons_of_unread_list(isolate.workspace_id, now=NOON) == []


def test_a_playbook_runs_on_no_incident_of_another_workspace(start, enrich, elsewhere, sam):
    foreign = make_incident(elsewhere)
    with pytest.raises(CannotRunPlaybook, match="another workspace"):
        start(enrich, sam, incident_ids=[foreign.pk])
    assert not Change.objects.exists()


def run_of(incident, name="run-1"):
    return WireRun(
        name=name,
        status="Running",
        started_at=NOON,
        ended_at=None,
        about=incident.name.lower(),
        error_code="",
        error="",
    )


def test_a_run_in_azure_is_that_of_its_own_incident(start, enrich, other, sam, incident, worker):
    start(enrich, sam)
    start(enrich, sam, incident_ids=[other.pk])
    Change.objects.update(sent_at=NOON - timedelta(minutes=1), outcome=ChangeOutcome.SENT)
    store_runs(playbook=enrich, runs=[run_of(other)], now=NOON)
    assert PlaybookRun.objects.get(name="run-1").incident_id == other.pk
