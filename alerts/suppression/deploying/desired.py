"""Bring what should stand in Sentinel for a rule into the outbox, as desired state."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext

from alerts.outbox.models import Landing, RuleKind, RulePriority, WantedRule
from alerts.outbox.services import clear_desired_rule, name_of_rule, set_desired_rule
from alerts.suppression.deploying.compiled_forms import Forms, compiled_forms
from alerts.suppression.deploying.gate import place_gate
from alerts.suppression.deploying.plans import OFF, Plan, acting_in_sentinel, plans_for
from alerts.suppression.engine.sentinel_forms import LEASE, form_hash, lease_of
from alerts.suppression.models import Rule, RuleVersion, State
from alerts.suppression.queries import is_off
from alerts.suppression.signing.notify import notify_about_rule
from alerts.suppression.signing.people import concerned_by

__all__ = ["Forms", "bring_in_line", "bring_rule_in_line", "compiled_forms"]

RENEW_EVERY: Final = timedelta(hours=4)


@transaction.atomic
def bring_in_line(*, version_id: int, now: datetime) -> None:
    """Owe Sentinel exactly what the states of the version's rule say now: its trial form, its live
    form, or nothing. Part of the command that moved the version.
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
    held = {row.workspace_id: row for row in _rows_of(rule)}
    changed = 0
    for workspace_id, plan in plans.items():
        changed += _follow(rule, plan, held.pop(workspace_id, None), now=now)
    for row in held.values():
        changed += _away(row, reason=_why_none(rule), now=now)
    return changed


def _follow(rule: Rule, plan: Plan, row: WantedRule | None, *, now: datetime) -> bool:
    if plan.body is None:
        if row is None or not _away(row, reason=plan.why, now=now):
            return False
        if plan.why != OFF:
            _tell_taken_out(rule, plan, now=now)
        return True
    if plan.keep and (row is None or _is_same_form(row.wanted, plan.body)):
        return False  # nothing new there, and what is there ends by itself
    if plan.keep and row is not None:
        return _away(row, reason=plan.why, now=now)
    same = row is not None and _is_same_form(row.wanted, plan.body)
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


def _is_due(row: WantedRule, body: dict[str, Any], *, now: datetime) -> bool:
    """Whether the lease is to grow. What was refused is not sent again in the same words."""
    held, offered = lease_of(row.wanted or body), lease_of(body)
    if row.outcome == Landing.REFUSED or held is None or offered is None:
        return False
    to_the_end = offered < now + LEASE - timedelta(minutes=1)  # no longer one will be offered
    return offered - held >= RENEW_EVERY or (to_the_end and offered > held)


def _is_same_form(one: dict[str, Any] | None, other: dict[str, Any]) -> bool:
    if one is None or form_hash(one) != form_hash(other):
        return False
    return _texts(one) == _texts(other)


def _texts(form: dict[str, Any]) -> list[Any]:
    """What the hash leaves out: the attribution names signers and the end."""
    told = [action["actionConfiguration"] for action in form["actions"]]
    return [each.get("classificationComment") for each in told]


def _away(row: WantedRule, *, reason: str, now: datetime) -> bool:
    if row.wanted is None:
        return False
    clear_desired_rule(workspace_id=row.workspace_id, name=row.name, now=now, reason=reason)
    return True


def _rows_of(rule: Rule) -> list[WantedRule]:
    return list(WantedRule.objects.filter(about=rule.uuid, kind=RuleKind.RULE).order_by("pk"))


def _why_none(rule: Rule) -> str:
    latest = rule.versions.exclude(state__in=(State.DRAFT, State.PROPOSED)).order_by("-state_since")
    version = latest.first()
    return f"{rule.label} is {version.get_state_display().lower()}." if version else ""


def _tell_taken_out(rule: Rule, plan: Plan, *, now: datetime) -> None:
    """It still counts as live, but nothing of it acts there: whoever stands for it must know."""
    version = acting_in_sentinel(rule, now=now)
    if version is None:
        return
    names = {"rule": rule.label, "workspace": plan.workspace.name}
    notify_about_rule(
        version,
        people=concerned_by(version),
        kind="taken-out",
        now=now,
        told=lambda: (
            gettext("%(rule)s was removed from Sentinel in %(workspace)s") % names,
            [plan.why, gettext("It does nothing there until a new version is signed.")],
        ),
    )
