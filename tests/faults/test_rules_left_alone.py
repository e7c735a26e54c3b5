"""F12, F16, F43: rules that nobody looks after, because Tagout is stopped, an answer of Azure is
lost or the workspace is gone. What Tagout put into Sentinel lapses within a day, nothing stands
there twice, and rules without a workspace say so.
"""

import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db.models import F

from alerts.intake.tasks import poll_due_workspaces
from alerts.outbox.models import Landing, RuleKind, WantedRule
from alerts.outbox.services.set_desired import name_of_rule, set_desired_rule
from alerts.outbox.tasks import deliver_due_rules
from alerts.rules.sentinel_forms import NAME_PREFIX
from alerts.sentinel.client import client_for
from alerts.sentinel.wire.automation import read_automation_rules
from alerts.sentinel.wire.values import moment_field
from alerts.suppression.deploying.deployments import deployments_of_rule, is_live_as_a_whole
from alerts.suppression.deploying.leases import renew_leases
from alerts.suppression.models import RuleVersion
from portal import clock
from portal.jobs.models import JobState
from tests.decided import allow_every_row
from tests.faults.outbox import let_holds_and_waits_pass
from tests.faults.test_rules_in_sentinel import SECRET, TITLE, Plant, pretend

__all__ = ["pretend"]


@pytest.fixture
def plant(transactional_db, pretend, make_person, monkeypatch):
    monkeypatch.setenv(SECRET, pretend.application().secret)
    return Plant(pretend, make_person)


def rules_of_ours(plant):
    """The automation rules of ours that stand in Sentinel, the gate included."""
    page = client_for(plant.workspace, "rules").list_automation_rules()
    rules = [rule.properties for rule in read_automation_rules(page)[0]]
    return [rule for rule in rules if str(rule["displayName"]).startswith(NAME_PREFIX)]


def acting(plant):
    """Those that would still act on an incident by the clock of Sentinel."""
    now = plant.pretend.simulator.azure.clock.now()

    def is_acting(rule):
        ends_at = moment_field(rule["triggeringLogic"].get("expirationTimeUtc"), "", [])
        return rule["triggeringLogic"]["isEnabled"] and (ends_at is None or ends_at > now)

    return [rule["displayName"] for rule in rules_of_ours(plant) if is_acting(rule)]


@pytest.mark.fault("F43")
def test_f43_a_portal_that_is_stopped_for_25_hours_leaves_no_rule_that_acts(plant, long, measure):
    plant.go_live()
    assert len(acting(plant)) == 1
    closed = plant.happens()
    assert closed["status"] == "Closed"
    lapsed_after = None
    for _ in range(25 * 12 if long else 25):
        step = 300 if long else 3600
        plant.control.advance(step)
        if lapsed_after is None and not acting(plant):
            lapsed_after = plant.pretend.simulator.azure.clock.now() - clock.now()
    left = plant.happens()
    assert (left["title"].removeprefix("(MDIoT) "), left["status"]) == (TITLE, "New")
    measure("rules still active after 25 h", len(acting(plant)), at_most=0)
    measure("lapsed after", lapsed_after / timedelta(hours=1), unit="h", at_most=25)


@pytest.mark.fault("F12")
def test_f12_a_rule_whose_answer_is_lost_is_read_back_and_not_put_twice(
    plant, long, measure, monkeypatch
):
    plant.go_live()
    allow_every_row(monkeypatch)
    n_before, rule = len(rules_of_ours(plant)), plant.row("rule")
    n = 100 if long else 8
    plant.control.fault(
        path="/automationRules/", method="PUT", drop="after", applied=True, probability=0.6
    )
    for number in range(n):
        about = uuid.uuid4()
        set_desired_rule(
            workspace_id=plant.workspace.pk,
            name=name_of_rule(about=about, workspace=plant.workspace.uuid),
            about=about,
            label=f"R-{number + 100}",
            body=rule.wanted | {"displayName": f"{NAME_PREFIX}R-{number + 100}"},
            now=clock.now(),
        )
    for _ in range(4 * n):
        let_holds_and_waits_pass()
        plant.deliver()
        if not WantedRule.objects.filter(outcome=Landing.PENDING).exists():
            break
    assert all(row.is_as_wanted for row in WantedRule.objects.all())
    writes = plant.control.journal(path="/automationRules/")
    lost = sum("answer met" in entry["effect"] for entry in writes)
    assert lost >= n // 4, "answers were lost"
    effects = Counter(entry["path"] for entry in writes if entry["applied"])
    names = {str(row.name) for row in WantedRule.objects.filter(kind=RuleKind.RULE)}
    twice = sum(
        times - 1 for path, times in effects.items() if path.rpartition("/")[2].lower() in names
    )
    measure(
        f"rules too many after {lost} lost answers",
        len(rules_of_ours(plant)) - n_before - n,
        at_most=0,
    )
    measure("writes that took effect twice", twice, at_most=0)


@pytest.mark.fault("F16")
def test_f16_rules_of_a_workspace_that_is_gone_are_orphans_and_are_not_sent(
    plant, client, monkeypatch, long, measure
):
    version = plant.go_live()
    client.force_login(plant.people[1])
    pages = [f"/rules/{version.uuid}/", "/deployments/"]
    where = f"/{plant.workspace.workspace_name}(/|$)"
    error = {"error": {"code": "ResourceNotFound", "message": "The workspace is gone."}}
    plant.control.fault(path=where, status=404, answer=error)
    poll_due_workspaces()
    for page in pages:
        assert "Azure no longer has" in client.get(page).text
    (listed,) = deployments_of_rule(version.rule)
    assert listed.standing == "orphaned" and not is_live_as_a_whole([listed])

    real, offset, sent = clock.unshifted, timedelta(), []
    meet = plant.pretend.simulator.azure.faults.meet

    def recorded(method, path, now):
        sent.append((method, path))
        return meet(method, path, now)

    monkeypatch.setattr(plant.pretend.simulator.azure.faults, "meet", recorded)
    monkeypatch.setattr("portal.clock.unshifted", lambda: real() + offset)
    WantedRule.objects.filter(kind=RuleKind.RULE).update(  # it was owed when that happened
        outcome=Landing.PENDING,
        state=JobState.WAITING,
        wanted_version=F("wanted_version") + 1,
        due_at=real(),
    )
    turns = 60 if long else 10
    for _ in range(turns):
        offset += timedelta(minutes=30) / turns
        renew_leases(now=clock.now())
        deliver_due_rules()
    to_rules = [path for _, path in sent if "automationRules" in path]
    assert plant.row("rule").outcome == Landing.PENDING
    plant.control.clear_faults()
    offset += timedelta(minutes=2)
    poll_due_workspaces()
    offset += timedelta(minutes=2)
    deliver_due_rules()
    assert deployments_of_rule(version.rule)[0].standing == "there", "it is back"
    assert "Azure no longer has" not in client.get(pages[0]).text
    assert RuleVersion.objects.filter(pk=version.pk, state="live").exists()
    measure("calls about rules to a workspace that is gone", len(to_rules), at_most=0)
