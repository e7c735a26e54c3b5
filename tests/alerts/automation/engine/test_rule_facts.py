"""What is read of an automation rule, whoever wrote it and however odd it is."""

from datetime import timedelta

import pytest

from alerts.automation.engine.rule_facts import colliding, read_rule_facts
from tests.conftest import NOON


def rule(*, order=1, enabled=True, ends=None, actions=(), conditions=()):
    logic = {"isEnabled": enabled, "triggersOn": "Incidents", "triggersWhen": "Created"}
    logic |= {"conditions": list(conditions)} | ({"expirationTimeUtc": ends} if ends else {})
    return {
        "displayName": "A rule",
        "order": order,
        "triggeringLogic": logic,
        "actions": list(actions),
    }


def modify(**configuration):
    return {"order": 1, "actionType": "ModifyProperties", "actionConfiguration": configuration}


def test_a_close_is_seen_in_any_case_of_letters():
    assert read_rule_facts(rule(actions=[modify(status="Closed")])).closes
    assert read_rule_facts(rule(actions=[modify(status="closed")])).closes
    assert not read_rule_facts(rule(actions=[modify(status="Active", severity="Low")])).closes


def test_playbooks_of_a_rule_are_named_by_their_addresses():
    action = {
        "order": 1,
        "actionType": "RunPlaybook",
        "actionConfiguration": {"logicAppResourceId": "/x/Workflows/Isolate"},
    }
    assert read_rule_facts(rule(actions=[action])).playbooks == ("/x/workflows/isolate",)


def test_a_rule_whose_time_is_over_does_not_act():
    facts = read_rule_facts(rule(ends="2026-11-24T11:00:00Z"))
    assert facts.has_ended(now=NOON) and not facts.is_acting(now=NOON)
    assert facts.is_acting(now=NOON - timedelta(hours=2))
    assert not read_rule_facts(rule(enabled=False)).is_acting(now=NOON)


def test_acting_rules_of_one_order_collide():
    rules = [
        ("a", read_rule_facts(rule(order=5))),
        ("b", read_rule_facts(rule(order=5))),
        ("c", read_rule_facts(rule(order=6))),
        ("d", read_rule_facts(rule(order=6, enabled=False))),
    ]
    assert colliding(rules, now=NOON) == {"a", "b"}


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {"triggeringLogic": []},
        {"actions": {"a": 1}, "triggeringLogic": {"conditions": [None, 3, {}]}},
        {"actions": [None, {"actionConfiguration": {"labels": [1], "owner": "x"}}], "order": "1"},
    ],
)
def test_what_is_odd_is_left_out(body):
    facts = read_rule_facts(body)
    assert not facts.closes and not facts.is_acting(now=NOON)
    assert colliding([("a", facts)], now=NOON) == set()
