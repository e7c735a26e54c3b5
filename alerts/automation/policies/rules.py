"""Who makes automation rules here, takes them away, and checks a workflow; and why not."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.utils.translation import gettext

from alerts.automation.engine.rule_body import Effects
from alerts.automation.models import MadeRule, Playbook
from alerts.automation.policies import (
    reasons_against_playbook,
    reasons_against_reason,
    reasons_of_unread_list,
)
from alerts.incidents.models import Incident
from alerts.outbox.engine.labels import is_our_label
from alerts.rules.fields import SEVERITIES
from alerts.rules.guards.never import is_never_silenced, is_timeboxed
from alerts.sentinel.models import Workspace
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.accounts.rights import roles_for

DAYS: Final = (30, 60, 90, 180)  # how long a rule that is made here may last
MAX_LABEL_LENGTH: Final = 100
MAX_TASK_LENGTH: Final = 150
_TEAM: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def reasons_against_making_rules(incident: Incident, *, by: User) -> list[str]:
    """Why this person cannot make automation rules from this incident."""
    workspace = incident.workspace
    if not reach_of(by, roles_for("automation.make_rule")).covers(workspace):
        return [gettext("Only the SOC lead of this workspace makes automation rules.")]
    if workspace.is_removed:
        return [gettext("The workspace was removed.")]
    return []


def reasons_against_effects(
    effects: Effects, playbook: Playbook | None, *, workspace_id: int, days: int, now: datetime
) -> list[str]:
    """Why a rule cannot do this. One that acts on the plant runs from no rule of ours: nobody could
    consent to what has not happened yet (A47).
    """
    reasons = [] if days in DAYS else [gettext("Choose how long the rule is to last.")]
    if effects.effect == "playbook":
        return reasons + _reasons_against_automatic(playbook, workspace_id=workspace_id, now=now)
    if effects.effect == "assign":
        if not _TEAM.fullmatch(effects.team_id):
            reasons.append(gettext("Enter the object id of the team as Entra shows it."))
        if not effects.team_name.strip():
            reasons.append(gettext("Enter the name of the team."))
        return reasons
    if effects.effect == "severity":
        if effects.severity not in SEVERITIES[1:]:
            reasons.append(gettext("Choose a severity."))
        return reasons
    if not effects.label and not effects.task:
        reasons.append(gettext("Enter a label, a task, or both."))
    if len(effects.label) > MAX_LABEL_LENGTH or len(effects.task) > MAX_TASK_LENGTH:
        reasons.append(gettext("A label has at most 100 characters, a task 150."))
    if is_our_label(effects.label):
        reasons.append(gettext("This is a label that Tagout sets by itself."))
    return reasons


def reasons_against_severity(
    severity: str, *, present: str, alert_type: str, engines: Iterable[str], reason: str
) -> list[str]:
    """Why a rule cannot set this severity on incidents of an alert type that come with the present
    one. Any may be raised. Lowering needs a reason, and what must never be silenced or can stop a
    plant keeps its severity: no OT lead signs a rule that is made here.
    """
    if present not in SEVERITIES[1:]:
        return [gettext("The severity of this incident is not known.")]
    if severity == present:
        return [gettext("Incidents like this one come with this severity already.")]
    if SEVERITIES.index(severity) > SEVERITIES.index(present):
        return []
    if is_never_silenced(alert_type, engines=engines):
        words = gettext("%(alert_type)s must never be silenced, so no rule lowers its severity.")
        return [words % {"alert_type": alert_type}]
    if is_timeboxed(alert_type):
        words = gettext("%(alert_type)s can stop a plant, so no rule lowers its severity.")
        return [words % {"alert_type": alert_type}]
    return reasons_against_reason(reason)


def _reasons_against_automatic(
    playbook: Playbook | None, *, workspace_id: int, now: datetime
) -> list[str]:
    if playbook is None or playbook.workspace_id != workspace_id:
        return [gettext("Choose a playbook of this workspace.")]
    if playbook.acts_on_plant:
        return [
            gettext(
                "%(playbook)s acts on the plant, so no rule may run it: each run needs consent."
            )
            % {"playbook": playbook.name}
        ]
    return reasons_against_playbook(playbook) + reasons_of_unread_list(workspace_id, now=now)


def reasons_against_workflow_check(
    workspace: Workspace, playbook: Playbook | None, *, by: User | None, now: datetime
) -> list[str]:
    """Why the workflow of a workspace cannot be checked by this person (None: the command line), or
    with this playbook.
    """
    checkers = roles_for("automation.check_workflow")
    if by is not None and not reach_of(by, checkers).covers(workspace):
        return [gettext("Only the SOC lead of this workspace or an administrator can do this.")]
    if workspace.state != Workspace.State.ACTIVE:
        return [gettext("The workspace is not in use.")]
    if playbook is None:
        return []
    return _reasons_against_automatic(playbook, workspace_id=workspace.pk, now=now)


def reasons_against_removing_rule(rule: MadeRule, *, by: User) -> list[str]:
    """Why this person cannot take a rule away."""
    if rule.removed_at is not None:
        return [gettext("Somebody has taken this rule away already.")]
    if reach_of(by, roles_for("automation.remove_rule")).covers(rule.workspace):
        return []
    return [gettext("Only the SOC of this workspace or an administrator can do this.")]
