"""Make an automation rule from an incident, in two steps; take it away; end it in its time."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from alerts.automation.engine.rule_body import (
    Effects,
    Likeness,
    actions_for,
    body_of_rule,
    conditions_for,
    free_order,
    severities_replaced,
)
from alerts.automation.engine.rule_facts import read_rule_facts
from alerts.automation.models import FoundRule, Inventory, MadeRule, Playbook
from alerts.automation.policies.rules import (
    reasons_against_effects,
    reasons_against_making_rules,
    reasons_against_removing_rule,
    reasons_against_severity,
)
from alerts.automation.queries import incidents_like, severity_on_arrival
from alerts.automation.services.notify import notify_of_plant_rule
from alerts.incidents.models import Incident
from alerts.outbox.models import OF_WATCHLIST, RuleKind, WantedRule
from alerts.outbox.services.set_desired import clear_desired_rule, name_of_rule, set_desired_rule
from alerts.rules.analytics_rules import portal_types_for
from alerts.rules.compile_sentinel import reasons_against_titles
from alerts.rules.fields import SEVERITIES
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import is_in_defender_portal
from alerts.suppression.drafting.enforcement_choice import analytics_rules_of, target_of
from alerts.suppression.signing.notify import in_words
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused

HISTORY = timedelta(days=90)
MAX_UNREAD = timedelta(hours=1)  # how long a rule runs a playbook that nobody can read
UNREAD_PLAYBOOK = "Its playbook cannot be read, so nobody knows whether it acts on the plant."


class CannotMakeRule(Refused):
    """Nothing is wanted in Sentinel."""


class CannotRemoveRule(Refused):
    """The rule stays."""


@dataclass(frozen=True, slots=True)
class RulePlan:
    """What a person asks for: on incidents like this one, for so many days, do that."""

    incident_id: int
    effects: Effects
    playbook: Playbook | None
    same_devices: bool
    days: int
    reason: str = ""  # why the severity is lowered


@dataclass(frozen=True, slots=True)
class RulePreview:
    """What the rule would be, and which incidents of 90 days it would have met. `digest` identifies
    what was shown: only exactly that is made.
    """

    likeness: Likeness
    conditions: list[dict[str, Any]]
    actions: list[dict[str, Any]]
    incidents: QuerySet[Incident]
    count: int
    digest: str


def preview_rule(*, plan: RulePlan, by: User, now: datetime) -> RulePreview:
    """Return what the rule would be and would have met. Raises CannotMakeRule."""
    incident = Incident.objects.select_related("workspace__organisation").get(pk=plan.incident_id)
    reasons = reasons_against_making_rules(incident, by=by)
    reasons += reasons_against_effects(
        plan.effects, plan.playbook, workspace_id=incident.workspace_id, days=plan.days, now=now
    )
    likeness = likeness_of(incident, same_devices=plan.same_devices)
    if plan.effects.effect == "severity" and not reasons:
        severities, reasons = _severities_of(plan, incident)
        likeness = replace(likeness, severities=severities)
    if not likeness.alert_type:
        reasons.append(gettext("The alert type of this incident is not known."))
    if plan.same_devices and not (likeness.devices or likeness.addresses):
        reasons.append(gettext("The devices of this incident are not known."))
    types, against = _types_in_portal(incident, likeness)
    reasons += against or _reasons_against_titles(incident, plan.effects)
    if reasons:
        raise CannotMakeRule(*reasons)
    conditions = conditions_for(likeness, types=types)
    actions = actions_for(plan.effects)
    rows = incidents_like(
        workspace_id=incident.workspace_id,
        alert_type=likeness.alert_type,
        devices=likeness.devices,
        addresses=likeness.addresses,
        severities=likeness.severities,
        since=now - HISTORY,
    )
    content = json.dumps([conditions, actions, plan.days, plan.reason], sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return RulePreview(likeness, conditions, actions, rows, rows.count(), digest)


def _severities_of(plan: RulePlan, incident: Incident) -> tuple[tuple[str, ...], list[str]]:
    """The severities that the plan replaces, or why it may not."""
    present, engines = severity_on_arrival(incident)
    severity = plan.effects.severity
    reasons = reasons_against_severity(
        severity,
        present=present,
        alert_type=incident.alert_type,
        engines=engines,
        reason=plan.reason,
    )
    return () if reasons else severities_replaced(severity, present=present), reasons


def _types_in_portal(
    incident: Incident, likeness: Likeness
) -> tuple[list[dict[str, Any]], list[str]]:
    """What replaces the alert type in the Defender portal, or why nothing does exactly; neither
    elsewhere, where the title does so.
    """
    if not likeness.alert_type or not is_in_defender_portal(incident.workspace_id):
        return [], []
    workspace = incident.workspace
    found = portal_types_for(
        frozenset({likeness.alert_type}), analytics_rules_of(workspace), workspace=workspace.name
    )
    return list(found.conditions), [in_words(why) for why in (*found.missing, *found.doubts)]


def _reasons_against_titles(incident: Incident, effects: Effects) -> list[str]:
    """Why a severity is not lowered by title: alerts of other types may have it."""
    workspace, severity = incident.workspace, effects.severity
    present, _ = severity_on_arrival(incident)
    is_lower = severity in SEVERITIES and SEVERITIES.index(severity) < SEVERITIES.index(present)
    if effects.effect != "severity" or not is_lower or is_in_defender_portal(workspace.pk):
        return []
    doubts = reasons_against_titles(frozenset({incident.alert_type}), target_of(workspace))
    return [in_words(why) for why in doubts]


def likeness_of(incident: Incident, *, same_devices: bool) -> Likeness:
    """What makes another incident one like this: the alert type, and on demand both ends."""
    if not same_devices:
        return Likeness(incident.alert_type)
    alert = incident.alerts.order_by("at", "pk").first()
    if alert is None:
        return Likeness(incident.alert_type)
    ends = [
        (alert.source_device, alert.source_address),
        (alert.destination_device, alert.destination_address),
    ]
    return Likeness(
        incident.alert_type,
        devices=tuple(dict.fromkeys(name for name, _ in ends if name)),
        addresses=tuple(dict.fromkeys(address for name, address in ends if address and not name)),
    )


def _equal_rule(preview: RulePreview, workspace_id: int, *, now: datetime) -> MadeRule | None:
    """The rule in force that meets the same incidents and does the same, if there is one."""
    rows = MadeRule.objects.filter(workspace=workspace_id, removed_at=None, ends_at__gt=now)
    return rows.filter(
        body__actions=preview.actions, body__triggeringLogic__conditions=preview.conditions
    ).first()


@transaction.atomic
def make_rule(*, plan: RulePlan, digest: str, by: User, now: datetime) -> MadeRule:
    """Order for Sentinel exactly what was previewed (`digest`). Raises CannotMakeRule. In a
    workspace one is made at a time: each finds a free place, and none is made twice.
    """
    incident = Incident.objects.select_related("workspace__organisation").get(pk=plan.incident_id)
    Workspace.objects.select_for_update(no_key=True).get(pk=incident.workspace_id)
    preview = preview_rule(plan=plan, by=by, now=now)
    if preview.digest != digest:
        raise CannotMakeRule(gettext("Something has changed since the preview. Look at it again."))
    if equal := _equal_rule(preview, incident.workspace_id, now=now):
        raise CannotMakeRule(
            gettext("%(rule)s does exactly this in the workspace already.") % {"rule": equal.label}
        )
    order = free_order(
        read_rule_facts(body).order
        for body in [
            *FoundRule.objects.filter(workspace=incident.workspace).values_list("body", flat=True),
            *_wanted_bodies(incident.workspace_id),
        ]
    )
    if order is None:
        raise CannotMakeRule(gettext("All places for rules made here are taken in this workspace."))
    row = MadeRule.objects.create(
        workspace=incident.workspace,
        incident=incident,
        effect=plan.effects.effect,
        alert_type=preview.likeness.alert_type,
        devices=list(preview.likeness.devices),
        addresses=list(preview.likeness.addresses),
        playbook=plan.playbook if plan.effects.effect == "playbook" else None,
        body={},
        reason=plan.reason if plan.effects.effect == "severity" else "",
        previewed=preview.count,
        made_by=by,
        made_at=now,
        ends_at=now + timedelta(days=plan.days),
    )
    row.body = body_of_rule(
        number=row.pk,
        title=preview.likeness.alert_type,
        order=order,
        ends_at=row.ends_at,
        conditions=preview.conditions,
        actions=preview.actions,
    )
    row.save(update_fields=["body"])
    set_desired_rule(
        workspace_id=row.workspace_id,
        name=name_of_rule(about=row.uuid, workspace=incident.workspace.uuid),
        about=row.uuid,
        label=row.label,
        kind=RuleKind.AUTOMATION,
        body=row.body,
        now=now,
    )
    record(
        "automation.rule.made",
        on=row,
        by=by,
        at=now,
        workspace=row.workspace.name,
        incident=incident.number or incident.name,
        body=row.body,
        previewed=preview.count,
        reason=row.reason,
    )
    return row


@transaction.atomic
def remove_rule(*, rule_id: int, by: User, now: datetime) -> MadeRule:
    """Order the rule away."""
    rows = MadeRule.objects.select_for_update(of=("self",))
    row = rows.select_related("workspace__organisation").get(pk=rule_id)
    if reasons := reasons_against_removing_rule(row, by=by):
        raise CannotRemoveRule(*reasons)
    row.removed_by, row.removed_at = by, now
    row.save(update_fields=["removed_by", "removed_at"])
    _clear(row, reason="Somebody took it away.", now=now)
    record("automation.rule.removed", on=row, by=by, at=now, workspace=row.workspace.name)
    return row


@transaction.atomic
def end_rules(*, now: datetime) -> int:
    """Order those away whose time is over: Sentinel only disables them, and counts them still. And
    those whose playbook acts on the plant by now: it was marked, or has changed (A47); or cannot be
    read, although the rules of its workspace can, so that nobody knows what it does.
    """
    wanted = WantedRule.objects.filter(kind=RuleKind.AUTOMATION, wanted__isnull=False)
    rows = MadeRule.objects.filter(
        Q(ends_at__lte=now) | Q(playbook__isnull=False), uuid__in=wanted.values("about")
    )
    unread = Inventory.objects.filter(rules_error="", playbooks_read_at__lte=now - MAX_UNREAD)
    unread_ids = set(unread.exclude(playbooks_error="").values_list("workspace", flat=True))
    ended = 0
    for row in rows.select_related("workspace__organisation", "playbook"):
        if row.ends_at <= now:
            reason = "Its time is over."
        elif row.playbook is not None and row.playbook.acts_on_plant:
            reason = "Its playbook acts on the plant, so each run needs consent."
            notify_of_plant_rule(row, now=now)
        elif row.playbook is not None and row.workspace_id in unread_ids:
            reason = UNREAD_PLAYBOOK
            notify_of_plant_rule(row, now=now, is_unread=True)
        else:
            continue
        _clear(row, reason=reason, now=now)
        record("automation.rule.ended", on=row, by="automation", at=now, reason=reason)
        ended += 1
    return ended


def _clear(row: MadeRule, *, reason: str, now: datetime) -> None:
    name = name_of_rule(about=row.uuid, workspace=row.workspace.uuid)
    clear_desired_rule(workspace_id=row.workspace_id, name=name, now=now, reason=reason)


def _wanted_bodies(workspace_id: int) -> list[dict[str, Any]]:
    rows = WantedRule.objects.filter(workspace=workspace_id, wanted__isnull=False)
    rows = rows.exclude(kind__in=OF_WATCHLIST)
    return [row.wanted or {} for row in rows]
