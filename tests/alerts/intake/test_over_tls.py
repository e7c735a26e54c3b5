"""The whole way in: a pretend Azure over TLS, our client, our rows."""

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from alerts.incidents.models import Alert, Group, Incident, PatternMemory
from alerts.intake.models import Cursor, Quarantined
from alerts.intake.services.foreground import sync_workspace
from alerts.sentinel.client import client_for
from alerts.sites.models import Device, Site
from tests.conftest import NOON

INCIDENTS = 300


@pytest.fixture
def workspace(add_azure_workspace, monkeypatch):
    monkeypatch.setattr("alerts.intake.services.pace.Pace.wait", lambda self: None)
    return add_azure_workspace()


def sync(*words):
    output = io.StringIO()
    call_command("sync", "far", *words, "--json", stdout=output)
    return json.loads(output.getvalue())


def incident_count(azure):
    return sum(azure.control.state()["incidents"][azure.workspaces[0].key].values())


def test_everything_that_is_there_is_stored_with_its_alerts_and_places(workspace, azure):
    first = sync("--full")
    assert first["new"] == first["seen"] == incident_count(azure) == Incident.objects.count()
    assert first["quarantined"] == first["details_pending"] == 0
    second = sync()
    assert (second["new"], second["changed"]) == (0, 0)
    assert Alert.objects.exists() and Device.objects.exists() and Site.objects.count() >= 1
    fetched = Incident.objects.filter(details_state="fetched")
    assert fetched.count() > 0.7 * Incident.objects.count(), "old closed ones have no details"
    assert not fetched.filter(pattern=None).exists()
    assert fetched.exclude(site_ids=[]).count() > 0.9 * fetched.count()
    assert PatternMemory.objects.filter(seen__gt=3).exists()
    assert (
        sum(Group.objects.values_list("n", flat=True))
        == Incident.objects.exclude(group_key=None).count()
    )


@pytest.mark.parametrize("fault", ["truncated", "wrong_length", "html", "empty", "not_json"])
def test_a_broken_answer_stores_nothing_and_the_next_run_has_it_all(workspace, azure, fault):
    azure.control.fault(path="/incidents", body=fault, skip=3, count=4)
    with pytest.raises(CommandError, match="far: "):
        sync()
    azure.control.clear_faults()
    sync()
    assert Incident.objects.count() == incident_count(azure)
    assert Cursor.objects.get().watermark <= NOON


@pytest.mark.parametrize("link", ["foreign", "loop", "duplicate"])
def test_links_that_mislead_lose_nothing(workspace, azure, link):
    azure.control.fault(path="/incidents", next_link=link, count=1, skip=1)
    try:
        sync()
    except CommandError as refusal:
        assert str(refusal).startswith("far: ")
    azure.control.clear_faults()
    sync()

    assert Incident.objects.count() == incident_count(azure)


@pytest.mark.parametrize(
    "mangle",
    [
        "no_name",
        "properties_list",
        "no_object",
        "null_members",
        "wrong_types",
        "odd_status",
        "nul",
        "lone_surrogate",
        "nan",
        "huge_int",
        "deep",
        "duplicate_keys",
        "date_in_three_days",
    ],
)
def test_a_mangled_incident_costs_at_most_itself(workspace, azure, mangle):
    azure.control.fault(path="/incidents", mangle=mangle)
    found = sync_workspace(
        workspace=workspace, client=client_for(workspace), since=NOON.replace(year=2025), full=False
    )
    assert found["seen"] == incident_count(azure)
    assert found["new"] == Incident.objects.count()
    assert found["quarantined"] == found["seen"] - found["new"] >= Quarantined.objects.count()
    assert found["quarantined"] <= 10
    watermark = Cursor.objects.get().watermark
    assert watermark is not None and watermark <= NOON
