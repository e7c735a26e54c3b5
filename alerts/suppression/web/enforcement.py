"""Who can enforce a draft: what the editor offers, and what becomes of a choice."""

from dataclasses import dataclass

from alerts.suppression.deploying.compiled_forms import Forms, compiled_forms
from alerts.suppression.drafting.enforcement_choice import (
    SENTINEL,
    reasons_against_sentinel,
    with_possible_enforcement,
)
from alerts.suppression.engine.compile_sentinel import undirected
from alerts.suppression.engine.rule import Rule, reasons_against_rule
from alerts.suppression.models import RuleVersion
from alerts.suppression.web.body import Body
from alerts.suppression.web.words import all_in_words


@dataclass(frozen=True, slots=True)
class InWorkspace:
    """What the rule becomes in one workspace's Sentinel: exact, wider or impossible, and why."""

    name: str
    verdict: str
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class Enforcement:
    """Whether Sentinel is offered beside Tagout's own worker, and why not. `can_be_rewritten`: it
    could hold the rule without direction and site.
    """

    workspaces: list[InWorkspace]
    is_sentinel_offered: bool
    is_sentinel_chosen: bool
    can_be_rewritten: bool = False


def enforcement_of(version: RuleVersion, said: Rule | None) -> Enforcement:
    """Return who could enforce the draft. Sentinel is offered only where it holds exactly this rule
    in every workspace, of conditions that a probe has seen accepted.
    """
    is_chosen = version.enforcement == SENTINEL
    if said is None or reasons_against_rule(said):
        return Enforcement([], False, is_chosen)
    forms = compiled_forms(said, rule=version.rule, workspace_ids=version.workspace_ids)
    is_offered = bool(forms) and all(each.verdict == "exact" for each in forms.values())
    return Enforcement(
        [_in_workspace(name, form) for name, form in forms.items()],
        is_offered,
        is_chosen,
        not is_offered and not reasons_against_sentinel(undirected(said)),
    )


def without_lost_choice(body: Body, stored: Body) -> Body:
    """Return the body, enforced by Tagout's own worker where a change of its lines has made
    impossible what was chosen before. What is chosen only now stays, to be refused with its reason.
    """
    if body.get("enforcement") == SENTINEL == stored.get("enforcement"):
        return with_possible_enforcement(body)
    return body


def _in_workspace(name: str, form: Forms) -> InWorkspace:
    reasons = dict.fromkeys(reason.why for reason in form.compiled.reasons)
    return InWorkspace(name, form.verdict, all_in_words(reasons))
