"""What people do with the tasks of an incident: have them read, add, complete, reopen."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext

from alerts.incidents.acts.incident_tasks import (
    CannotChangeTasks,
    add_task,
    complete_task,
    read_tasks_again,
    reopen_task,
)
from alerts.incidents.models import Incident
from alerts.incidents.queries import incidents_visible_to
from portal import clock
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, post_only


def _tab(incident_id: int, **_more: Any) -> str:
    return f"{reverse('incidents:incident', args=[incident_id])}?tab=tasks"


@post_only(otherwise=_tab)
def read_tasks_view(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Have the tasks read from Sentinel."""
    incident = _visible(request, incident_id)
    try:
        read_tasks_again(
            incident_id=incident.pk,
            by=actor_of(request),
            now=clock.now(),
            unshifted=clock.unshifted(),
        )
    except CannotChangeTasks as refusal:
        return _refused(request, incident, refusal)
    return redirect(_tab(incident.pk))


@post_only(otherwise=_tab)
def add(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Add a task."""
    title, description = request.POST.get("title", ""), request.POST.get("description", "")
    return _act(
        request,
        incident_id,
        gettext("Task added: %(title)s") % {"title": title.strip()},
        lambda pk, **who: add_task(incident_id=pk, title=title, description=description, **who),
    )


@post_only(otherwise=_tab)
def mark_task(request: HttpRequest, incident_id: int, task: str, verb: str) -> HttpResponse:
    """Complete a task, or reopen it."""
    services = {
        "complete": (complete_task, gettext("Task completed")),
        "reopen": (reopen_task, gettext("Task reopened")),
    }
    if verb not in services:
        raise Http404
    service, words = services[verb]
    return _act(
        request, incident_id, words, lambda pk, **who: service(incident_id=pk, task=task, **who)
    )


def _act(
    request: HttpRequest, incident_id: int, words: str, do: Callable[..., Any]
) -> HttpResponse:
    incident = _visible(request, incident_id)
    try:
        act = do(incident.pk, by=actor_of(request), now=clock.now())
    except CannotChangeTasks as refusal:
        return _refused(request, incident, refusal)
    undo = reverse("incidents:undo", args=[act])
    return leave_toast(request, redirect(_tab(incident.pk)), words, undo=undo)


def _refused(request: HttpRequest, incident: Incident, refusal: CannotChangeTasks) -> HttpResponse:
    return leave_toast(request, redirect(_tab(incident.pk)), " ".join(refusal.reasons))


def _visible(request: HttpRequest, incident_id: int) -> Incident:
    return get_object_or_404(incidents_visible_to(actor_of(request)), pk=incident_id)
