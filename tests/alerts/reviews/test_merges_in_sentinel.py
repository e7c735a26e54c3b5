"""What the resource manager says of merges and techniques arrives, by the version that has it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from alerts.incidents.ingest.incident_rows import UNKNOWN_SURVIVOR
from alerts.incidents.ingest.survivors import find_survivors
from alerts.incidents.models import Incident
from alerts.intake.tasks import fetch_due_details
from portal.jobs.services import age_waiting_work
from simulator.running import running_simulator
from tests.conftest import NOON
from tests.factories.azure import make_workspace_at, secret_of

pytestmark = pytest.mark.django_db


class Plant:
    """A workspace of the pretend Azure with two incidents, and Tagout beside it."""

    def __init__(self, running):
        self.control, self.place = running.control, running.workspaces[0]
        self.workspace = make_workspace_at(running)
        self.names = []
        for nonce in range(9):
            for kind in self.control.plant()["kinds"]:
                made = self.control.inject(kind=kind, options={"nonce": nonce})
                if made.get("workspace") == self.place.key:
                    self.names.append(made["name"])
                if len(self.names) == 2:
                    return

    def sync(self):
        age_waiting_work(by=timedelta(hours=1))
        call_command("sync", self.workspace.name, stdout=StringIO(), stderr=StringIO())
        fetch_due_details()

    def incident(self, name):
        return Incident.objects.get(workspace=self.workspace, name=name)


@pytest.fixture
def plant(noon, monkeypatch):
    monkeypatch.setattr("alerts.intake.services.pace.Pace.wait", lambda self: None)
    with running_simulator(now=NOON) as running, secret_of(running):
        yield Plant(running)


def test_techniques_and_the_number_of_the_survivor_arrive(plant):
    plant.sync()
    loser, survivor = plant.names
    assert plant.incident(loser).techniques
    plant.control.merge(loser, survivor)
    plant.control.advance(60)
    plant.sync()
    assert plant.incident(loser).merged_into == plant.incident(survivor).number


def test_by_the_stable_version_the_survivor_is_found_by_its_alerts_and_stays_known(plant):
    plant.control.workspace(plant.place.key, preview_api=False)
    plant.sync()
    loser, survivor = plant.names
    plant.control.merge(loser, survivor)
    plant.control.advance(60)
    plant.sync()
    assert plant.incident(loser).merged_into == UNKNOWN_SURVIVOR
    find_survivors(now=NOON)
    assert plant.incident(loser).merged_into == plant.incident(survivor).number
    plant.control.comment(loser, "Seen by a person.")
    plant.control.advance(60)
    plant.sync()
    assert plant.incident(loser).comments_count == 1
    assert plant.incident(loser).merged_into == plant.incident(survivor).number
