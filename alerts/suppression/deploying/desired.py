"""What should be in Sentinel for a rule, workspace by workspace, as desired state in the outbox:
only what was signed, and only where it is exact.

The gate (S8) is there before all of our rules. While it is enabled it labels new incidents
`tagout-off`; it is put there disabled, so that one PUT stops everything that Sentinel would close.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from alerts import notification_kinds as kinds
from alerts.outbox.models import Landing, RuleKind, RulePriority, WantedRule
from alerts.outbox.services.set_desired import (
    clear_desired_rule,
    name_of_rule,
    set_desired_rule,
    set_rule_absent,
)
from alerts.rules.guards.closing import MAX_MINUTES_OLD
from alerts.rules.guards.never import assets_of
from alerts.rules.sentence import Sentence, listed
from alerts.rules.sentinel_comments import reasons_against_closing_text, rule_closing_text
from alerts.rules.sentinel_forms import (
    LEASE,
    form_hash,
    gate_form,
    is_form_within,
    lease_of,
    lease_until,
    live_form,
    trial_form,
)
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import gone_workspaces, minutes_old
from alerts.suppression.deploying.recipients import deployment_leads
from alerts.suppression.enforcing.acting_rules import NotSigned, attribution_of
from alerts.suppression.enforcing.plant_holds import devices_in_open_cases
from alerts.suppression.enforcing.true_positive_cases import true_positive_cases
from alerts.suppression.models import ACTING, Rule, RuleVersion, VersionState
from alerts.suppression.queries import incidents_of_plant, is_off
from alerts.suppression.signing.compiled_forms import (
    Forms,
    compiled_forms,
    reasons_against_form,
)
from alerts.suppression.signing.notify import in_words, notify_about_rule
from alerts.suppression.signing.people import concerned_by

GATE: Final = UUID("6a7e0ff0-5b7e-5d49-9c60-7a90f0ff0001")  # what gates are about

TRY_AGAIN: Final = timedelta(hours=1)  # without a gate no rule of ours acts there


def gate_name(workspace: Workspace) -> UUID:
    """The gate's GUID in a workspace."""
    return name_of_rule(about=GATE, workspace=workspace.uuid)


def place_gate(*, workspace: Workspace, now: datetime) -> WantedRule:
    """Have the gate there as the kill switch says: enabled while suppression is off. Enabling goes
    before everything else, over whatever a hand did, and again where it was refused.
    """
    is_stopped = is_off(workspace.pk)
    gate = WantedRule.objects.filter(workspace=workspace, kind=RuleKind.GATE).first()
    waited = gate is None or gate.error_at is None or now - gate.error_at >= TRY_AGAIN
    return set_desired_rule(
        workspace_id=workspace.pk,
        name=gate_name(workspace),
        about=GATE,
        label="gate",
        kind=RuleKind.GATE,
        body=gate_form(is_enabled=is_stopped),
        now=now,
        insists=is_stopped,
        again=is_stopped or waited,
        urgency=RulePriority.STOP if is_stopped else RulePriority.AWAY,
        reason="Suppression is switched off." if is_stopped else "",
    )


def is_gate_in_place(workspace_id: int) -> bool:
    """Whether Sentinel was seen to hold the gate, enabled or not."""
    gates = WantedRule.objects.filter(workspace_id=workspace_id, kind=RuleKind.GATE)
    return gates.filter(landed__isnull=False).exists()


def reason_to_wait(rule: WantedRule) -> str:
    """Asked at delivery: no rule of ours acts where it could not be stopped, or is stopped."""
    if is_off(rule.workspace_id):
        return "Suppression is switched off."
    if is_orphaned_in(rule.workspace_id):
        return ORPHANED
    if not is_gate_in_place(rule.workspace_id):
        return "The gate that could stop it is not in place yet."
    return ""


NOT_YET: Final = "It acts at a later time only, so it was not sent."
OFF: Final = "Suppression is switched off."
STALE: Final = "What Tagout knows of the workspace is too old; the lease is left to end."
PAUSED: Final = "The workspace is paused; the lease is left to end."
TAKEN_OVER: Final = gettext_noop(
    "Tagout's own worker enforces it there until a new version is signed."
)
ORPHANED: Final = "Azure no longer has the workspace; nothing is sent there."


NOT_TAKEN_OVER: Final = gettext_noop("Nobody closes by it there until that is put right.")


class DeviceOnHold(NotSigned):
    """Sentinel cannot leave out what touches a device that is held open now."""


class FormNotSigned(NotSigned):
    """What Sentinel would get now is not what was signed; each reason is one sentence."""


@dataclass(frozen=True, slots=True)
class DeploymentPlan:
    """For one workspace: a body or why none; `keep` lets its end come, `reasons` if signed,
    `is_on_hold` only while a device is held, of which both leads are notified.
    """

    workspace: Workspace
    body: dict[str, Any] | None
    why: str = ""
    keep: bool = False
    reasons: tuple[str, ...] = ()
    is_on_hold: bool = False


