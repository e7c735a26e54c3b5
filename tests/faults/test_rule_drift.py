"""F25, F26: rules of ours that a person edits, disables or deletes in Sentinel, and a rule that
only some workspaces take. It is told within minutes, nothing is written over what a hand changed,
and nothing is called live as a whole that is not.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.outbox.models import Landing, WantedRule
from alerts.outbox.services.set_desired import name_of_rule, set_desired_rule
from alerts.outbox.tasks import deliver_due_rules, find_changed_rules
from alerts.suppression.deploying.deployments import deployments_of_rule, is_live_as_a_whole
from alerts.suppression.models import Rule
from portal import clock
from portal.notifications.models import Notification
from simulator.automation.run import RULES
from tests.decided import allow_every_row
from tests.factories.incidents import make_workspace
from tests.faults.test_rules_in_sentinel import SECRET, Plant, pretend

__all__ = ["pretend"]


@pytest.fixture
def plant(transactional_db, pretend, make_person, monkeypatch):
    monkeypatch.setenv(SECRET, pretend.application().secret)
    plant = Plant(pretend, make_person)
    plant.go_live()
    return plant


CHANGES = {
    "edited": {"properties": {"displayName": "Closes everything"}},
    "disabled": {"enabled": False},
    "deleted": {"delete": True},
}


@pytest.mark.fault("F25")
@pytest.mark.parametrize("change", CHANGES)
def test_f25_what_a_hand_changed_is_told_and_not_written_over(plant, change, monkeypatch, measure):
    real, offset = clock.unshifted, timedelta()
    monkeypatch.setattr("portal.clock.unshifted", lambda: real() + offset)
    find_changed_rules()  # the next look is ten minutes away
    row = plant.row("rule")
    plant.control.rule(plant.key, str(row.name), **CHANGES[change])
    written = len(plant.writes(row.name))
    while plant.row("rule").outcome != Landing.CHANGED_BY_HAND and offset < timedelta(hours=1):
        offset += timedelta(seconds=30)
        find_changed_rules()
        deliver_due_rules()
    for _ in range(20):  # ten more minutes
        offset += timedelta(seconds=30)
        find_changed_rules()
        deliver_due_rules()
    notes = Notification.objects.filter(kind="suppression.held", to=plant.people[1])
    told = notes.count()
    assert told == 1, "told once"
    measure(f"{change}, seen after", offset.total_seconds() - 600, unit="s", at_most=900)
    measure("writes over it", len(plant.writes(row.name)) - written, at_most=0)


@pytest.mark.fault("F26")
def test_f26_a_rule_that_three_of_five_take_is_not_live_as_a_whole(
    plant, pretend, measure, monkeypatch
):
    allow_every_row(monkeypatch)
    place = pretend.workspaces[0]
    azure = pretend.simulator.azure
    azure.workspaces += tuple(
        replace(place, key=f"plant-{n}", name=f"ws-plant-{n}") for n in range(4)
    )
    application = pretend.application()
    gate, row = plant.row("gate"), plant.row("rule")
    for n in range(4):
        workspace = make_workspace(
            f"plant-{n}",
            tenant_id=place.tenant_id,
            subscription_id=place.subscription_id,
            resource_group=place.resource_group,
            workspace_name=f"ws-plant-{n}",
            endpoint=pretend.endpoint,
            authority=pretend.endpoint,
            client_id=application.client_id,
            secret_env=SECRET,
            ca_bundle=str(pretend.ca_file),
            added_at=clock.now(),
        )
        for wanted in (gate, row):
            name = name_of_rule(about=wanted.about, workspace=workspace.uuid)
            set_desired_rule(
                workspace_id=workspace.pk,
                name=name,
                about=wanted.about,
                label=wanted.label,
                kind=wanted.kind,
                body=wanted.wanted,
                now=clock.now(),
            )
    for n in (1, 3):
        plant.control.fault(
            path=f"/ws-plant-{n}/.*/automationRules/", method="PUT", status=400, code="BadRequest"
        )
    for _ in range(6):
        WantedRule.objects.filter(outcome=Landing.PENDING).update(due_at=clock.unshifted())
        deliver_due_rules()
    rule = Rule.objects.get(uuid=row.about)
    deployments = deployments_of_rule(rule)
    assert len(deployments) == 5
    mismatches = 0
    for deployment in deployments:
        key = deployment.row.workspace.name
        held = azure.store.resources.get(key, RULES, str(deployment.row.name))
        mismatches += (held is not None) != (deployment.standing == "there")
    standings = sorted(deployment.standing for deployment in deployments)
    assert standings.count("there") == 3
    assert not is_live_as_a_whole(deployments)
    measure("workspaces shown other than they are", mismatches, at_most=0)
