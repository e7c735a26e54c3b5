"""What the move of a workspace to the Defender portal breaks, as a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from alerts.readiness.engine.move import MOVE_DATE
from alerts.readiness.engine.move_findings import MoveFinding, MoveState
from alerts.readiness.move_wording import (
    MAX_NAMES,
    move_evidence,
    move_fix,
    move_label,
    move_state,
)
from alerts.readiness.policies import may_view
from alerts.readiness.queries.move import move_findings_of, move_read_at
from alerts.readiness.queries.page import workspaces_to_view
from alerts.sentinel.queries import is_in_defender_portal
from portal import clock
from portal.accounts.sessions import actor_of
from portal.ui.responses import render_page

_ICONS = {
    MoveState.OPEN: ("high", "circle-alert"),
    MoveState.UNKNOWN: ("medium", "circle"),
    MoveState.NOTE: ("info", "info"),
}


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One finding. `more` are all names, where the sentence leaves some out."""

    kind: str
    label: str
    evidence: str
    fix: str
    more: Sequence[str]


@dataclass(frozen=True, slots=True)
class MoveSection:
    """Findings that are equally grave."""

    title: str
    tone: str
    icon: str
    rows: Sequence[MoveRow]


@require_GET
def show_move(request: HttpRequest, name: str) -> HttpResponse:
    """Show what the move breaks in a workspace, and what to do before the day."""
    user, now = actor_of(request), clock.now()
    workspace = get_object_or_404(workspaces_to_view(user), name=name)
    if not may_view(workspace, user=user):
        raise Http404
    findings = move_findings_of(workspace, now=now)
    is_in_portal = bool(is_in_defender_portal(workspace.pk))
    states = [finding.state for finding in findings]
    context = {
        "workspace": workspace,
        "day": MOVE_DATE,
        "days_left": max(0, (MOVE_DATE - now.date()).days),
        "is_in_portal": is_in_portal,
        "sections": _sections(findings, is_in_portal=is_in_portal),
        "n_open": states.count(MoveState.OPEN),
        "n_unknown": states.count(MoveState.UNKNOWN),
        "read_at": move_read_at(workspace),
    }
    return render_page(request, "alerts/readiness/move.html", context, part="findings")


def _sections(findings: Sequence[MoveFinding], *, is_in_portal: bool) -> list[MoveSection]:
    sections = []
    for state, (tone, icon) in _ICONS.items():
        rows = [_row(finding) for finding in findings if finding.state is state]
        if rows:
            sections.append(
                MoveSection(move_state(state, is_in_portal=is_in_portal), tone, icon, rows)
            )
    return sections


def _row(finding: MoveFinding) -> MoveRow:
    return MoveRow(
        kind=finding.kind.value,
        label=move_label(finding),
        evidence=move_evidence(finding),
        fix=move_fix(finding),
        more=finding.names if len(finding.names) > MAX_NAMES else (),
    )
