"""Whether workspaces are ready, what is collected of each, and having things put right."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from alerts.readiness.engine.readings import CheckRemedy
from alerts.readiness.engine.solution import titles_without_rule
from alerts.readiness.policies import (
    READERS,
    may_view,
    reasons_against_checking,
    reasons_against_setting_up,
)
from alerts.readiness.queries.collected import count_stock
from alerts.readiness.queries.page import (
    collected_of,
    is_check_under_way,
    latest_steps,
    workspaces_to_view,
)
from alerts.readiness.queries.readings import (
    azure_checks_by_workspace,
    checks_of,
    granted_rights,
)
from alerts.readiness.queries.scope import scope_facts
from alerts.readiness.queries.source import source_facts
from alerts.readiness.services.check_workspace import CannotCheck, request_check
from alerts.readiness.services.setup import CannotSetUp, request_step
from alerts.readiness.web.rows import SectionOfChecks, check_sections, worst_of
from alerts.sentinel.models import ClientPurpose, Workspace
from portal import clock
from portal.accounts.queries import reach_of, roles_of
from portal.accounts.rights import roles_for
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, post_only, render_page


def _page(name: str) -> str:
    return reverse("readiness:workspace", args=[name])


def _visible(request: HttpRequest, name: str) -> Workspace:
    workspace: Workspace = get_object_or_404(workspaces_to_view(actor_of(request)), name=name)
    return workspace


@require_GET
def list_workspaces(request: HttpRequest) -> HttpResponse:
    """Show every workspace the person may see, with its state."""
    user, now = actor_of(request), clock.now()
    workspaces = list(workspaces_to_view(user))
    viewed = [workspace for workspace in workspaces if may_view(workspace, user=user)]
    checks = azure_checks_by_workspace(viewed, now=now)
    rows = [
        {
            "workspace": workspace,
            "sum": worst_of(checks[workspace.pk]) if workspace.pk in checks else None,
            "at": min(  # the sentence beside it is as old as its oldest check
                (check.checked_at for check in checks.get(workspace.pk, ()) if check.checked_at),
                default=None,
            ),
        }
        for workspace in workspaces
    ]
    return render_page(request, "alerts/readiness/list.html", {"rows": rows}, part="rows")


@require_GET
def readiness_page(request: HttpRequest, name: str) -> HttpResponse:
    """Every prerequisite of a workspace, with evidence, age and what to do."""
    return _readiness(request, _visible(request, name))


def _readiness(
    request: HttpRequest, workspace: Workspace, *, reasons: tuple[str, ...] = (), status: int = 200
) -> HttpResponse:
    user, now = actor_of(request), clock.now()
    if not may_view(workspace, user=user):
        raise Http404
    checks = checks_of(workspace, now=now)
    may_set_up = not reasons_against_setting_up(workspace, by=user)
    sections = check_sections(
        checks,
        steps=latest_steps(workspace),
        may_set_up=may_set_up,
        may_invite=not roles_of(user).isdisjoint(roles_for("accounts.manage")),
        rights=granted_rights(workspace.pk, ClientPurpose.RULES) if may_set_up else None,
    )
    fine = [
        SectionOfChecks(section.title, rows)
        for section in sections
        if (rows := [row for row in section.rows if row.is_fine])
    ]
    context = {
        "workspace": workspace,
        "open_rows": [row for section in sections for row in section.rows if not row.is_fine],
        "fine_sections": fine,
        "n_fine": sum(len(section.rows) for section in fine),
        "sum": worst_of(checks),
        "source": source_facts(workspace, now=now),
        "scope": scope_facts(workspace),
        "may_check": not reasons_against_checking(workspace, by=user),
        "is_under_way": is_check_under_way(workspace, unshifted=clock.unshifted()),
        "reasons": reasons,
    }
    template = "alerts/readiness/workspace.html"
    return render_page(request, template, context, part="checks", status=status)


@post_only(otherwise=_page)
def check_workspace_view(request: HttpRequest, name: str) -> HttpResponse:
    """Have the workspace looked at now."""
    workspace = _visible(request, name)
    try:
        request_check(workspace=workspace, by=actor_of(request), now=clock.now())
    except CannotCheck as refusal:
        return _readiness(request, workspace, reasons=refusal.reasons, status=422)
    message = gettext("Workers look at %(name)s now.") % {"name": workspace.name}
    return leave_toast(request, HttpResponseRedirect(_page(name)), message)


@post_only(otherwise=_page)
def set_up(request: HttpRequest, name: str) -> HttpResponse:
    """Have something put right in Sentinel."""
    workspace = _visible(request, name)
    kind = request.POST.get("kind", "")
    if kind not in list(CheckRemedy):
        raise Http404
    try:
        request_step(
            workspace=workspace,
            kind=CheckRemedy(kind),
            target=request.POST.get("target", ""),
            by=actor_of(request),
            now=clock.now(),
        )
    except CannotSetUp as refusal:
        return _readiness(request, workspace, reasons=refusal.reasons, status=422)
    message = gettext("A worker does it within seconds, then looks at the workspace again.")
    return leave_toast(request, HttpResponseRedirect(_page(name)), message)


@require_GET
def collected(request: HttpRequest, name: str) -> HttpResponse:
    """What is collected of a workspace, what is not, and how alerts are merged."""
    user = actor_of(request)
    workspace = _visible(request, name)
    if not reach_of(user, READERS).covers(workspace):
        raise Http404
    found = collected_of(workspace)
    context = {
        "workspace": workspace,
        "it": found.numbers,
        "types_without_rule": len(titles_without_rule()),
        "read_at": found.read_at,
        "stock": count_stock(workspace),
        "may_view": may_view(workspace, user=user),
    }
    return render_page(request, "alerts/readiness/collected.html", context)
