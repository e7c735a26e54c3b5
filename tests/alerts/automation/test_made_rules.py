"""A rule is made from an incident in two steps, stands in Sentinel, and ends."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.automation.engine.rule_body import FIRST_ORDER, Effects, free_order
from alerts.automation.models import MadeRule
from alerts.automation.services.made_rules import (
    CannotMakeRule,
    CannotRemoveRule,
    RulePlan,
    end_rules,
    make_rule,
    preview_rule,
    remove_rule,
)
from alerts.automation.services.mark import mark_playbook
from alerts.automation.web.rules import made_rule_lines
from alerts.outbox.models import Landing, WantedRule
from alerts.outbox.services.deliver_rules import deliver_one_rule
from alerts.suppression.deploying.deployments import deployments_visible_to
from alerts.suppression.deploying.kill_switch import switch_off
from portal.audit.models import Entry
from portal.notifications.models import Notification
from tests.alerts.automation.engine.test_rule_facts import rule
from tests.alerts.suppression.deploying.plant import know_analytics_rules
from tests.conftest import NOON
from tests.decided import forge_row
from tests.factories.incidents import make_alert, make_incident, put_in_portal

pytestmark = pytest.mark.django_db
ASSIGN = Effects("assign", team_id="1e0c7f5e-0000-4000-8000-000000000001", team_name="OT Gdańsk")
ENDS = {
    "source_device": "ENG-WS-04",
    "destination_device": "",
    "destination_address": "10.0.0.9",
    "any_device": ["ENG-WS-04"],
    "any_address": ["10.0.0.4", "10.0.0.9"],
}


@pytest.fixture
def plan(incident):
    make_alert(incident, **ENDS)
    return RulePlan(incident.pk, ASSIGN, None, same_devices=False, days=90)


@pytest.fixture
def make():
    """`make(plan, by)` looks at the preview and makes exactly that."""

    def both(plan, by, *, now=NOON):
        digest = preview_rule(plan=plan, by=by, now=now).digest
        return make_rule(plan=plan, digest=digest, by=by, now=now)

    return both


@pytest.fixture
def deliver(sentinel, clock):
    return lambda: deliver_one_rule(now=NOON, connect=lambda *_: sentinel, pause=lambda _: None)


def test_in_the_defender_portal_the_analytics_rule_stands_for_the_title(plan, leo, workspace):
    put_in_portal(workspace)
    with pytest.raises(CannotMakeRule, match="no analytics rule is known there"):
        preview_rule(plan=plan, by=leo, now=NOON)
    know_analytics_rules(workspace)
    with pytest.raises(CannotMakeRule, match="makes incidents of other types too"):
        preview_rule(plan=plan, by=leo, now=NOON)
    know_analytics_rules(workspace, "AlertName")
    conditions = str(preview_rule(plan=plan, by=leo, now=NOON).conditions)
    assert "IncidentRelatedAnalyticRuleIds" in conditions and "Title" not in conditions
    assert "Unauthorized PLC Programming" in conditions


def test_the_preview_counts_what_it_would_have_met(plan, leo, workspace, incident):
    for days, ends in ((1, ENDS), (89, {"any_device": ["ENG-WS-04"]}), (91, ENDS)):
        at = NOON - timedelta(days=days)
        make_alert(make_incident(workspace, created_at=at), **ends)
    make_alert(make_incident(workspace, title="Port Scan"), **ENDS)
    assert preview_rule(plan=plan, by=leo, now=NOON).count == 3
    narrow = preview_rule(plan=replace(plan, same_devices=True), by=leo, now=NOON)
    assert (narrow.likeness.devices, narrow.likeness.addresses) == (("ENG-WS-04",), ("10.0.0.9",))
    assert narrow.count == 2 and narrow.incidents[0].pk == incident.pk


def test_what_was_previewed_stands_in_sentinel_with_its_end(plan, make, leo, deliver, sentinel):
    row = make(plan, leo)
    assert deliver().outcome == Landing.LANDED
    (found,) = sentinel.rules.values()
    body = found["properties"]
    assert body["displayName"] == f"Tagout A-{row.pk} Unauthorized PLC Programming"
    assert body["triggeringLogic"]["expirationTimeUtc"] == "2027-02-22T12:00:00Z"
    assert body["order"] == FIRST_ORDER
    names = [
        part["conditionProperties"]["propertyName"]
        for part in body["triggeringLogic"]["conditions"]
    ]
    assert names == ["AlertProductNames", "IncidentTitle"]
    assert body["actions"][0]["actionConfiguration"]["owner"]["ownerType"] == "Group"
    entry = Entry.objects.get(action="automation.rule.made")
    assert (entry.actor, entry.details["body"]) == (leo, row.body)


def test_only_what_was_shown_is_made(plan, leo):
    digest = preview_rule(plan=plan, by=leo, now=NOON).digest
    for other in (replace(plan, days=180), replace(plan, same_devices=True)):
        with pytest.raises(CannotMakeRule, match="changed since the preview"):
            make_rule(plan=other, digest=digest, by=leo, now=NOON)
    assert not WantedRule.objects.exists()


def test_while_a_rule_is_in_force_no_equal_one_is_made(plan, make, leo, incident, workspace):
    first = make(plan, leo)
    for again in (plan, replace(plan, days=30)):
        with pytest.raises(CannotMakeRule, match=f"{first.label} does exactly this"):
            make(again, leo)
    make(replace(plan, same_devices=True), leo)
    remove_rule(rule_id=first.pk, by=leo, now=NOON)
    assert make(plan, leo) != first
    assert MadeRule.objects.filter(removed_at=None).count() == 2


@pytest.mark.abuse("A47")
def test_no_rule_runs_a_playbook_that_acts_on_the_plant(plan, make, leo, isolate, enrich):
    effects = Effects("playbook", playbook=isolate.resource_id)
    with pytest.raises(CannotMakeRule, match="acts on the plant"):
        make(replace(plan, effects=effects, playbook=isolate), leo)
    effects = Effects("playbook", playbook=enrich.resource_id)
    row = make(replace(plan, effects=effects, playbook=enrich), leo)
    configuration = row.body["actions"][0]["actionConfiguration"]
    assert configuration["logicAppResourceId"] == enrich.resource_id


@pytest.mark.abuse("A47")
def test_a_rule_ends_when_its_playbook_turns_out_to_act_on_the_plant(
    plan, make, leo, deliver, sentinel, enrich, workspace
):
    effects = Effects("playbook", playbook=enrich.resource_id)
    row = make(replace(plan, effects=effects, playbook=enrich), leo)
    deliver()
    assert end_rules(now=NOON) == 0
    mark_playbook(playbook_id=enrich.pk, acts_on_plant=True, reason="It scans.", by=leo, now=NOON)
    assert (end_rules(now=NOON), end_rules(now=NOON)) == (1, 0)
    assert deliver().outcome == Landing.LANDED and sentinel.rules == {}
    assert Entry.objects.get(action="automation.rule.ended").object_id == str(row.pk)
    assert row.label in Notification.objects.get(kind="automation.rule").subject
    (line,) = made_rule_lines(leo, playbooks={}, now=NOON)
    assert line.label == "Ended: its playbook acts on the plant"


@pytest.mark.parametrize(
    ("effects", "why"),
    [
        (Effects("assign", team_id="OT", team_name="OT"), "object id"),
        (Effects("assign", team_id=ASSIGN.team_id), "name of the team"),
        (Effects("enrich"), "label, a task, or both"),
        (Effects("enrich", label="tagout:routine"), "sets by itself"),
        (Effects("enrich", label="x" * 101), "at most 100"),
        (Effects("playbook"), "Choose a playbook"),
        (Effects("severity"), "Choose a severity"),
        (Effects("severity", severity="Grave"), "Choose a severity"),
    ],
)
def test_what_makes_no_rule_is_refused(plan, make, leo, effects, why):
    with pytest.raises(CannotMakeRule, match=why):
        make(replace(plan, effects=effects), leo)


def test_only_the_soc_lead_makes_rules_and_all_of_the_soc_take_them_away(
    plan, make, leo, sam, oda, mia
):
    for person in (sam, oda, mia):
        with pytest.raises(CannotMakeRule, match="SOC lead"):
            make(plan, person)
    row = make(plan, leo)
    with pytest.raises(CannotRemoveRule):
        remove_rule(rule_id=row.pk, by=mia, now=NOON)
    remove_rule(rule_id=row.pk, by=sam, now=NOON)
    assert WantedRule.objects.get().wanted is None
    with pytest.raises(CannotRemoveRule, match="already"):
        remove_rule(rule_id=row.pk, by=sam, now=NOON)


def test_a_rule_is_taken_out_of_sentinel_when_its_time_is_over(
    plan, make, leo, deliver, sentinel, worker
):
    row = make(plan, leo)
    deliver()
    assert end_rules(now=row.ends_at - timedelta(seconds=1)) == 0
    assert end_rules(now=row.ends_at) == 1 and end_rules(now=row.ends_at) == 0
    assert deliver().outcome == Landing.LANDED
    assert sentinel.rules == {}


def test_orders_of_others_are_left_free(plan, make, leo, sentinel, worker):
    sentinel.put_automation_rule("theirs", rule(order=FIRST_ORDER))
    worker.read()
    assert make(plan, leo).body["order"] == FIRST_ORDER + 1
    other = replace(plan, effects=Effects("label", label="Plant"))
    assert make(other, leo).body["order"] == FIRST_ORDER + 2
    assert free_order(range(1, 1000)) is None


def test_leads_hear_where_a_hand_has_changed_a_rule(plan, make, leo, deliver, sentinel):
    row = make(plan, leo)
    deliver()
    name = str(WantedRule.objects.get().name)
    sentinel.edit_rule(name, order=5)
    WantedRule.objects.update(outcome="", state="waiting")
    assert deliver().outcome == Landing.CHANGED_BY_HAND
    line = Notification.objects.get(kind="automation.rule")
    assert line.to == leo and row.label in line.subject
    assert not Notification.objects.filter(kind__startswith="suppression.").exists()


def test_suppression_does_not_take_them_for_its_own(plan, make, leo):
    make(plan, leo)
    assert not deployments_visible_to(leo).exists()
    switch_off(by=leo, workspace_id=None, reason="Odd.", now=NOON)
    (wanted,) = WantedRule.objects.all()
    assert wanted.wanted is not None and MadeRule.objects.exists()


@pytest.mark.parametrize(
    "columns",
    [
        {"wanted": {"displayName": "Tagout A-1", "actions": []}},
        {"insists": True},
        {"urgency": 0},
        {"about": "00000000-0000-4000-8000-000000000012"},
    ],
)
def test_a_rule_that_nobody_asked_for_is_not_sent(plan, make, leo, deliver, sentinel, columns):
    make(plan, leo)
    forge_row(WantedRule.objects.get(), **columns)
    done = deliver()
    assert (done.outcome, sentinel.rules) == (Landing.REFUSED, {})
    assert Notification.objects.filter(kind="suppression.undecided", to=leo).exists()
    assert not Notification.objects.filter(kind="automation.rule").exists()


@pytest.mark.parametrize("gone", [{"removed_at": NOON}, {"ends_at": NOON}])
def test_a_rule_whose_time_is_over_is_not_sent_again(plan, make, leo, deliver, sentinel, gone):
    made = make(plan, leo)
    MadeRule.objects.filter(pk=made.pk).update(made_at=NOON - timedelta(days=9), **gone)
    assert (deliver().outcome, sentinel.rules) == (Landing.REFUSED, {})


def test_a_rule_is_not_sent_once_its_playbook_acts_on_the_plant(
    plan, make, leo, enrich, deliver, sentinel
):
    effects = Effects("playbook", playbook=enrich.resource_id, tenant_id="t")
    make(replace(plan, effects=effects, playbook=enrich), leo)
    mark_playbook(playbook_id=enrich.pk, acts_on_plant=True, reason="Moves.", by=leo, now=NOON)
    done = deliver()
    assert done.note == "Its playbook acts on the plant, so each run needs consent."
    assert sentinel.rules == {}
