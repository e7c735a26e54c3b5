"""What Sentinel would get for a rule, workspace by workspace, and the hashes that are signed."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from alerts.rules.compile_sentinel import Compiled, Target, compile_rule
from alerts.rules.rule import RuleDefinition
from alerts.rules.sentence import Sentence
from alerts.rules.sentinel_forms import form_hash, live_form, trial_form
from alerts.sentinel.models import PortalResidence, Workspace
from alerts.sites.engine.devices import CRITICAL
from alerts.sites.models import Device
from alerts.suppression.drafting.enforcement_choice import SENTINEL, target_of
from alerts.suppression.models import Rule, RuleVersion

MAX_GUARDED: Final = 200  # tried one by one, to say which of them is new
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


def reasons_against_forms(version: RuleVersion) -> list[Sentence]:
    """Return why Sentinel would not get what was proposed: in some workspace the rule is not exact
    any more, or its form is another one than signers were shown. Nothing for Tagout's own worker.
    """
    if version.enforcement != SENTINEL:
        return []
    found = compiled_forms(
        version.definition, rule=version.rule, workspace_ids=version.workspace_ids
    )
    return [why for forms in found.values() for why in reasons_against_form(version, forms)]


def reasons_against_form(version: RuleVersion, forms: Forms) -> list[Sentence]:
    """Return the same for one workspace, where this is what Sentinel would get now."""
    if forms.verdict != "exact":
        return list(dict.fromkeys(reason.why for reason in forms.compiled.reasons))
    workspace = forms.workspace
    if version.forms.get(workspace.name) == forms.hashes:
        return []
    proposed_at = version.proposed_at or version.made_at
    homes = PortalResidence.objects.filter(workspace=workspace, is_in_portal=True)
    if homes.filter(since__gte=proposed_at).exists():
        return [Sentence("sentinel.moved", workspace=workspace.name)]
    if device := _device_guarded_since(version, workspace):
        return [Sentence("sentinel.new_guarded", workspace=workspace.name, device=device)]
    return [Sentence("sentinel.other_form", workspace=workspace.name)]


def _device_guarded_since(version: RuleVersion, workspace: Workspace) -> str:
    """Return the one guarded device without which the form would be the proposed one."""
    proposed, target = version.forms.get(workspace.name), target_of(workspace)
    for name, smaller in _targets_without_a_guard(target):
        forms = _forms(version.definition, version.rule, workspace, smaller)
        if forms.hashes == proposed:
            return name
    return ""


def _targets_without_a_guard(target: Target) -> Iterator[tuple[str, Target]]:
    guarded = Device.objects.filter(criticality__in=CRITICAL)
    for name, address in guarded.order_by("name").values_list("name", "address")[:MAX_GUARDED]:
        smaller = replace(
            target,
            guarded_devices=tuple(text for text in target.guarded_devices if text != name),
            guarded_addresses=tuple(text for text in target.guarded_addresses if text != address),
        )
        if smaller != target:
            yield name or address, smaller


def _forms(
    definition: RuleDefinition, rule: Rule, workspace: Workspace, target: Target | None = None
) -> Forms:
    compiled = compile_rule(definition, target or target_of(workspace))
    if compiled.verdict == "impossible":
        return Forms(workspace, compiled)
    number, title = rule.number, definition.title
    trial = trial_form(compiled, number=number, title=title, lease_until=_ANY_END)
    live = live_form(
        compiled, number=number, title=title, attribution="not signed yet", lease_until=_ANY_END
    )
    return Forms(workspace, compiled, form_hash(trial), form_hash(live))
