"""The kill switch: off in one click, on again with a reason."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from alerts.outbox.wording import note_words
from alerts.sentinel.models import Workspace
from alerts.suppression.deploying.deployments import WorkspaceDeployments, deployments_by_workspace
from alerts.suppression.deploying.kill_switch import switch_off, switch_on
from alerts.suppression.models import Stop
from alerts.suppression.policies import (
    STOPPING,
    reasons_against_switching_off,
    reasons_against_switching_on,
)
from alerts.suppression.queries import workspaces_reached_by
from alerts.suppression.web.shared import page_frame
from alerts.suppression.web.views.deployments import gate_chip
from alerts.suppression.web.wording import StateChip, all_in_words
from portal import clock
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.accounts.sessions import actor_of
from portal.errors import Refused
from portal.ui.responses import leave_toast, post_only, render_page

TEMPLATE = "alerts/suppression/off.html"


@dataclass(frozen=True, slots=True)
class WorkspaceSwitch:
    """One workspace: whether it is off, and how far Sentinel has come."""

    workspace: Workspace
    is_off: bool
    gate: StateChip
    error: str
    still_there: int
    is_moving: bool


@require_http_methods(["GET", "POST"])
def switch_page(request: HttpRequest) -> HttpResponse:
    """Where suppression is off and how to switch it; a POST switches off, at once."""
    user = actor_of(request)
    if request.method == "GET":
        return _page(request, user)
    now = clock.now()
    chosen, name = request.POST.get("where", ""), gettext("everywhere")
    workspace_id = None
    if chosen != "all":
        found = workspaces_reached_by(user).filter(name=chosen).first()
        if found is None:
            raise Http404
        workspace_id, name = found.pk, found.name
    try:
        stops = switch_off(
            by=user, workspace_id=workspace_id, reason=request.POST.get("reason", ""), now=now
        )
    except Refused as refusal:
        return _page(request, user, problems=all_in_words(refusal.reasons))
    if workspace_id is None and stops[0].workspace is not None:
        name = ", ".join(sorted(str(stop.workspace) for stop in stops))
    words = gettext("Suppression is off: %(place)s") % {"place": name}
    return leave_toast(request, HttpResponseRedirect(reverse("suppression:off")), words)


@post_only(otherwise=lambda stop_id: reverse("suppression:off"))
def lift(request: HttpRequest, stop_id: int) -> HttpResponse:
    """Let suppression go on where it was stopped."""
    user, now = actor_of(request), clock.now()
    stop = get_object_or_404(Stop.objects.select_related("workspace"), pk=stop_id)
    if stop.workspace and not workspaces_reached_by(user).filter(pk=stop.workspace.pk).exists():
        raise Http404
    try:
        switch_on(stop_id=stop.pk, by=user, reason=request.POST.get("reason", ""), now=now)
    except Refused as refusal:
        return _page(request, user, problems=all_in_words(refusal.reasons))
    words = gettext("Suppression is on again.")
    return leave_toast(request, HttpResponseRedirect(reverse("suppression:off")), words)


def _page(request: HttpRequest, user: User, *, problems: list[str] | None = None) -> HttpResponse:
    now = clock.now()
    page: dict[str, Any] = page_frame(user, now)
    stops = page["stops"]
    stopped = {stop.workspace_id for stop in stops}
    deployments = {item.workspace.pk: item for item in deployments_by_workspace(user)}
    places = [
        _place(workspace, deployments.get(workspace.pk), stopped)
        for workspace in workspaces_reached_by(user)
    ]
    page |= {
        "in_force": [
            (stop, not reasons_against_switching_on(user, stop.workspace)) for stop in stops
        ],
        "may_stop": not reasons_against_switching_off(user),
        "all_off": None in stopped or (bool(places) and all(place.is_off for place in places)),
        "stops_everything": reach_of(user, STOPPING).everywhere,
        "places": places,
        "is_moving": any(place.is_moving for place in places),
        "problems": problems or [],
    }
    status = 422 if problems else 200
    return render_page(request, TEMPLATE, page, part="switch", status=status)


def _place(
    workspace: Workspace, deployments: WorkspaceDeployments | None, stopped: set[int | None]
) -> WorkspaceSwitch:
    gate = deployments.gate if deployments else None
    return WorkspaceSwitch(
        workspace=workspace,
        is_off=bool({None, workspace.pk} & stopped),
        gate=gate_chip(gate.standing if gate else "none"),
        error=note_words(gate.error) if gate else "",
        still_there=deployments.still_there if deployments else 0,
        is_moving=bool(
            deployments and (deployments.still_there or deployments.gate.standing.endswith("ing"))
        ),
    )
