"""The pages of workspaces: what they show, to whom, and what their buttons do."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from alerts.incidents.models import Incident
from alerts.intake.models import Cursor, Missing, Run
from alerts.intake.services.portal_residence import read_portal_residence
from alerts.readiness.models import Finding, SetupStep
from alerts.readiness.services.setup import carry_out_due_step
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.sentinel.models import DefenderIncident, Workspace
from alerts.suppression.drafting.enforcement_choice import target_of
from portal.accounts.models import GrantScope, Role
from portal.jobs.models import Job
from tests import cast
from tests.alerts.readiness import azure
from tests.conftest import NOON
from tests.factories.incidents import (
    make_alert,
    make_listed_incident,
    make_workspace,
    put_in_portal,
)
from tests.program import stored_incident

pytestmark = pytest.mark.django_db
PAGE = "/workspaces/gdansk/"


@pytest.fixture
def ada_here(client, ada):
    client.force_login(ada)
    return client


def test_before_the_first_look_the_page_says_so(ada_here, workspace):
    text = ada_here.get(PAGE).text
    assert "Not looked at yet." in text
    assert "Check now" in text


def test_each_check_has_its_evidence_and_its_age(ada_here, look_now):
    look_now()
    text = ada_here.get(PAGE).text
    assert "The connector is on and brings the alerts of this subscription." in text
    assert "All 15 rules of the solution are enabled." in text
    assert text.count("Checked") >= 15


def test_check_now_wakes_the_workers_and_says_so(ada_here, look_now):
    look_now()
    answer = ada_here.post(f"{PAGE}check/", follow=True)
    assert "Workers are looking at this workspace." in answer.text
    assert Job.objects.filter(kind__startswith="readiness.").count() == 3


def test_a_subscription_is_connected_from_the_page(ada_here, look_now, sentinel):
    sentinel.lay_out(Prerequisite.CONNECTORS, [])
    look_now()
    assert "No connector brings the alerts of this subscription." in ada_here.get(PAGE).text
    form = {"kind": "connect", "target": azure.SUBSCRIPTION}
    text = ada_here.post(f"{PAGE}set-up/", form, follow=True).text
    assert "Waiting for a worker" in text
    assert not [call for call in sentinel.calls if call.verb == "put_prerequisite"]
    carry_out_due_step(now=NOON, connect=lambda *_: sentinel)
    assert 'value="connect"' in ada_here.get(PAGE).text  # Azure was not looked at since
    look_now()
    text = ada_here.get(PAGE).text
    assert "The connector is on" in text
    assert 'value="connect"' not in text


def test_what_azure_refused_stays_on_the_page(ada_here, look_now, sentinel):
    sentinel.lay_out(Prerequisite.PACKAGES, [])
    sentinel.lay_out(Prerequisite.CATALOGUE, [])
    look_now()
    ada_here.post(f"{PAGE}set-up/", {"kind": "install"})
    carry_out_due_step(now=NOON, connect=lambda *_: sentinel)
    text = ada_here.get(PAGE).text
    assert "Did not work" in text
    assert "does not offer the solution" in text
    assert 'value="install"' in text


def test_the_rule_for_the_rest_is_shown_before_it_is_made(ada_here, look_now):
    look_now()
    text = ada_here.get(PAGE).text
    assert "53 alert types" in text
    assert "where AlertName in" in text
    assert 'value="cover"' in text


def test_the_same_asked_for_twice_is_refused_with_the_reason(ada_here, look_now):
    look_now()
    ada_here.post(f"{PAGE}set-up/", {"kind": "cover"})
    answer = ada_here.post(f"{PAGE}set-up/", {"kind": "cover"})
    assert answer.status_code == 422
    assert "under way already" in answer.text
    assert SetupStep.objects.count() == 1


@pytest.mark.abuse("A09")
@pytest.mark.parametrize("form", [{"kind": "delete"}, {}, {"kind": "connect", "target": "x"}])
def test_nothing_else_can_be_asked_for(ada_here, workspace, form):
    assert ada_here.post(f"{PAGE}set-up/", form).status_code in (404, 422)
    assert not SetupStep.objects.exists()


def test_the_lead_of_the_soc_has_it_checked_but_changes_nothing(client, make_person, workspace):
    leo = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid))
    client.force_login(leo)
    Finding.objects.create(
        workspace=workspace, part="connectors", facts=[], read_at=NOON, tried_at=NOON
    )
    text = client.get(PAGE).text
    assert "Check now" in text
    assert 'name="kind"' not in text
    answer = client.post(f"{PAGE}set-up/", {"kind": "install"})
    assert answer.status_code == 422
    assert "Only an administrator" in answer.text
    assert not SetupStep.objects.exists()


@pytest.mark.abuse("A12")
def test_another_workspace_is_not_there(client, make_person, workspace):
    other = make_workspace("porto")
    client.force_login(make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, other.uuid)))
    for address in (PAGE, f"{PAGE}collected/"):
        assert client.get(address).status_code == 404
    for address in (f"{PAGE}check/", f"{PAGE}set-up/"):
        assert client.post(address, {"kind": "install"}).status_code == 404
    assert workspace.name not in client.get("/workspaces/").text


def test_a_manager_sees_what_is_collected_and_no_more(client, mia, look_now):
    look_now()
    client.force_login(mia)
    assert "gdansk" in client.get("/workspaces/").text
    assert client.get(PAGE).status_code == 404
    assert "Deleted at the source" in client.get(f"{PAGE}collected/").text


def test_numbers_that_still_grow_say_so(client, mia, look_now, workspace):
    """A worker looks before history is read; what is here is counted for each reader."""
    look_now()
    make_alert(stored_incident(workspace))
    stored_incident(workspace)
    client.force_login(mia)
    text = client.get(f"{PAGE}collected/").text
    assert "<dt>Incidents</dt><dd>2</dd>" in text and "<dt>Alerts</dt><dd>1</dd>" in text
    assert NOON.isoformat() in text, "the oldest alert"
    assert "The alerts of 2 incidents are still to be fetched" in text
    Incident.objects.update(details_due_at=None)
    assert "still to be fetched" not in client.get(f"{PAGE}collected/").text


def test_a_paused_workspace_is_not_said_to_be_looked_at(ada_here, workspace):
    assert "Workers look at everything once a day" in ada_here.get(PAGE).text
    Workspace.objects.update(state=Workspace.State.PAUSED)
    text = ada_here.get(PAGE).text
    assert "This workspace is paused: workers do not look at it." in text
    assert "Workers look at everything once a day" not in text


def test_the_list_counts_what_is_to_be_put_right(ada_here, look_now, sentinel):
    sentinel.lay_out(Prerequisite.CONNECTORS, [])
    look_now()
    text = ada_here.get(PAGE).text
    open_checks, fine_checks = text.split('id="fine-checks"')
    assert f'id="connector-{azure.SUBSCRIPTION}"' in open_checks
    assert "checks are fine" in fine_checks and 'class="is-high"' not in fine_checks
    Finding.objects.filter(part="connectors").update(read_at=NOON - timedelta(hours=20))
    text = ada_here.get("/workspaces/").text
    assert "1 prerequisite in Azure needs action." in text and "20 h ago" in text
    assert f'href="{PAGE}"' in text


def test_a_check_without_a_result_is_not_called_no_action(ada_here, workspace):
    text = ada_here.get(PAGE).text  # no worker has looked yet
    assert "checks have no result" in text and "No action is needed." not in text


def test_without_a_workspace_the_list_names_the_command(ada_here):
    assert "workspace add" in ada_here.get("/workspaces/").text


def test_german(ada_here, look_now):
    look_now()
    text = ada_here.get(PAGE, headers={"Accept-Language": "de"}).text
    assert "Ist gdansk bereit?" in text
    assert "Checked" not in text


def source_card(client):
    text = " ".join(client.get(PAGE).text.split())
    return text[text.index("Where incidents come from") :]


def test_where_incidents_come_from_is_empty_before_a_worker_has_read(ada_here, workspace):
    assert "No worker has read the incidents of this workspace yet." in source_card(ada_here)


def test_a_workspace_read_from_sentinel_says_so_with_its_comparison(ada_here, workspace):
    Cursor.objects.create(workspace=workspace, fresh_at=NOON, watermark=NOON, swept_at=NOON)
    times = {"workspace": workspace, "kind": "sweep", "finished_at": NOON}
    Run.objects.create(**times, started_at=NOON - timedelta(days=1), new=3, deleted=1)
    Run.objects.create(**times, started_at=NOON)
    card = source_card(ada_here)
    assert "Sentinel's own list (Azure Resource Manager)" in card
    assert "nothing differed" in card and "3 new, 0 changed, 1 deleted" in card
    assert (
        "no analytics rule of the workspace has made an incident yet" in card
        and "Waiting for their place" not in card
    )
    incident = stored_incident(workspace)
    Missing.objects.create(incident=incident, workspace=workspace, first_missed_at=NOON)
    card = source_card(ada_here)
    assert "1 incident is asked for by name" in card and "nothing differed" not in card


def test_all_slices_of_a_comparison_count_and_one_under_way_or_failed_says_so(ada_here, workspace):
    began = NOON - timedelta(hours=2)
    cursor = Cursor.objects.create(
        workspace=workspace,
        fresh_at=NOON,
        swept_at=began + timedelta(hours=1),
        resume={"swept_since": began.isoformat()},
    )
    for minutes, new in ((0, 2), (30, 3), (60, 0)):
        at = began + timedelta(minutes=minutes)
        Run.objects.create(
            workspace=workspace, kind="sweep", started_at=at, finished_at=at, new=new
        )
    card = source_card(ada_here)
    assert "5 new, 0 changed, 0 deleted" in card and "nothing differed" not in card
    assert "under way" not in card and "The latest try" not in card
    at = NOON - timedelta(minutes=7)
    cursor.resume |= {"sweep": {"began_at": (NOON - timedelta(minutes=9)).isoformat()}}
    cursor.save()
    Run.objects.create(
        workspace=workspace, kind="sweep", started_at=at, finished_at=at, error="ARM is gone."
    )
    card = source_card(ada_here)
    assert "under way since" in card and "9 min ago" in card
    assert "The latest try failed" in card and "7 min ago" in card and "ARM is gone." in card


def test_a_workspace_of_the_defender_portal_says_what_waits_there(ada_here, workspace):
    Workspace.objects.update(source="graph")
    put_in_portal(workspace)
    Cursor.objects.create(
        workspace=workspace, fresh_at=NOON, watermark=NOON, own_watermark=NOON, swept_at=NOON
    )
    assert "Waiting for their place</dt> <dd> none" in source_card(ada_here)
    for graph_id, minutes in (("7", 5), ("8", 50)):
        DefenderIncident.objects.create(
            workspace=workspace, graph_id=graph_id, waits_since=NOON - timedelta(minutes=minutes)
        )
    card = source_card(ada_here)
    assert "Microsoft Graph, and Sentinel's own list beside it" in card
    assert "2 incidents" in card and "for more than an hour" not in card
    DefenderIncident.objects.update(waits_since=NOON - timedelta(minutes=61))
    assert "for more than an hour" in source_card(ada_here)


@pytest.mark.parametrize("is_onboarded", [True, False])
def test_page_command_and_compiler_agree_on_the_portal(ada_here, workspace, is_onboarded, capsys):
    """The connector of Defender XDR is on; its incidents come with and without onboarding."""
    provider = "Microsoft XDR" if is_onboarded else "Azure Sentinel"
    evidence = make_listed_incident(workspace, provider=provider)
    make_listed_incident(workspace, provider="Microsoft XDR", rules=())
    xdr = {"kind": "MicrosoftThreatProtection", "subscription": "", "is_on": True, "name": "x"}
    Finding.objects.create(
        workspace=workspace, part="connectors", facts=[xdr], read_at=NOON, tried_at=NOON
    )
    Cursor.objects.create(workspace=workspace, fresh_at=NOON)
    read_portal_residence(workspace=workspace, now=NOON)
    text = ada_here.get(PAGE).text
    assert ("lives in the Defender portal" in text) is is_onboarded
    assert (f"onboarded: incident #{evidence.number}, made by" in text) is True
    assert (f"not onboarded: incident #{evidence.number}," in text) is not is_onboarded
    assert ("is not onboarded to the Defender portal" in text) is not is_onboarded
    capsys.readouterr()
    call_command("workspace", "list", "--json")
    (listed,) = json.loads(capsys.readouterr().out)
    assert listed["in_defender_portal"] is is_onboarded
    assert target_of(workspace).is_in_defender_portal is is_onboarded


def test_a_list_that_cannot_be_read_is_told_with_its_reason(ada_here, workspace):
    Workspace.objects.update(source="graph")
    for kind, error in (("intake.poll", "Graph hangs."), ("intake.counterparts", "ARM is gone.")):
        Job.objects.create(
            kind=kind, key=str(workspace.uuid), due_at=NOON, made_at=NOON, latest_error=error
        )
    card = source_card(ada_here)
    assert "Graph hangs." in card and "ARM is gone." in card
    assert "new incidents wait" in card
