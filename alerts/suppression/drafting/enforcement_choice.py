"""Who enforces a rule: Sentinel only where it holds exactly this rule, else Tagout's own worker."""

from typing import Any

from alerts.sentinel.models import Workspace
from alerts.suppression.drafting.places import reach_of_rule
from alerts.suppression.drafting.targets import target_of
from alerts.suppression.engine.compile_sentinel import compile_rule
from alerts.suppression.engine.rule import NotARule, Rule, from_json
from alerts.suppression.engine.words import Sentence

SENTINEL, TAGOUT = "sentinel", "tagout"


def reasons_against_enforcement(said: Rule) -> list[Sentence]:
    """Return why the rule cannot be enforced as chosen, and what to do. Tagout's own worker can
    enforce every rule; Sentinel only what compiles exactly in each workspace that the rule reaches,
    of conditions that a probe has seen accepted there.
    """
    return reasons_against_sentinel(said) if said.enforcement == SENTINEL else []


def reasons_against_sentinel(said: Rule) -> list[Sentence]:
    """Return why Sentinel cannot enforce exactly this rule; nothing where it can."""
    workspaces = Workspace.objects.filter(pk__in=reach_of_rule(said).workspace_ids)
    if not workspaces:
        return [Sentence("sentinel.nowhere")]
    reasons = []
    for workspace in workspaces.order_by("name"):
        compiled = compile_rule(said, target_of(workspace))
        if compiled.verdict != "exact":
            reasons.append(Sentence("sentinel.not_exact", workspace=workspace.name))
            reasons += dict.fromkeys(reason.why for reason in compiled.reasons)
    return reasons


def with_possible_enforcement(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body, enforced by Tagout's own worker where Sentinel cannot hold it."""
    try:
        said = from_json(body)
    except NotARule:
        return body
    return body | {"enforcement": TAGOUT} if reasons_against_enforcement(said) else body
