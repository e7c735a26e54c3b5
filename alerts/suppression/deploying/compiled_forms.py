"""What Sentinel would get for a rule, workspace by workspace, and the hashes that are signed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from alerts.sentinel.models import Workspace
from alerts.suppression.drafting.enforcement_choice import target_of
from alerts.suppression.engine.compile_sentinel import Compiled, compile_rule
from alerts.suppression.engine.rule import Rule as RuleDefinition
from alerts.suppression.engine.sentinel_forms import form_hash, live_form, trial_form
from alerts.suppression.models import Rule

_ANY_END: Final = datetime(2026, 1, 1, tzinfo=UTC)  # the hash leaves the lease out


@dataclass(frozen=True, slots=True)
class Forms:
    """The compiler's answer for one workspace. The hashes are empty where it is impossible."""

    workspace: Workspace
    compiled: Compiled
    trial_hash: str = ""
    live_hash: str = ""

    @property
    def verdict(self) -> str:
        """Exact, wider or impossible."""
        return self.compiled.verdict

    @property
    def hashes(self) -> list[str]:
        """As a version keeps them: of the trial, then of the live form."""
        return [self.trial_hash, self.live_hash] if self.trial_hash else []


def compiled_forms(
    definition: RuleDefinition, *, rule: Rule, workspace_ids: Collection[int]
) -> dict[str, Forms]:
    """By the name of each workspace: what the rule becomes there, with what is known now."""
    workspaces = Workspace.objects.filter(pk__in=workspace_ids).order_by("name")
    return {workspace.name: _forms(definition, rule, workspace) for workspace in workspaces}


def _forms(definition: RuleDefinition, rule: Rule, workspace: Workspace) -> Forms:
    compiled = compile_rule(definition, target_of(workspace))
    if compiled.verdict == "impossible":
        return Forms(workspace, compiled)
    number, title = rule.number, definition.title
    trial = trial_form(compiled, number=number, title=title, lease_until=_ANY_END)
    live = live_form(
        compiled, number=number, title=title, attribution="not signed yet", lease_until=_ANY_END
    )
    return Forms(workspace, compiled, form_hash(trial), form_hash(live))
