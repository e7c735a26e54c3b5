"""Where a workspace's incidents are read and written is a stored fact, and can change any time."""

import pytest
from django.core.management.base import CommandError

from alerts.sentinel.client import client_for
from alerts.sentinel.client.azure import AzureSentinelClient
from alerts.sentinel.client.graph_source import GraphIncidentSource
from alerts.sentinel.models import DefenderIncident, Workspace
from alerts.sentinel.queries import waiting_incidents
from alerts.sentinel.services.counterparts import StoredCounterparts, learn_counterparts
from alerts.sentinel.wire.graph.incidents import Counterpart
from portal.audit.models import Entry
from tests.alerts.sentinel.test_workspace_command import cli_options, reach, run
from tests.factories.incidents import NOON, make_workspace

pytestmark = pytest.mark.django_db
GUID = "73e01a99-5cd7-4139-a149-9f2736ff2ab5"


def test_a_workspace_is_served_by_the_resource_manager_until_somebody_says_otherwise():
    assert run("add", "gdansk", *cli_options())["source"] == "arm"
    changed = run("source", "gdansk", "--source", "graph")
    assert changed["source"] == "graph"
    assert Workspace.objects.get().graph_endpoint == "https://graph.microsoft.com"
    entry = Entry.objects.get(action="sentinel.workspace.source_set")
    assert (entry.details["was"], entry.details["became"]) == ("arm", "graph")
    run("source", "gdansk", "--source", "graph")
    assert Entry.objects.filter(action="sentinel.workspace.source_set").count() == 1


def test_a_workspace_is_added_as_one_of_the_defender_portal():
    options = cli_options(source="graph", graph_endpoint="https://graph.microsoft.us/")
    assert run("add", "gdansk", *options)["source"] == "graph"
    assert Workspace.objects.get().connection_for("read").graph_scope == (
        "https://graph.microsoft.us/.default"
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("source", "gdansk"), "arm or graph"),
        (("source", "gdansk", "--source", "post"), "--source must be one of arm, graph"),
        (("source", "porto", "--source", "graph"), "no workspace named porto"),
        (
            ("source", "gdansk", "--source", "graph", "--graph-endpoint", "http://x"),
            "--graph-endpoint must be an https address",
        ),
    ],
)
def test_a_wrong_source_is_one_sentence_and_changes_nothing(words, sentence):
    run("add", "gdansk", *cli_options())
    with pytest.raises(CommandError, match=sentence):
        run(*words)
    assert Workspace.objects.get().source == "arm"


def test_a_switch_gives_the_next_task_another_client(service):
    reach("gdansk", service)
    workspace = Workspace.objects.get()
    before = client_for(workspace)
    run("source", "gdansk", "--source", "graph", "--graph-endpoint", service.url)
    workspace.refresh_from_db()
    after = client_for(workspace)
    assert isinstance(before, AzureSentinelClient)
    assert isinstance(after, GraphIncidentSource)
    assert isinstance(after.resource_manager, AzureSentinelClient)
    assert isinstance(client_for(workspace, "rules"), AzureSentinelClient)


@pytest.fixture
def workspace():
    return make_workspace()


def learn(workspace, *counterparts):
    learn_counterparts(workspace_id=workspace.pk, counterparts=counterparts, now=NOON)


def test_both_ids_of_an_incident_are_kept(workspace):
    learn(workspace, Counterpart("8754", GUID, 2673, {"owner": {"email": "sam@plant.example"}}))
    stored = StoredCounterparts(workspace.name, clock=lambda: NOON)
    assert stored.by_name(GUID.upper()).number == 2673
    assert stored.by_graph_id(["8754", "1"])["8754"].owner == {"email": "sam@plant.example"}
    assert DefenderIncident.objects.get(workspace=workspace, name=GUID).graph_id == "8754"
    learn(workspace, Counterpart("8754", GUID, 2673, None))
    assert stored.by_name(GUID).owner is None
    assert DefenderIncident.objects.count() == 1


def test_the_same_id_in_another_workspace_is_another_matter(workspace):
    other = make_workspace("porto")
    learn(workspace, Counterpart("8754", GUID))
    theirs = StoredCounterparts(other.name, clock=lambda: NOON)
    assert theirs.by_name(GUID) is None
    assert theirs.by_graph_id(["8754"]) == {}


def test_a_name_that_moves_to_another_incident_leaves_the_first_waiting(workspace):
    learn(workspace, Counterpart("8754", GUID))
    learn(workspace, Counterpart("8755", GUID))
    assert DefenderIncident.objects.get(workspace=workspace, name=GUID).graph_id == "8755"
    assert waiting_incidents(workspace.pk).count == 1


def test_who_was_merged_into_one_that_is_placed_only_now_is_read_again(workspace):
    learn(workspace, Counterpart("8754", GUID))
    stored = StoredCounterparts(workspace.name, clock=lambda: NOON)
    stored.keep_survivor("8754", survivor="8800")
    assert DefenderIncident.objects.get().waits_since is None
    learn(workspace, Counterpart("8800", GUID.replace("7", "8")))
    assert DefenderIncident.objects.get(graph_id="8754").waits_since == NOON
