"""Deployments: what should be in Sentinel and what does, workspace by workspace."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET

from alerts.outbox.models import NOT_AS_DECIDED
from alerts.outbox.wording import note_words
from alerts.sentinel.queries import gone_workspaces
from alerts.suppression.deploying.deployments import (
    ROLE,
    Deployment,
    WorkspaceDeployments,
    deployments_by_workspace,
    deployments_of_rule,
    is_live_as_a_whole,
    withdrawn_forms,
)
from alerts.suppression.models import ACTING, RuleVersion
from alerts.suppression.queries import versions_visible_to
from alerts.suppression.web.shared import page_frame
from alerts.suppression.web.wording import Chip, StateChip, all_in_words, state_word
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.ui.responses import render_page

_GATES: dict[str, Chip] = {
    "none": (gettext_lazy("No Tagout rule there"), "", "circle"),
    "closed": (gettext_lazy("Gate ready"), "ok", "shield-check"),
    "open": (gettext_lazy("Stopped in Sentinel"), "high", "octagon-x"),
    "opening": (gettext_lazy("Stopping in Sentinel"), "medium", "timer"),
    "closing": (gettext_lazy("Gate on its way"), "medium", "timer"),
    "refused": (gettext_lazy("Sentinel refused the gate"), "high", "circle-alert"),
    "held": (gettext_lazy("Gate changed by hand"), "high", "triangle-alert"),
}
_RULES: dict[str, Chip] = {
    "there": (gettext_lazy("As signed"), "ok", "check"),
    "gone": (gettext_lazy("Removed"), "", "check"),
    "coming": (gettext_lazy("On its way"), "medium", "timer"),
    "going": (gettext_lazy("Being removed"), "medium", "timer"),
    "refused": (gettext_lazy("Refused by Sentinel"), "high", "circle-alert"),
    "held": (gettext_lazy("Changed by hand in Sentinel"), "high", "triangle-alert"),
    "orphaned": (gettext_lazy("Orphan: its workspace is gone"), "high", "circle-alert"),
}


def gate_chip(standing: str) -> StateChip:
    """Return the state of a workspace's gate."""
    return state_word(_GATES[standing])


def rule_chip(standing: str) -> StateChip:
    """Return the state of one of our rules in a workspace."""
    return state_word(_RULES[standing])


def deployment_advice(deployment: Deployment) -> str:
    """Return what a person can do about what went wrong; nothing where nothing did."""
    if deployment.standing == "orphaned":
        return gettext(
            "Azure no longer has the workspace, so nothing is sent there. Retire the rule, or "
            "have an administrator remove the workspace."
        )
    if deployment.row.error_code == "AuthorizationFailed":
        return gettext("Give Tagout's identity for rules the role %(role)s on this workspace.") % {
            "role": ROLE
        }
    if deployment.row.error_code == NOT_AS_DECIDED:
        return gettext("Nothing was sent. See the audit record for what was refused, and when.")
    if deployment.standing == "held":
        return gettext(
            "Undo the change in Sentinel, or pause and resume the rule here: then Tagout "
            "writes it again."
        )
    if deployment.standing == "refused":
        return gettext("Edit the rule, or let Tagout enforce it.")
    return ""


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """One of our rules in one workspace."""

    workspace: str
    label: str
    version: str  # address of the version's page, where there is one
    title: str
    standing: StateChip
    is_refused: bool
    error: str
    fix: str
    site_ids: Sequence[int]  # the plants that the rule names
    at: datetime | None
    lease_until: datetime | None


@dataclass(frozen=True, slots=True)
class WorkspacePart:
    """One workspace."""

    deployments: WorkspaceDeployments
    gate: StateChip
    rows: list[DeploymentRow]
    by_worker: int  # rules that Tagout's own worker enforces there


@require_GET
def deployments(request: HttpRequest) -> HttpResponse:
    """Every automation rule of ours that the person may know of."""
    user, now = actor_of(request), clock.now()
    workspaces = deployments_by_workspace(user)
    titles = _titles(user, [rule for part in workspaces for rule in part.rules])
    by_worker = _rules_by_worker(user)
    parts = [
        WorkspacePart(
            part,
            gate_chip(part.gate.standing),
            [_row(rule, titles) for rule in part.rules],
            by_worker[part.workspace.pk],
        )
        for part in workspaces
    ]
    page = page_frame(user, now) | {
        "parts": parts,
        "has_lease": any(row.lease_until for part in parts for row in part.rows),
    }
    return render_page(request, "alerts/suppression/deployments.html", page, part="rows")


def _rules_by_worker(user: User) -> Counter[int]:
    """Count by workspace the rules that act there and that Sentinel does not hold."""
    acting = versions_visible_to(user).filter(state__in=ACTING, enforcement="tagout")
    return Counter(chain.from_iterable(acting.values_list("workspace_ids", flat=True)))


def of_rule(version: RuleVersion, *, now: datetime) -> dict[str, Any]:
    """Where the rule of a version is in Sentinel, and whether it is live as a whole."""
    found = deployments_of_rule(version.rule)
    return {
        "orphaned_in": _orphaned_in(version),
        "deployed": [_row(deployment, {}) for deployment in found],
        "has_lease": any(deployment.lease_until for deployment in found),
        "is_whole": is_live_as_a_whole(found),
        "withdrawn": [
            (form, all_in_words(form.reasons)) for form in withdrawn_forms(version, found, now=now)
        ],
    }


def _orphaned_in(version: RuleVersion) -> list[str]:
    """Names of the workspaces of a version that Azure no longer knows."""
    gone = gone_workspaces().filter(workspace__in=version.workspace_ids)
    return sorted(gone.values_list("workspace__name", flat=True))


def _titles(user: User, rules: Iterable[Deployment]) -> dict[int, RuleVersion]:
    """The newest version of each rule that the person may see, to name it by."""
    ids = {deployment.rule.pk for deployment in rules if deployment.rule}
    versions = versions_visible_to(user).filter(rule__in=ids).order_by("number")
    return {version.rule_id: version for version in versions}


def _row(deployment: Deployment, titles: dict[int, RuleVersion]) -> DeploymentRow:
    version = titles.get(deployment.rule.pk) if deployment.rule else None
    return DeploymentRow(
        workspace=deployment.row.workspace.name,
        label=deployment.row.label,
        version=str(version.uuid) if version else "",
        title=version.title if version else "",
        standing=rule_chip(deployment.standing),
        is_refused=deployment.standing in ("refused", "held"),
        error=note_words(deployment.error),
        fix=deployment_advice(deployment),
        site_ids=version.site_ids if version else (),
        at=deployment.row.landed_at or deployment.row.wanted_at,
        lease_until=deployment.lease_until,
    )
