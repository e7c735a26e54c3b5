"""Two workspaces that hold the same rule: gate, stop and end of one are not those of the other."""

import pytest

from alerts.outbox.models import RuleKind, WantedRule
from alerts.outbox.services.deliver_rules import deliver_one_rule
from alerts.sentinel.client.port import SentinelRefused
from alerts.sentinel.models import Workspace
from alerts.suppression.deploying.desired import bring_in_line, is_gate_in_place
from alerts.suppression.deploying.kill_switch import switch_off
from alerts.suppression.deploying.leases import renew_leases
from tests import cast
from tests.alerts.suppression.deploying.plant import furnish, polls, signed
from tests.conftest import NOON
from tests.factories.incidents import make_site, make_workspace
from tests.memory_sentinel import MemorySentinel


@pytest.fixture
def second():
    workspace = make_workspace("porto")
    furnish(workspace, make_site("Porto"))
    return workspace


@pytest.fixture
def far(clock, workspace, second):
    """A Sentinel in memory for each, by workspace."""
    return {workspace.pk: MemorySentinel(), second.pk: MemorySentinel()}


@pytest.fixture
def deliver(far, clock):
    def all_that_is_due():
        while deliver_one_rule(
            now=clock.at, connect=lambda place, *_: far[place.pk], pause=lambda _: None
        ):
            pass

    return all_that_is_due


@pytest.fixture
def people(make_person):
    """Two who speak for both plants and work in both workspaces."""
    return (
        make_person(cast.OLAF, ("ot-site-lead", "all", None)),
        make_person(cast.LEO, ("soc-lead", "all", None)),
    )


@pytest.fixture
def rules(workspace, second, people):
    """A rule for each workspace, which Sentinel is to hold."""
    for place in (workspace, second):
        made = signed(polls(workspace=place.name), by=people, workspaces=[place])
        bring_in_line(version_id=made.pk, now=NOON)


def has_rule(sentinel):
    return any("Tagout R-" in rule["properties"]["displayName"] for rule in sentinel.rules.values())


def test_a_gate_in_one_workspace_lets_no_rule_act_in_the_other(
    workspace, second, far, rules, deliver
):
    far[second.pk].fail_next(SentinelRefused("No."), verb="put_automation_rule", times=9)
    deliver()
    assert is_gate_in_place(workspace.pk) and not is_gate_in_place(second.pk)
    assert has_rule(far[workspace.pk])
    assert not has_rule(far[second.pk]), "nothing could stop it there"


def test_off_in_one_workspace_the_rule_of_the_other_stays(
    workspace, second, far, rules, deliver, people
):
    deliver()
    switch_off(by=people[1], workspace_id=workspace.pk, now=NOON)
    deliver()
    assert not has_rule(far[workspace.pk]) and has_rule(far[second.pk])
    gates = WantedRule.objects.filter(kind=RuleKind.GATE)
    enabled = {row.workspace_id: row.wanted["triggeringLogic"]["isEnabled"] for row in gates}
    assert enabled == {workspace.pk: True, second.pk: False}


def test_what_goes_with_a_workspace_that_is_removed_stays_in_the_other(
    workspace, second, far, rules, deliver
):
    deliver()
    Workspace.objects.filter(pk=workspace.pk).update(state=Workspace.State.REMOVED)
    assert renew_leases(now=NOON)["changed"] == 2, "its gate and its rule"
    deliver()
    assert far[workspace.pk].rules == {}
    assert has_rule(far[second.pk]) and len(far[second.pk].rules) == 2