def plans_for(rule: Rule, *, now: datetime) -> dict[int, DeploymentPlan]:
    """By workspace. A rule has one name in Sentinel: its live form is there until the next version
    lives too, whose trial Tagout's worker runs meanwhile.
    """
    version = acting_in_sentinel(rule, now=now)
    if version is None:
        return {}
    forms = compiled_forms(version.definition, rule=rule, workspace_ids=version.workspace_ids)
    return {form.workspace.pk: _plan(version, form, now=now) for form in forms.values()}


def acting_in_sentinel(rule: Rule, *, now: datetime) -> RuleVersion | None:
    """The version of a rule that Sentinel should hold now, if any."""
    found = RuleVersion.objects.filter(
        rule=rule, state__in=ACTING, enforcement="sentinel", expires_at__gt=now
    ).select_related("rule", "proposed_by")
    by_state = {version.state: version for version in found}
    return by_state.get(VersionState.LIVE) or by_state.get(VersionState.IN_TRIAL)


def is_orphaned_in(workspace_id: int) -> bool:
    """Whether rules there have no workspace any more. What they were is kept; should it come back,
    they are brought in line again.
    """
    return gone_workspaces().filter(workspace=workspace_id).exists()


def is_healthy(workspace: Workspace, *, now: datetime) -> bool:
    """Whether we would notice within minutes what goes wrong there: only then leases grow."""
    active = workspace.state == Workspace.State.ACTIVE
    return active and minutes_old(workspace.pk, now=now) <= MAX_MINUTES_OLD


def _plan(version: RuleVersion, forms: Forms, *, now: datetime) -> DeploymentPlan:
    workspace = forms.workspace
    if is_off(workspace.pk):
        return DeploymentPlan(workspace, None, OFF)
    if workspace.state == Workspace.State.REMOVED:
        return DeploymentPlan(workspace, None, "The workspace was removed.")
    try:
        body = signed_body(version, forms, now=now)
    except DeviceOnHold as problem:
        why = str(problem)
        return DeploymentPlan(workspace, None, why, reasons=problem.args, is_on_hold=True)
    except FormNotSigned as problem:
        reasons = problem.args if version.forms.get(workspace.name) else ()
        return DeploymentPlan(workspace, None, " ".join(problem.args), reasons=reasons)
    except NotSigned as problem:
        return DeploymentPlan(workspace, None, str(problem))
    if workspace.state != Workspace.State.ACTIVE:
        return DeploymentPlan(workspace, body, PAUSED, keep=True)
    if is_orphaned_in(workspace.pk):
        return DeploymentPlan(workspace, body, ORPHANED, keep=True)
    if not is_healthy(workspace, now=now):
        return DeploymentPlan(workspace, body, STALE, keep=True)
    return DeploymentPlan(workspace, body)


def signed_body(version: RuleVersion, forms: Forms, *, now: datetime) -> dict[str, Any]:
    """Return what Sentinel may hold for an acting version: the form that two people have signed,
    with the longest lease that it can have now. Raises NotSigned.
    """
    if version.state_since > now:
        raise NotSigned(NOT_YET)
    if reasons := reasons_against_form(version, forms):
        raise FormNotSigned(*reasons)
    attribution = attribution_of(version)
    text = rule_closing_text(attribution)
    if gaps := reasons_against_closing_text(text, attribution):
        raise NotSigned(" ".join(gaps))
    until = lease_until(now, expires_at=attribution.expires_at)
    number, title = version.rule.number, version.definition.title
    make: Callable[..., dict[str, Any]] = trial_form
    more: dict[str, Any] = {}
    signed_hash = forms.trial_hash
    if version.state == VersionState.LIVE:
        make, more, signed_hash = live_form, {"attribution": text}, forms.live_hash
    body = make(forms.compiled, number=number, title=title, lease_until=until, **more)
    if form_hash(body) != signed_hash:
        raise NotSigned("The form that would be sent is not the one that was signed.")
    if version.state == VersionState.LIVE and (
        why := reason_of_holds(version, forms.workspace, now=now)
    ):
        raise DeviceOnHold(why)
    return body


def reason_of_holds(version: RuleVersion, workspace: Workspace, *, now: datetime) -> str:
    """Return why Sentinel must not close by this version there: it names a device that a case holds
    open, or a true positive holds one at that plant, which may be part of whatever the version
    matches. Sentinel's conditions cannot leave a device out, and what was signed is not changed:
    Tagout's own worker, which asks all guards, closes meanwhile.
    """
    plant = incidents_of_plant(workspace.pk, version.site_ids)
    cases = true_positive_cases(plant, now=now)
    named = assets_of(version.definition)
    handles = devices_in_open_cases(named=named, now=now, incidents=plant)
    touched = sorted(name for name in named if name.casefold() in handles)
    if touched:
        return Sentence("deploy.held", names=listed(touched, "and"))
    if not cases:
        return ""
    numbers = sorted(f"#{case.incident.number or case.incident.name}" for case in cases)
    return Sentence("deploy.held", names=listed(numbers, "and"))


