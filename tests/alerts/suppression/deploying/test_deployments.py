"""What pages and the API show of what stands in Sentinel; the command in the same process."""

import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from alerts.outbox.models import WantedRule
from alerts.sentinel.client.port import SentinelDenied, SentinelRefused
from alerts.suppression.deploying.deployments import (
    deployments_by_workspace,
    deployments_of_rule,
    gate_of,
    is_live_as_a_whole,
)
from alerts.suppression.deploying.desired import bring_in_line
from alerts.suppression.deploying.kill_switch import switch_off
from alerts.suppression.models import RuleVersion, Stop
from tests import cast
from tests.alerts.suppression.deploying.plant import polls, signed
from tests.conftest import NOON
from tests.memory_sentinel import standing_in
from tests.reuse import reuse_rows


@reuse_rows
def version(workspace, site, oda, leo, clocks):
    made = signed(polls(), by=(oda, leo), workspaces=[workspace], sites=[site])
    with clocks.in_force():
        bring_in_line(version_id=made.pk, now=NOON)
    return made


def test_it_is_told_where_a_rule_stands_and_until_when(version, far, leo):
    (before,) = deployments_by_workspace(leo)
    assert (before.wanted, before.landed, before.gate.standing) == (1, 0, "closing")
    assert before.rules[0].standing == "coming" and before.rules[0].next_try_at
    far.deliver()
    (here,) = deployments_by_workspace(leo)
    assert (here.wanted, here.landed, here.gate.standing, here.is_off) == (1, 1, "closed", False)
    assert here.rules[0].rule == version.rule and here.rules[0].lease_until.day == NOON.day + 1
    assert is_live_as_a_whole(deployments_of_rule(version.rule))


def test_where_one_workspace_refuses_it_is_never_live_as_a_whole(version, far, leo):
    far.deliver()
    (row,) = WantedRule.objects.filter(kind="rule")
    row.pk, row.name, row.workspace_id = None, version.uuid, row.workspace_id
    row.outcome, row.latest_error, row.landed = "refused", "Azure refuses this (…).", None
    row.save()
    assert not is_live_as_a_whole(deployments_of_rule(version.rule))
    (here,) = deployments_by_workspace(leo)
    assert sorted(rule.standing for rule in here.rules) == ["refused", "there"]


def test_a_missing_right_names_the_role(version, far, leo):
    denied = SentinelDenied("Azure does not allow this.", status=403, code="AuthorizationFailed")
    far.sentinel.fail_next(denied, verb="put_automation_rule")
    far.deliver()
    assert gate_of(WantedRule.objects.get(kind="gate")).error == "Azure does not allow this."
    WantedRule.objects.filter(kind="rule").update(
        latest_error="Azure does not allow this.", error_code="AuthorizationFailed"
    )
    (here,) = deployments_by_workspace(leo)
    assert "Microsoft Sentinel Contributor" in here.rules[0].fix


def test_off_shows_the_gate_and_how_many_rules_are_still_to_go(version, far, leo, oda):
    far.deliver()
    switch_off(by=oda, now=NOON)
    (here,) = deployments_by_workspace(leo)
    assert (here.is_off, here.gate.standing, here.still_there) == (True, "opening", 1)
    far.deliver()
    (here,) = deployments_by_workspace(leo)
    assert (here.gate.standing, here.still_there) == ("open", 0)


def test_strangers_see_nothing(version, far, make_person):
    assert deployments_by_workspace(make_person(cast.PIA)) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--workspace", "nowhere"], "There is no workspace named nowhere."),
        (["--rule", "R-99"], "There is no rule R-99."),
        (["--rule", "everything"], "There is no rule everything."),
        (["--rule", "R-12", "--workspace", "gdansk"], "Name a workspace or a rule, not both."),
    ],
)
def test_the_command_refuses_in_one_sentence_and_stops_nothing(version, words, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("suppression_off", *words)
    assert not Stop.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_command_stops_one_rule(version, far, capsys):
    far.deliver()
    with standing_in(far.sentinel):
        call_command("suppression_off", "--rule", "r-12", "--reason", "Odd.", "--json")
    assert json.loads(capsys.readouterr().out)["off"] == "R-12"
    assert far.rule is None and not Stop.objects.exists()
    version = RuleVersion.objects.get(pk=version.pk)
    assert (version.state, version.paused_from) == ("paused", "live")
    with pytest.raises(CommandError, match="This rule is not active"):
        call_command("suppression_off", "--rule", "12")


@pytest.mark.django_db(transaction=True)
def test_a_gate_that_does_not_stand_is_told_and_is_no_success(version, far, capsys, workspace):
    far.deliver()
    far.sentinel.fail_next(SentinelRefused("Azure refuses this."), verb="put_automation_rule")
    with standing_in(far.sentinel), pytest.raises(SystemExit) as ended:
        call_command("suppression_off", "--workspace", "gdansk", "--json")
    assert ended.value.code == 1
    (deployment,) = json.loads(capsys.readouterr().out)["workspaces"]
    assert (deployment["gate"], deployment["error"]) == ("refused", "Azure refuses this.")
    assert Stop.objects.get().workspace == workspace
