"""Look at what Sentinel does by itself; run playbooks, ask for consent, decide on it, mark."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from alerts.automation.models import PlantConsent, Playbook, PlaybookRun
from alerts.automation.policies import (
    VALID,
    consent_kind,
    reasons_against_deciding_consent,
    reasons_of_unread_list,
)
from alerts.automation.policies import reasons_against_marking as against_marking
from alerts.automation.queries import (
    consents_visible_to,
    playbooks_visible_to,
    runs_visible_to,
    waiting_consents,
)
from alerts.automation.services.consent import (
    CannotDecideConsent,
    CannotRequestConsent,
    decide_consent,
    request_consent,
)
from alerts.automation.services.inventory import CannotReadAgain
from alerts.automation.services.inventory import read_again as have_read_again
from alerts.automation.services.mark import CannotMarkPlaybook, mark_playbook
from alerts.automation.services.run_playbook import (
    CannotRunPlaybook,
    PlantConsentMissing,
    run_playbook,
)
from alerts.automation.web.overview import (
    automation_by_workspace,
    evidence_sentences,
    step_lines,
)
from alerts.automation.web.rules import made_rule_lines
from alerts.automation.web.run_wording import run_line
from alerts.incidents.models import Incident
from alerts.incidents.page.panel import incident_number_label
from alerts.incidents.policies import reasons_against_acting
from alerts.incidents.queries import incidents_visible_to
from alerts.sentinel.queries import workspaces_visible_to
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, post_only, render_page

MAX_RUNS = 50
_FORM = ["GET", "HEAD", "POST"]


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """All playbooks and automation rules of the person's workspaces, with the age of each list."""
    user, now = actor_of(request), clock.now_of(request)
    page = _overview(user, now)
    return render_page(request, "alerts/automation/overview.html", page, part="found")


@post_only(otherwise=lambda name: reverse("automation:overview"))
def read_inventory_again(request: HttpRequest, name: str) -> HttpResponse:
    """Have a workspace read at the next tick."""
    user, now = actor_of(request), clock.now()
    workspace = get_object_or_404(workspaces_visible_to(user), name=name)
    try:
        have_read_again(workspace=workspace, by=user, now=now)
    except CannotReadAgain as refusal:
        page = _overview(user, now) | {"problems": refusal.reasons}
        return render_page(request, "alerts/automation/overview.html", page, status=403)
    answer = HttpResponseRedirect(reverse("automation:overview"))
    words = gettext("%(workspace)s is read again within seconds") % {"workspace": workspace.name}
    return leave_toast(request, answer, words)


def _overview(user: User, now: datetime) -> dict[str, Any]:
    workspaces = automation_by_workspace(user, now=now)
    names = {
        line.playbook.resource_id: line.playbook.name
        for part in workspaces
        for line in part.playbooks
    }
    made = made_rule_lines(user, playbooks=names, now=now)
    return {
        "now": now,
        "workspaces": workspaces,
        "at_sites": [] if workspaces else _playbooks_at_sites(user),
        "requests": [
            (row, incident_number_label(row.incident))
            for row in waiting_consents(user, since=now - VALID)
        ],
        "made": [line for line in made if not line.has_ended],
        "ended": [line for line in made if line.has_ended],
    }


def _playbooks_at_sites(user: User) -> list[Playbook]:
    """Return the playbooks that an OT site lead marks as acting on the plant or not."""
    rows = playbooks_visible_to(user).filter(gone_at=None).select_related("workspace")
    return list(rows.order_by("workspace__name", "name"))


@require_GET
def playbook_page(request: HttpRequest, playbook: UUID) -> HttpResponse:
    """One playbook: what it does, why it is marked, how it ran."""
    return _playbook_page(request, _playbook(request, playbook))


@post_only(otherwise=lambda playbook: reverse("automation:playbook", args=[playbook]))
def mark_harmless(request: HttpRequest, playbook: UUID) -> HttpResponse:
    """Mark whether it acts on the plant."""
    row = _playbook(request, playbook)
    try:
        mark_playbook(
            playbook_id=row.pk,
            acts_on_plant=request.POST.get("acts_on_plant") == "yes",
            reason=request.POST.get("reason", ""),
            by=actor_of(request),
            now=clock.now(),
        )
    except CannotMarkPlaybook as refusal:
        return _playbook_page(request, row, problems=refusal.reasons, status=422)
    answer = HttpResponseRedirect(reverse("automation:playbook", args=[playbook]))
    return leave_toast(request, answer, gettext("The mark is set."))


@post_only(otherwise=lambda playbook: reverse("automation:playbook", args=[playbook]))
def run(request: HttpRequest, playbook: UUID) -> HttpResponse:
    """Run it on incidents: one from its page, or several. Without consent that is forbidden where
    it acts on the plant, and on record.
    """
    row, user = _playbook(request, playbook), actor_of(request)
    incidents = _incidents(request, user)
    if not incidents:
        return _playbook_page(request, row, problems=[gettext("Choose an incident.")], status=422)
    try:
        act = run_playbook(
            playbook_id=row.pk,
            incident_ids=[incident.pk for incident in incidents],
            by=user,
            now=clock.now(),
            reason=request.POST.get("reason", ""),
            act=_act(request),
        )
    except PlantConsentMissing as refusal:
        return _refused(request, row, incidents, refusal.reasons, status=403)
    except CannotRunPlaybook as refusal:
        status = 403 if reasons_against_acting(incidents, by=user) else 422
        return _refused(request, row, incidents, refusal.reasons, status=status)
    words = gettext("%(playbook)s starts in ten seconds") % {"playbook": row.name}
    answer = HttpResponseRedirect(_tab_of(incidents[0]))
    return leave_toast(request, answer, words, undo=reverse("incidents:undo", args=[act]))


