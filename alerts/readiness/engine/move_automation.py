"""What the move to the Defender portal breaks in automation rules and playbooks."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from alerts.automation.engine.rule_conditions import Condition
from alerts.automation.engine.rule_facts import RuleFacts
from alerts.readiness.engine.move_findings import (
    MoveFinding,
    MoveKind,
    MovePlaybook,
    MoveRule,
    MoveState,
    open_finding,
)

_TITLES = frozenset({"IncidentTitle", "IncidentAlertTitle"})
# Conditions that keep a rule to some products, rules or devices when every incident of the portal
# starts it. A label or a severity keeps nothing out.
_SCOPES = (
    "IncidentRelatedAnalyticRuleIds",
    "AlertAnalyticRuleIds",
    "AlertProductNames",
    "IncidentCustomDetailsKey",
    "IncidentCustomDetailsValue",
    "CustomDetails",
    "CustomDetailValues",
    "IoTDevice",
    *_TITLES,
    "IncidentDescription",
    "IncidentProviderName",
)
_NEGATIVE = ("NotEquals", "NotContains", "NotStartsWith", "NotEndsWith")
_MOVES_ALERT = re.compile(r"(add|remove)[\s_-]*alerts?[\s_-]*(to|from)[\s_-]*incident", re.I)
_CREATES_INCIDENT = re.compile(r"create[\s_-]*incident", re.I)


def rule_findings(rules: Sequence[MoveRule], *, now: datetime) -> Iterator[MoveFinding]:
    """Yield what breaks in the rules that are switched on, ours apart from the others'."""
    enabled = [rule for rule in rules if rule.facts.is_acting(now=now)]
    own = [rule.facts.name for rule in enabled if rule.is_ours and _asks_for(rule.facts, _TITLES)]
    if own:
        values = {"n": len(own)}
        yield MoveFinding(MoveKind.OWN_RULE_BY_TITLE, MoveState.NOTE, sorted(own), values)
    others = [rule for rule in enabled if not rule.is_ours]
    for kind, has_it in _RULE_BREAKS.items():
        yield from open_finding(kind, (_name(rule) for rule in others if has_it(rule)))


def playbook_findings(playbooks: Sequence[MovePlaybook]) -> Iterator[MoveFinding]:
    """Yield what playbooks do that the portal does not take. A step is recognised by its name and
    by the path that it calls.
    """
    for kind, pattern in (
        (MoveKind.PLAYBOOK_MOVES_ALERTS, _MOVES_ALERT),
        (MoveKind.PLAYBOOK_CREATES_INCIDENTS, _CREATES_INCIDENT),
    ):
        found = (book.name for book in playbooks if any(map(pattern.search, book.steps)))
        yield from open_finding(kind, found)


def _name(rule: MoveRule) -> str:
    return rule.facts.name or "–"


def _all_conditions(conditions: Sequence[Condition]) -> Iterator[Condition]:
    for condition in conditions:
        yield condition
        yield from _all_conditions(condition.inner)


def _asks_for(facts: RuleFacts, names: frozenset[str]) -> bool:
    return any(condition.name in names for condition in _all_conditions(facts.conditions))


def _has_condition(*names: str) -> Callable[[MoveRule], bool]:
    return lambda rule: _asks_for(rule.facts, frozenset(names))


def _needs_alerts_of_connectors(rule: MoveRule) -> bool:
    """Whether a rule starts on alerts that no analytics rule of Sentinel makes: after the move only
    alerts of scheduled and NRT rules start one.
    """
    named = _has_condition("AlertAnalyticRuleIds", "IncidentRelatedAnalyticRuleIds")
    return rule.facts.on == "Alerts" and not named(rule)


def _is_unscoped(rule: MoveRule) -> bool:
    """Whether every new incident of the portal, of whichever product, would start the rule."""
    facts = rule.facts
    if (facts.on, facts.when) != ("Incidents", "Created"):
        return False
    return not any(map(_keeps_to_something, facts.conditions))


def _keeps_to_something(condition: Condition) -> bool:
    """A group of alternatives keeps to something only where all of them do."""
    if condition.not_understood:
        return True  # told by its own finding
    if condition.joined == "Or":
        return all(map(_keeps_to_something, condition.inner))
    if condition.joined == "And":
        return any(map(_keeps_to_something, condition.inner))
    return condition.name.startswith(_SCOPES) and condition.operator not in _NEGATIVE


def _acts_on_single_change(rule: MoveRule) -> bool:
    return rule.facts.when == "Updated" and any(
        condition.change for condition in _all_conditions(rule.facts.conditions)
    )


def _does(kind: str) -> Callable[[MoveRule], bool]:
    return lambda rule: any(act.kind == kind for act in rule.facts.acts)


def _closes_for_lost_reason(rule: MoveRule) -> bool:
    reasons = (act.values.get("classificationReason", "") for act in rule.facts.acts)
    return "incorrectalertlogic" in {reason.casefold() for reason in reasons}


_RULE_BREAKS: dict[MoveKind, Callable[[MoveRule], bool]] = {
    MoveKind.PROVIDER_CONDITION: _has_condition("IncidentProviderName"),
    MoveKind.UNSCOPED_RULE: _is_unscoped,
    MoveKind.TITLE_CONDITION: _has_condition(*_TITLES),
    MoveKind.DESCRIPTION_CONDITION: _has_condition("IncidentDescription"),
    MoveKind.ALERT_TRIGGER: _needs_alerts_of_connectors,
    MoveKind.UPDATED_BY_CONDITION: _has_condition("IncidentUpdatedBySource"),
    MoveKind.SINGLE_CHANGE: _acts_on_single_change,
    MoveKind.TASK_ACTION: _does("AddIncidentTask"),
    MoveKind.LOST_REASON: _closes_for_lost_reason,
    MoveKind.GROUP_OWNER: lambda rule: rule.assigns_group,
    MoveKind.RULE_NOT_UNDERSTOOD: lambda rule: not rule.facts.is_understood,
}
