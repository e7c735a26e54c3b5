"""Deployments: what should stand in Sentinel and what does, workspace by workspace."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET

from alerts.suppression.deploying.deployments import (
    ROLE,
    Deployment,
    WorkspaceDeployments,
    deployments_by_workspace,
    deployments_of_rule,
    is_live_as_a_whole,
)
from alerts.suppression.models import RuleVersion
from alerts.suppression.web.shared import frame
from alerts.suppression.web.words import StateChip
from portal import clock
from portal.accounts.actor import actor_of
from portal.ui.htmx import render_page

type Words = tuple[Promise, str, str]

_GATES: dict[str, Words] = {
    "none": (gettext_lazy("No Tagout rule there"), "", "circle"),
    "closed": (gettext_lazy("Gate ready"), "ok", "shield-check"),
    "open": (gettext_lazy("Stopped in Sentinel"), "high", "octagon-x"),
    "opening": (gettext_lazy("Stopping in Sentinel"), "medium", "timer"),
    "closing": (gettext_lazy("Gate on its way"), "medium", "timer"),
    "refused": (gettext_lazy("Sentinel refused the gate"), "high", "circle-alert"),
    "held": (gettext_lazy("Gate changed by hand"), "high", "triangle-alert"),
}
_RULES: dict[str, Words] = {
    "there": (gettext_lazy("As signed"), "ok", "check"),
    "gone": (gettext_lazy("Removed"), "", "check"),
    "coming": (gettext_lazy("On its way"), "medium", "timer"),
    "going": (gettext_lazy("Being removed"), "medium", "timer"),
    "refused": (gettext_lazy("Refused by Sentinel"), "high", "circle-alert"),
    "held": (gettext_lazy("Changed by hand in Sentinel"), "high", "triangle-alert"),
}


def gate_chip(standing: str) -> StateChip:
    """How the gate of a workspace stands."""
    return _chip(_GATES[standing])


def rule_chip(standing: str) -> StateChip:
    """How one of our rules stands in a workspace."""
    return _chip(_RULES[standing])


def what_to_do(each: Deployment) -> str:
    """What a person can do about what went wrong."""
    if each.row.error_code == "AuthorizationFailed":
        return gettext("Give Tagout's identity for rules the role %(role)s on this workspace.") % {
            "role": ROLE
        }
    if each.standing == "held":
        return gettext(
            "Undo the change in Sentinel, or pause and resume the rule here: then Tagout "
            "writes it again."
        )
    if each.standing == "refused":
        return gettext("Edit the rule, or let Tagout enforce it.")
    return ""


def _chip(said: Words) -> StateChip:
    label, kind, picture = said
    return StateChip(str(label), kind, picture)


@dataclass(frozen=True, slots=True)
class Row:
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
class Part:
    """One workspace."""

    told: WorkspaceDeployments
    gate: StateChip
    rows: list[Row]


@require_GET
def deployments(request: HttpRequest) -> HttpResponse:
    """Every automation rule of ours that the person may know of."""
    user, now = actor_of(request), clock.now()
    told = deployments_by_workspace(user)
    titles = _titles(each for part in told for each in part.rules)
    parts = [
        Part(part, gate_chip(part.gate.standing), [_row(each, titles) for each in part.rules])
        for part in told
    ]
    page = frame(user, now) | {
        "parts": parts,
        "has_lease": any(row.lease_until for part in parts for row in part.rows),
    }
    return render_page(request, "alerts/suppression/deployments.html", page, part="rows")


def of_rule(version: RuleVersion) -> dict[str, Any]:
    """Where the rule of a version stands in Sentinel, and whether it is live as a whole."""
    found = deployments_of_rule(version.rule)
    return {
        "deployed": [_row(each, {}) for each in found],
        "has_lease": any(each.lease_until for each in found),
        "is_whole": is_live_as_a_whole(found),
    }


def _titles(rules: Iterable[Deployment]) -> dict[int, RuleVersion]:
    """The newest version of each rule, to name it by."""
    ids = {each.rule.pk for each in rules if each.rule}
    versions = RuleVersion.objects.filter(rule__in=ids).order_by("number")
    return {version.rule_id: version for version in versions}


def _row(each: Deployment, titles: dict[int, RuleVersion]) -> Row:
    version = titles.get(each.rule.pk) if each.rule else None
    return Row(
        workspace=each.row.workspace.name,
        label=each.row.label,
        version=str(version.uuid) if version else "",
        title=version.title if version else "",
        standing=rule_chip(each.standing),
        is_refused=each.standing in ("refused", "held"),
        error=each.error,
        fix=what_to_do(each),
        site_ids=version.site_ids if version else (),
        at=each.row.landed_at or each.row.wanted_at,
        lease_until=each.lease_until,
    )
