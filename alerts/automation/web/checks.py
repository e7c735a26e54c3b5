"""The check of a workspace's workflow: begin one, see its stages with their evidence."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from alerts.automation.engine.workflow_check import STAGES
from alerts.automation.models import Playbook, WorkflowCheck
from alerts.automation.policies import reasons_against_playbook
from alerts.automation.policies.rules import reasons_against_workflow_check
from alerts.automation.queries import playbooks_visible_to, workflow_checks_of
from alerts.automation.services.workflow_check import CannotCheckWorkflow, begin_check
from alerts.automation.wording import evidence_words
from alerts.sentinel.engine.rights import RULES, SET_UP
from alerts.sentinel.models import Workspace
from alerts.sentinel.policies import reason_against_calling
from alerts.sentinel.queries import workspaces_visible_to
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, render_page

MAX_CHECKS = 5
_NAMES: dict[str, Promise] = {
    "rule": gettext_lazy("Automation rule of the test in Sentinel"),
    "alert": gettext_lazy("Test alert raised"),
    "incident": gettext_lazy("Incident created"),
    "fired": gettext_lazy("Automation rule fired"),
    "playbook": gettext_lazy("Playbook ran"),
    "cleanup": gettext_lazy("Cleaned up"),
}
_STATES: dict[str, tuple[Promise, str, str]] = {
    "ok": (gettext_lazy("Done"), "ok", "check"),
    "running": (gettext_lazy("Waiting"), "medium", "timer"),
    "failed": (gettext_lazy("Failed"), "high", "circle-alert"),
    "skipped": (gettext_lazy("Left out"), "", "circle"),
    "": (gettext_lazy("Not reached"), "", "circle"),
}


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage of a check."""

    name: str
    label: str
    kind: str
    icon: str
    evidence: str
    at: datetime | None


@require_http_methods(["GET", "HEAD", "POST"])
def workflow(request: HttpRequest, name: str) -> HttpResponse:
    """The latest checks of a workspace; POST begins one."""
    user, now = actor_of(request), clock.now_of(request)
    workspace = get_object_or_404(workspaces_visible_to(user), name=name)
    if request.method != "POST":
        return _page(request, workspace, user, now)
    playbooks = {str(row.uuid): row for row in _playbooks_for(workspace, user)}
    try:
        begin_check(
            workspace=workspace,
            playbook=playbooks.get(request.POST.get("playbook", "")),
            by=user,
            by_label=user.name,
            now=now,
        )
    except CannotCheckWorkflow as refusal:
        status = 403 if reasons_against_workflow_check(workspace, None, by=user, now=now) else 422
        return _page(request, workspace, user, now, problems=list(refusal.reasons), status=status)
    answer = HttpResponseRedirect(reverse("automation:workflow", args=[name]))
    return leave_toast(request, answer, gettext("The check has begun."))


def _page(
    request: HttpRequest,
    workspace: Workspace,
    user: User,
    now: datetime,
    *,
    problems: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    checks = list(workflow_checks_of(workspace)[:MAX_CHECKS])
    page = {
        "now": now,
        "workspace": workspace,
        "checks": [(row, stage_lines(row)) for row in checks],
        "is_under_way": any(not row.is_over for row in checks),
        "may_check": not reasons_against_workflow_check(workspace, None, by=user, now=now),
        "against": _against_checking(workspace),
        "playbooks": _playbooks_for(workspace, user),
        "problems": problems or [],
    }
    return render_page(
        request, "alerts/automation/workflow.html", page, part="checks", status=status
    )


def _against_checking(workspace: Workspace) -> str:
    """Why Azure would refuse a check, which puts an automation rule and an analytics rule there."""
    calls = ("put_prerequisite alertRules", "run_analytics_rule", "delete_analytics_rule")
    return reason_against_calling(
        workspace.pk, "put_automation_rule", "delete_automation_rule", purpose=RULES
    ) or reason_against_calling(workspace.pk, *calls, "change_incident", purpose=SET_UP)


def stage_lines(row: WorkflowCheck) -> list[StageLine]:
    """All stages in their order, also those that were not reached."""
    found = {stage["name"]: stage for stage in row.stages}
    lines = []
    for name in STAGES:
        stage = found.get(name, {})
        label, kind, icon = _STATES[stage.get("state", "")]
        at = datetime.fromisoformat(stage["at"]) if stage else None
        evidence = evidence_words(str(stage.get("evidence", "")))
        lines.append(StageLine(str(_NAMES[name]), str(label), kind, icon, evidence, at))
    return lines


def _playbooks_for(workspace: Workspace, user: User) -> list[Playbook]:
    """Those that a check may run: none that acts on the plant."""
    rows = playbooks_visible_to(user).filter(workspace=workspace).order_by("name")
    return [row for row in rows if not row.acts_on_plant and not reasons_against_playbook(row)]
