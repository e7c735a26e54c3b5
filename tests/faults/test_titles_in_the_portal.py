"""In the Defender portal the title of an alert is what its analytics rule says. Somebody gives the
alerts of one the name of a routine type: what it finds then stays open, although Tagout's worker
may close that type on that device.
"""

from dataclasses import replace

import pytest

from alerts.incidents.models import Alert, Incident
from alerts.intake.services.details import fetch_details
from alerts.intake.services.pace import Budget, Pace
from alerts.intake.services.poll import pull_changes
from alerts.sentinel.client import client_for
from alerts.suppression.enforcing.decide import decide_new_incidents
from alerts.suppression.enforcing.explain import why_of
from portal import clock
from portal.jobs.models import Job
from simulator.running import running_simulator
from tests.faults.test_rules_in_sentinel import SECRET
from tests.faults.test_widened_queries import TYPE, PortalPlant

OTHER = "Excessive Login Attempts"  # an alert type, and the analytics rule that watches it
NAMING = "(MDIoT) {{AlertName}}"


class TitledPlant(PortalPlant):
    """The same plant, where Tagout's own worker closes."""

    def rules_in_sentinel(self):
        return replace(super().rules_in_sentinel(), enforcement="tagout")

    def title(self, title_format):
        """Somebody saves the analytics rule of the other type with this format of its titles."""
        rule = self.analytics_rule(OTHER)
        override = rule["properties"]["alertDetailsOverride"]
        override |= {"alertDisplayNameFormat": title_format}
        self.control.resource(self.key, "alertRules", rule["name"], body=rule)

    def work(self):
        """What the workers do with what is new."""
        client = client_for(self.workspace)
        pull_changes(workspace=self.workspace, client=client, now=clock.now())
        fetch_details(
            workspace=self.workspace,
            client=client,
            pace=Pace(per_second=1000),
            budget=Budget(),
            clock=clock.now,
        )
        Job.objects.update(due_at=clock.unshifted())
        decide_new_incidents(now=clock.now())
        self.deliver()

    def becomes_of(self, title):
        """An incident of this type on the device of the rule, after the workers have seen it."""
        made = self.control.inject(
            kind="historian-polling", options={"title": title, "source": "HIST-GD-01"}
        )
        for _turn in range(
            2
        ):  # what a worker leaves for a moment, such as a throttle, its next turn does
            self.work()
        return Incident.objects.get(name=made["name"]), self.read(made["name"])


@pytest.fixture
def plant(transactional_db, make_person, monkeypatch):
    with running_simulator() as pretend:
        monkeypatch.setenv(SECRET, pretend.application().secret)
        plant = TitledPlant(pretend, make_person)
        plant.control.onboard(plant.key, incidents="none")
        plant.look()
        plant.go_live(is_in_portal=True)
        yield plant


def test_a_fixed_title_closes_nothing_of_another_type(plant):
    _, routine = plant.becomes_of(TYPE)
    assert routine["status"] == "Closed"
    plant.title(f"(MDIoT) {TYPE}")
    plant.look()
    stored, forged = plant.becomes_of(OTHER)
    assert forged["title"].startswith(f"(MDIoT) {TYPE} involving"), "it bears the other name"
    assert forged["status"] == "New"
    assert "scene.untyped" in {why.code for why in why_of(stored, now=clock.now()).reasons}
    assert Alert.objects.get(incidents=stored).flags == ["alert_type:by_title"]


def test_before_the_look_what_the_alert_shows_gives_it_away(plant):
    rule = plant.analytics_rule()
    assert rule["properties"]["alertDetailsOverride"]["alertDisplayNameFormat"] == NAMING
    plant.title(f"(MDIoT) {TYPE}")
    _, forged = plant.becomes_of(OTHER)
    assert forged["status"] == "New", "its component is that of another type"
