"""Which conditions a workspace takes is found out with a rule that never runs, once a week."""

import pytest

from alerts.outbox.models import WantedRule
from alerts.rules.sentinel_conditions import PROBED
from alerts.sentinel.client.port import SentinelRefused
from alerts.suppression.deploying.leases import renew_leases
from alerts.suppression.models import Rule, RuleVersion
from alerts.suppression.signing.compiled_forms import compiled_forms
from alerts.suppression.tasks import renew_leases as renew_leases_task
from portal.audit.models import Entry
from portal.jobs.models import Job
from tests.alerts.suppression.deploying.plant import polls
from tests.conftest import NOON
from tests.factories.incidents import READ_RULES, put_in_portal


@pytest.fixture
def draft(workspace, oda, clock):
    """Somebody writes a rule that reaches a workspace nobody has probed."""
    workspace.capabilities = {}
    workspace.save()
    rule = Rule.objects.create(number=12, made_by=oda, made_at=NOON)
    return RuleVersion.objects.create(
        rule=rule,
        number=1,
        state_since=NOON,
        title="t",
        body={},
        made_by=oda,
        made_at=NOON,
        workspace_ids=[workspace.pk],
    )


def capabilities_of(workspace):
    workspace.refresh_from_db()
    return workspace.capabilities.get("rules", {})


def probe(far):
    renew_leases(now=far.clock.at)
    far.deliver()
    far.deliver()


def test_a_workspace_that_nobody_wants_rules_in_is_left_alone(workspace, clock, far):
    workspace.capabilities = {}
    workspace.save()
    probe(far)
    assert far.sentinel.calls == [] and not Job.objects.filter(kind="suppression.leases").exists()


def test_one_disabled_rule_shows_all_that_is_accepted_and_goes_again(draft, workspace, far):
    probe(far)
    assert set(capabilities_of(workspace)["accepts"]) == PROBED
    assert capabilities_of(workspace)["probed_at"] == NOON.isoformat()
    (put,) = [c for c in far.sentinel.writes if c.verb == "put_automation_rule"]
    properties = put.body["properties"]
    assert properties["triggeringLogic"]["isEnabled"] is False
    assert properties["displayName"].startswith("Tagout ")
    assert far.rules == {}
    assert Entry.objects.filter(action="sentinel.workspace.probed").count() == 1
    workspace.capabilities |= READ_RULES
    workspace.save(update_fields=["capabilities"])
    forms = compiled_forms(polls(), rule=draft.rule, workspace_ids=[workspace.pk])
    assert forms["gdansk"].verdict == "exact"


def test_after_the_probe_the_gate_is_placed_before_there_is_any_rule(draft, workspace, far):
    probe(far)
    renew_leases(now=NOON)
    far.deliver()
    assert far.gate["triggeringLogic"]["isEnabled"] is False


def test_where_one_condition_is_refused_each_is_tried_alone(draft, workspace, far, monkeypatch):
    put = far.sentinel.put_automation_rule

    def picky(name, properties, *, etag=""):
        if "IncidentAlertTitle" in str(properties):
            raise SentinelRefused("Azure refuses this (BadRequest: propertyName).", status=400)
        return put(name, properties, etag=etag)

    monkeypatch.setattr(far.sentinel, "put_automation_rule", picky)
    probe(far)
    assert set(capabilities_of(workspace)["accepts"]) == PROBED - {"IncidentAlertTitle"}
    assert "propertyName" in capabilities_of(workspace)["refused"]["IncidentAlertTitle"]
    assert far.rules == {}
    assert not WantedRule.objects.filter(wanted__isnull=False).exists()


def test_it_is_made_once_a_week(draft, workspace, far, clock):
    probe(far)
    calls = len(far.sentinel.calls)
    clock.go(days=6)
    assert renew_leases(now=clock.at)["probes"] == 0
    clock.go(days=2)
    assert renew_leases(now=clock.at)["probes"] == 1
    far.deliver()
    assert len(far.sentinel.calls) > calls and "probe" not in str(far.rules)


def test_a_workspace_that_moved_to_the_defender_portal_is_noticed(draft, workspace, far):
    probe(far)
    put_in_portal(workspace)
    forms = compiled_forms(polls(), rule=draft.rule, workspace_ids=[workspace.pk])
    assert forms["gdansk"].verdict == "impossible"


def test_the_wake_up_makes_a_round_and_tolerates_tomorrows_arguments(draft, workspace, far):
    renew_leases_task.run(asked_by="a later version")
    far.deliver()
    assert set(capabilities_of(workspace)["accepts"]) == PROBED
    assert Job.objects.get(kind="suppression.leases").due_at == far.clock.at, "it goes on at once"
