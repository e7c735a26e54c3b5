"""Who enforces a rule: Sentinel only where it holds exactly this rule, else Tagout's own worker."""

from collections import Counter
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from django.db.models import Exists, OuterRef

from alerts.incidents.models import Alert
from alerts.rules.analytics_rules import AnalyticsRule
from alerts.rules.compile_sentinel import Target, compile_rule
from alerts.rules.rule import NotARule, RuleDefinition, from_json
from alerts.rules.sentence import Sentence
from alerts.rules.values import is_mac
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import ANALYTICS_RULES, is_in_defender_portal
from alerts.sites.engine.devices import CRITICAL
from alerts.sites.models import Device, Site
from alerts.suppression.drafting.rule_reach import reach_of_rule


def target_of(workspace: Workspace) -> Target:
    """Return the workspace as the compiler sees it. Without a probe it accepts nothing."""
    capabilities = workspace.capabilities.get("rules") or {}
    devices = _devices_of(workspace)
    handles: Counter[str] = Counter()
    for name, address, _ in devices:
        handles.update({text.casefold() for text in (name, address) if text})
    guarded = [(name, address) for name, address, criticality in devices if criticality in CRITICAL]
    return Target(
        workspace=workspace.name,
        accepts=frozenset(capabilities.get("accepts", ())),
        is_in_defender_portal=is_in_defender_portal(workspace.pk),
        analytics_rules=analytics_rules_of(workspace),
        other_rules=other_rules_of(workspace),
        are_rules_read=ANALYTICS_RULES in workspace.capabilities,
        single=frozenset(text for text, n in handles.items() if n == 1),
        guarded_devices=_texts(name for name, _ in guarded),
        guarded_addresses=_texts(address for _, address in guarded if not is_mac(address)),
    )


def analytics_rules_of(workspace: Workspace) -> tuple[AnalyticsRule, ...]:
    """Return the analytics rules of a workspace that make incidents of Defender for IoT's alerts,
    as the last look at it found them, by their ids.
    """
    found = workspace.capabilities.get(ANALYTICS_RULES) or {}
    rules = [
        AnalyticsRule(
            rule_id=workspace.analytics_rule_id(row["name"]),
            name=row["display_name"],
            titles=None if row.get("titles") is None else frozenset(row["titles"]),
            has_only_titles=row.get("has_only_titles", False),
            is_plain=row.get("is_plain", False),
            details=frozenset(row["details"]),
            passes_entities=row.get("passes_entities", False),
            title=row.get("title"),
        )
        for row in found.get("rules", ())
    ]
    return tuple(sorted(rules, key=attrgetter("rule_id")))


def other_rules_of(workspace: Workspace) -> tuple[AnalyticsRule, ...]:
    """Return the other analytics rules of a workspace whose incidents may have the same titles."""
    found = workspace.capabilities.get(ANALYTICS_RULES) or {}
    return tuple(
        AnalyticsRule(
            rule_id=workspace.analytics_rule_id(row["name"]),
            name=row["display_name"],
            title=row["title"],
        )
        for row in found.get("others", ())
    )


def _devices_of(workspace: Workspace) -> list[tuple[str, str, str]]:
    """Name, address and criticality of all devices at the sites whose alerts come to it."""
    here = Alert.objects.filter(workspace=workspace, site=OuterRef("pk"))
    sites = list(Site.objects.filter(Exists(here)).values_list("pk", flat=True))
    devices = Device.objects.filter(zone__site__in=sites)
    return list(devices.values_list("name", "address", "criticality"))


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))


SENTINEL, TAGOUT = "sentinel", "tagout"


def reasons_against_enforcement(rule: RuleDefinition) -> list[Sentence]:
    """Return why the rule cannot be enforced as chosen, and what to do. Tagout's own worker can
    enforce every rule; Sentinel only what compiles exactly in each workspace that the rule reaches,
    of conditions that a probe has seen accepted there.
    """
    return reasons_against_sentinel(rule) if rule.enforcement == SENTINEL else []


def reasons_against_sentinel(rule: RuleDefinition) -> list[Sentence]:
    """Return why Sentinel cannot enforce exactly this rule; nothing where it can."""
    workspaces = Workspace.objects.filter(pk__in=reach_of_rule(rule).workspace_ids)
    if not workspaces:
        return [Sentence("sentinel.nowhere")]
    reasons = []
    for workspace in workspaces.order_by("name"):
        compiled = compile_rule(rule, target_of(workspace))
        if compiled.verdict != "exact":
            reasons.append(Sentence("sentinel.not_exact", workspace=workspace.name))
            reasons += dict.fromkeys(reason.why for reason in compiled.reasons)
    return reasons


def with_possible_enforcement(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body, enforced by Tagout's own worker where Sentinel cannot hold it."""
    try:
        rule = from_json(body)
    except NotARule:
        return body
    return body | {"enforcement": TAGOUT} if reasons_against_enforcement(rule) else body