RENEW_EVERY: Final = timedelta(hours=4)


@transaction.atomic
def bring_in_line(*, version_id: int, now: datetime) -> None:
    """Owe Sentinel exactly what the states of the version's rule state now: its trial form, its
    live form, or nothing. Part of the command that moved the version.
    """
    version = RuleVersion.objects.select_related("rule").get(pk=version_id)
    bring_rule_in_line(rule=version.rule, now=now)


@transaction.atomic
def bring_rule_in_line(*, rule: Rule, now: datetime) -> int:
    """The same for a whole rule; returns how many wishes changed. Paused, expired and retired
    rules are deleted there, not disabled: a disabled one counts towards the quota, and a hand could
    enable it again without anybody's signature.
    """
    plans = plans_for(rule, now=now)
    rows = {row.workspace_id: row for row in _rows_of(rule)}
    changed = 0
    for workspace_id, plan in plans.items():
        changed += _follow(rule, plan, rows.pop(workspace_id, None), now=now)
    for row in rows.values():
        changed += _away(row, reason=_why_none(rule), now=now)
    return changed


def _follow(rule: Rule, plan: DeploymentPlan, row: WantedRule | None, *, now: datetime) -> bool:
    if plan.body is None:
        if not _withdraw(rule, plan, row, now=now):
            return False
        if plan.why != OFF and not plan.is_on_hold:
            _notify_taken_out(rule, plan, now=now)
        return True
    if plan.keep and (row is None or is_form_within(row.wanted, plan.body)):
        return False  # nothing new there, and what is there ends by itself
    if plan.keep and row is not None:
        return _away(row, reason=plan.why, now=now)
    same = row is not None and is_form_within(row.wanted, plan.body)
    if same and row is not None and not _is_due(row, plan.body, now=now):
        return False
    place_gate(workspace=plan.workspace, now=now)
    name = name_of_rule(about=rule.uuid, workspace=plan.workspace.uuid)
    set_desired_rule(
        workspace_id=plan.workspace.pk,
        name=name,
        about=rule.uuid,
        label=rule.label,
        body=plan.body,
        now=now,
        urgency=RulePriority.LEASE if same else RulePriority.RULE,
    )
    if is_off(plan.workspace.pk):  # switched off while we decided: the row is locked by us now
        clear_desired_rule(workspace_id=plan.workspace.pk, name=name, now=now, reason=OFF)
    return True


def _withdraw(rule: Rule, plan: DeploymentPlan, row: WantedRule | None, *, now: datetime) -> bool:
    """Want nothing there. What was signed for a workspace and cannot be there has a row with the
    reason also where it never was, so that Tagout's own worker enforces it and people hear of it.
    """
    if not plan.reasons:
        return row is not None and _away(row, reason=plan.why, now=now)
    return set_rule_absent(
        workspace_id=plan.workspace.pk,
        name=name_of_rule(about=rule.uuid, workspace=plan.workspace.uuid),
        about=rule.uuid,
        label=rule.label,
        reason=plan.why,
        now=now,
    )


def _is_due(row: WantedRule, body: dict[str, Any], *, now: datetime) -> bool:
    """Whether the lease is to grow. What was refused is not sent again in the same words."""
    current, offered = lease_of(row.wanted or body), lease_of(body)
    if row.outcome == Landing.REFUSED or current is None or offered is None:
        return False
    to_the_end = offered < now + LEASE - timedelta(minutes=1)  # no longer one will be offered
    return offered - current >= RENEW_EVERY or (to_the_end and offered > current)


def _away(row: WantedRule, *, reason: str, now: datetime) -> bool:
    if row.wanted is None:
        return False
    clear_desired_rule(workspace_id=row.workspace_id, name=row.name, now=now, reason=reason)
    return True


def _rows_of(rule: Rule) -> list[WantedRule]:
    return list(WantedRule.objects.filter(about=rule.uuid, kind=RuleKind.RULE).order_by("pk"))


def _why_none(rule: Rule) -> str:
    latest = rule.versions.exclude(state__in=(VersionState.DRAFT, VersionState.PROPOSED)).order_by(
        "-state_since"
    )
    version = latest.first()
    return f"{rule.label} is {version.get_state_display().lower()}." if version else ""


def _notify_taken_out(rule: Rule, plan: DeploymentPlan, *, now: datetime) -> None:
    """It still counts as live, but nothing of it acts there: whoever stands for it must know."""
    version = acting_in_sentinel(rule, now=now)
    if version is None:
        return
    names = {"rule": rule.label, "workspace": plan.workspace.name}
    notify_about_rule(
        version,
        kinds.RULE_TAKEN_OUT,
        people={*concerned_by(version), *deployment_leads([plan.workspace])},
        now=now,
        wording=lambda: (
            gettext("%(rule)s is no longer in Sentinel in %(workspace)s") % names,
            [
                *map(in_words, plan.reasons or [plan.why]),
                gettext(TAKEN_OVER if plan.reasons else NOT_TAKEN_OVER),
            ],
        ),
    )
