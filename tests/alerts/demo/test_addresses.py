"""The demo stays on this machine, whatever port its simulator has and whichever door is used."""

from datetime import timedelta

import pytest

from alerts.demo import advance
from alerts.demo.services import seed_workspaces
from alerts.sentinel.models import Workspace
from alerts.sentinel.services.workspaces import set_source
from simulator.running import default_plant
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
ADDRESSES = ("endpoint", "authority", "logs_endpoint", "graph_endpoint")


def seed(endpoint):
    plant = default_plant(7).describe()
    plant["applications"] = [{"key": "portal", "client_id": "55555555-5555-4555-8555-555555555555"}]
    values = {"ca_bundle": "", "organisation": None, "now": NOON}
    seed_workspaces(plant=plant, endpoint=endpoint, **values)


def test_a_demo_that_starts_at_another_port_finds_every_door_there():
    for endpoint in ("https://localhost:8443", "https://localhost:9443"):
        seed(endpoint)
        for workspace in Workspace.objects.all():
            assert {getattr(workspace, name) for name in ADDRESSES} == {endpoint}
    assert Workspace.objects.count() == 3


def test_the_clock_of_a_workspace_that_graph_serves_elsewhere_is_not_moved():
    seed("https://localhost:8443")
    set_source(
        name="gdansk",
        source="graph",
        graph_endpoint="https://graph.microsoft.com",
        by="tests",
        now=NOON,
    )
    with pytest.raises(advance.CannotAdvance, match=r"gdansk is at graph\.microsoft\.com"):
        advance.advance_clocks(timedelta(hours=1), report=print)


def test_the_workspace_that_lives_in_the_defender_portal_is_read_through_graph():
    plant = default_plant(7).describe()
    plant["applications"] = [{"key": "portal", "client_id": "55555555-5555-4555-8555-555555555555"}]
    for workspace in plant["workspaces"]:
        workspace["began_in_portal"] = workspace["key"] == "porto"
    values = {"ca_bundle": "", "organisation": None, "now": NOON}
    seed_workspaces(plant=plant, endpoint="https://localhost:8443", **values)
    sources = dict(Workspace.objects.values_list("name", "source"))
    assert sources == {"central": "arm", "gdansk": "arm", "porto": "graph"}
