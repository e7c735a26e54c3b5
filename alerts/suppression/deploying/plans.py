"""What should stand in Sentinel for a rule, workspace by workspace, and why not where it should
not. Only what was signed, and only where it is exact.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import minutes_old
from alerts.suppression.deploying.compiled_forms import Forms, compiled_forms
from alerts.suppression.deploying.signed import NotSigned, attribution_of
from alerts.suppression.engine.guards.attribution import closing_text, reasons_against_text
from alerts.suppression.engine.guards.scene import MAX_MINUTES_OLD
from alerts.suppression.engine.sentinel_forms import (
    form_hash,
    lease_until,
    live_form,
    trial_form,
)
from alerts.suppression.models import ACTING, Rule, RuleVersion, State
from alerts.suppression.queries import is_off

OFF: Final = "Suppression is switched off."
STALE: Final = "What Tagout knows of the workspace is too old; the lease is left to end."
PAUSED: Final = "The workspace is paused; the lease is left to end."


@dataclass(frozen=True, slots=True)
class Plan:
    """For one workspace: a body, or why none. `keep`: what is there is left to its end."""

    workspace: Workspace
    body: dict[str, Any] | None
    why: str = ""
    keep: bool = False


def plans_for(rule: Rule, *, now: datetime) -> dict[int, Plan]:
    """By workspace. A rule has one name in Sentinel: its live form stands there until the next
    version lives too, whose trial Tagout's worker runs meanwhile.
    """
    version = acting_in_sentinel(rule, now=now)
    if version is None:
        return {}
    forms = compiled_forms(version.said, rule=rule, workspace_ids=version.workspace_ids)
    return {each.workspace.pk: _plan(version, each, now=now) for each in forms.values()}


def acting_in_sentinel(rule: Rule, *, now: datetime) -> RuleVersion | None:
    """The version of a rule that Sentinel should hold now, if any."""
    found = RuleVersion.objects.filter(
        rule=rule, state__in=ACTING, enforcement="sentinel", expires_at__gt=now
    ).select_related("rule", "proposed_by")
    by_state = {version.state: version for version in found}
    return by_state.get(State.LIVE) or by_state.get(State.CANARY)


def is_healthy(workspace: Workspace, *, now: datetime) -> bool:
    """Whether we would notice within minutes what goes wrong there: only then leases grow."""
    active = workspace.state == Workspace.State.ACTIVE
    return active and minutes_old(workspace.pk, now=now) <= MAX_MINUTES_OLD


def _plan(version: RuleVersion, forms: Forms, *, now: datetime) -> Plan:
    workspace = forms.workspace
    if is_off(workspace.pk):
        return Plan(workspace, None, OFF)
    if workspace.state == Workspace.State.REMOVED:
        return Plan(workspace, None, "The workspace was removed.")
    if forms.verdict != "exact":
        return Plan(workspace, None, " ".join(str(each.why) for each in forms.compiled.reasons))
    if version.forms.get(workspace.name) != forms.hashes:
        return Plan(
            workspace,
            None,
            "What it would be in Sentinel now is not what was signed: the plant "
            "or the workspace has changed since. A new version has to be signed.",
        )
    try:
        body = _body(version, forms, now=now)
    except NotSigned as problem:
        return Plan(workspace, None, str(problem))
    if workspace.state != Workspace.State.ACTIVE:
        return Plan(workspace, body, PAUSED, keep=True)
    if not is_healthy(workspace, now=now):
        return Plan(workspace, body, STALE, keep=True)
    return Plan(workspace, body)


def _body(version: RuleVersion, forms: Forms, *, now: datetime) -> dict[str, Any]:
    told = attribution_of(version)
    text = closing_text(told)
    if gaps := reasons_against_text(text, told):
        raise NotSigned(" ".join(gaps))
    until = lease_until(now, expires_at=told.expires_at)
    number, title = version.rule.number, version.said.title
    make: Callable[..., dict[str, Any]] = trial_form
    more: dict[str, Any] = {}
    wanted = forms.trial_hash
    if version.state == State.LIVE:
        make, more, wanted = live_form, {"attribution": text}, forms.live_hash
    body = make(forms.compiled, number=number, title=title, lease_until=until, **more)
    if form_hash(body) != wanted:
        raise NotSigned("The form that would be sent is not the one that was signed.")
    return body