@post_only(otherwise=lambda playbook: reverse("automation:playbook", args=[playbook]))
def ask_consent(request: HttpRequest, playbook: UUID) -> HttpResponse:
    """Ask for consent to run it on one incident."""
    row, user = _playbook(request, playbook), actor_of(request)
    incidents = _incidents(request, user)[:1]
    if not incidents:
        return _playbook_page(request, row, problems=[gettext("Choose an incident.")], status=422)
    try:
        request_consent(
            playbook_id=row.pk,
            incident_id=incidents[0].pk,
            reason=request.POST.get("reason", ""),
            by=user,
            now=clock.now(),
        )
    except CannotRequestConsent as refusal:
        status = 403 if reasons_against_acting(incidents, by=user) else 422
        return _refused(request, row, incidents, refusal.reasons, status=status)
    answer = HttpResponseRedirect(_tab_of(incidents[0]))
    return leave_toast(request, answer, gettext("The people who can consent have been notified."))


@require_http_methods(_FORM)
def consent_page(request: HttpRequest, consent: UUID) -> HttpResponse:
    """What is to be consented to, and the two answers."""
    user, now = actor_of(request), clock.now_of(request)
    rows = consents_visible_to(user).select_related(
        "playbook", "incident__workspace__organisation", "asked_by", "decided_by"
    )
    row = get_object_or_404(rows, uuid=consent)
    if request.method != "POST":
        return _consent_page(request, row, user)
    try:
        decide_consent(
            consent=row.uuid,
            is_given=request.POST.get("answer") == "consent",
            reason=request.POST.get("reason", ""),
            by=user,
            now=now,
        )
    except CannotDecideConsent as refusal:
        status = 403 if reasons_against_deciding_consent(row, by=user, now=now) else 422
        return _consent_page(request, row, user, problems=refusal.reasons, status=status)
    answer = HttpResponseRedirect(reverse("automation:consent", args=[consent]))
    return leave_toast(request, answer, gettext("Your answer is on record."))


def _consent_page(
    request: HttpRequest,
    row: PlantConsent,
    user: User,
    *,
    problems: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    now = clock.now_of(request)
    reasons = reasons_against_deciding_consent(row, by=user, now=now)
    page = {
        "now": now,
        "consent": row,
        "number": incident_number_label(row.incident),
        "back": _tab_of(row.incident),
        "evidence": evidence_sentences(row.playbook),
        "steps": step_lines(row.playbook),
        "why_not": reasons if row.state == PlantConsent.State.ASKED else [],
        "may_decide": not reasons,
        "needs_reason": consent_kind(row, by=user) == PlantConsent.Kind.SECOND,
        "problems": problems,
    }
    return render_page(request, "alerts/automation/consent.html", page, status=status)


def _playbook_page(
    request: HttpRequest, row: Playbook, *, problems: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    user = actor_of(request)
    runs = runs_visible_to(user).filter(playbook=row).select_related("incident", "change", "by")
    now = clock.now_of(request)
    marks = {
        name: not against_marking(
            row, acts_on_plant=name == "may_mark", reason="-", by=user, now=now
        )
        for name in ("may_mark", "may_unmark")
    }
    page: dict[str, Any] = {
        "now": now,
        "playbook": row,
        "unread": reasons_of_unread_list(row.workspace_id, now=now),
        "evidence": evidence_sentences(row),
        "steps": step_lines(row),
        "runs": [run_line(found) for found in _newest(runs)],
        "problems": problems,
        **marks,
    }
    return render_page(request, "alerts/automation/playbook.html", page, status=status)


def _newest(runs: Any) -> list[PlaybookRun]:
    return list(runs.order_by("-pk")[:MAX_RUNS])


def _refused(
    request: HttpRequest,
    row: Playbook,
    incidents: Sequence[Incident],
    reasons: Sequence[str],
    *,
    status: int,
) -> HttpResponse:
    page = {"playbook": row, "reasons": reasons, "back": _tab_of(incidents[0])}
    return render_page(request, "alerts/automation/refused.html", page, status=status)


def _playbook(request: HttpRequest, uuid: UUID) -> Playbook:
    rows = playbooks_visible_to(actor_of(request))
    return get_object_or_404(rows.select_related("workspace__organisation", "marked_by"), uuid=uuid)


def _incidents(request: HttpRequest, user: User) -> list[Incident]:
    """The incidents that the form names and the person sees."""
    ids = [int(text) for text in request.POST.getlist("incident") if _is_number(text)]
    rows = incidents_visible_to(user).select_related("workspace__organisation")
    return list(rows.filter(pk__in=ids).order_by("pk"))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _act(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("act", ""))
    except ValueError:
        return None


def _tab_of(incident: Incident) -> str:
    return f"{reverse('incidents:incident', args=[incident.pk])}?tab=playbooks"
