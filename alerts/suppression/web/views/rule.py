"""One version of a rule: what it states, what it was tested on, who signed, how its trial goes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from alerts.incidents.queries import incidents_visible_to
from alerts.rules.trial import is_overdue
from alerts.suppression.backtesting.history_sql import BackTestTimedOut, statement_limit
from alerts.suppression.backtesting.redaction import redacted_body
from alerts.suppression.drafting.current_version import Past, past_of
from alerts.suppression.drafting.suggested_version import line_changes
from alerts.suppression.enforcing.group_members import late_members
from alerts.suppression.enforcing.held_devices import holds_on_rule
from alerts.suppression.models import BrakeTrip, LedgerEntry, RuleVersion, VersionState
from alerts.suppression.queries import ledger_visible_to
from alerts.suppression.signing.awaiting_signature import is_stale
from alerts.suppression.signing.notify import stop_in_words
from alerts.suppression.signing.people import owners_by_version
from alerts.suppression.watching.backlog import may_close_backlog
from alerts.suppression.watching.credit_sources import credit_by_source, credit_lines
from alerts.suppression.watching.trials import approvals_in_force, trial_lines, trial_progress_of
from alerts.suppression.web.backtest import backtest_reasons, summarize_backtest
from alerts.suppression.web.closes_chart import chart_of_version
from alerts.suppression.web.shared import page_frame, plant_clocks, version_or_404
from alerts.suppression.web.signing import signing_of
from alerts.suppression.web.verbs import ActLink, acts_for, may_do
from alerts.suppression.web.views.deployments import of_rule
from alerts.suppression.web.views.ledger import ledger_rows
from alerts.suppression.web.wording import (
    ENFORCEMENTS,
    clause_line,
    ends_chip,
    life_steps,
    routine_cause,
    state_chip,
    version_lines,
)
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.ui.responses import render_page

TEMPLATE = "alerts/suppression/rule.html"
_WAYS_BACK = ("renew", "new-version")
MAX_SECONDS = 2.0  # for what is suggested


def suggested_of(version: RuleVersion, user: User, *, now: datetime) -> dict[str, Any]:
    """What the card on a suggested version shows; nothing where the rule fits, or where history
    cannot be read in time.
    """
    try:
        with statement_limit(MAX_SECONDS):
            changes = line_changes(version, now=now)
    except BackTestTimedOut:
        changes = []
    return {
        "suggested": [
            (clause_line(change.line), clause_line(change.new_line), change.newcomers)
            for change in changes
        ],
        "may_take_suggested": bool(changes) and may_do("take-suggested", version, user, now=now),
    }


def trial_of(version: RuleVersion, user: User, *, now: datetime) -> dict[str, Any]:
    """What the card on the trial shows; nothing where the version is not in its trial."""
    if version.state != VersionState.IN_TRIAL:
        return {"trial": None}
    progress = trial_progress_of(version)
    ids = progress.credited
    incidents = incidents_visible_to(user).filter(pk__in=ids).order_by("-created_at", "-pk")
    return {
        "trial": progress,
        "trial_lines": trial_lines(progress, now=now),
        "trial_is_unended": is_overdue(progress.trial, now=now),
        "trial_has_nothing": not progress.trial.counted,
        "approvals": approvals_in_force(version, now=now),
        "credit_lines": credit_lines(credit_by_source(ids)) if ids else [],
        "credited": list(incidents),
        "credited_hidden": len(ids) - len(incidents),
    }


def new_members_of(version: RuleVersion, user: User) -> dict[str, Any]:
    """What the card on new members shows: who joined the rule's groups after it was signed, and the
    incident in which a person meets them, where this one may see it.
    """
    late = late_members(version) if version.is_acting else []
    first = {member.first for member in late if member.first}
    visible = incidents_visible_to(user).filter(pk__in=first).in_bulk()
    return {"new_members": [(member, visible.get(member.first or 0)) for member in late]}


def holds_of(version: RuleVersion, user: User, *, now: datetime) -> dict[str, Any]:
    """What the card on held devices shows: cases that hold open what the rule would close."""
    found = holds_on_rule(version, incidents_visible_to(user), now=now) if version.is_acting else []
    return {"holds": [(case, case.case) for case in found]}


def stop_of(
    version: RuleVersion, past: Past, user: User, acts: Sequence[ActLink]
) -> dict[str, Any]:
    """What the note on a stop shows: its brake and cause, the incident that caused it where this
    person may see it, and the ways back. Nothing where the rule has not stopped by itself.
    """
    if version.state != VersionState.PAUSED or not version.needs_approval:
        return {"stopped_why": ""}
    stops = (step for step in past.steps if step.to_state == VersionState.PAUSED)
    stop = next(stops, None)
    closes = ledger_visible_to(user).filter(version=version)
    at_the_stop = closes.filter(ended_at=stop.at) if stop else closes.none()
    ids = list(at_the_stop.values_list("incident_id", flat=True))
    trip = BrakeTrip.objects.filter(version=version).order_by("pk").last()
    if trip is not None and stop is not None and trip.stopped_at == stop.at:
        brake, ids = trip.get_brake_display(), [trip.incident_id]
    else:
        was_wrong = stop and LedgerEntry.objects.filter(version=version, ended_at=stop.at).exists()
        brake = gettext("Roll-back") if was_wrong else gettext("Guard")
    ways_back = [reverse("suppression:act", args=[version.uuid, name]) for name in _WAYS_BACK]
    return {
        "stopped_why": stop_in_words(stop.reason) if stop else "",
        "brake": brake,
        "stopped_by": incidents_visible_to(user).filter(pk__in=ids).first(),
        "acts_after_stop": [act for act in acts if act.href in ways_back],
    }


@require_GET
def rule(request: HttpRequest, version: UUID) -> HttpResponse:
    """One version and all that is known of it."""
    shown_version = version_or_404(request, version)
    context = rule_page_context(request, shown_version, actor_of(request), now=clock.now())
    return render_page(request, TEMPLATE, context, part="rule")


def rule_page_context(
    request: HttpRequest, version: RuleVersion, user: User, *, now: datetime
) -> dict[str, Any]:
    """What the page shows."""
    past = past_of(version, user)
    is_asked = version.state in (VersionState.PROPOSED, VersionState.CHANGES_REQUESTED)
    test, zones = version.backtest, plant_clocks(version)
    acts = acts_for(version, user, now=now)
    return (
        page_frame(user, now)
        | signing_of(request, version, user, past.signatures, now=now)
        | of_rule(version, now=now)
        | trial_of(version, user, now=now)
        | new_members_of(version, user)
        | holds_of(version, user, now=now)
        | suggested_of(version, user, now=now)
        | stop_of(version, past, user, acts)
        | {
            "version": version,
            "may_close_backlog": may_close_backlog(user, version),
            "zone": zones[0],
            "closes": chart_of_version(
                version, past.steps, ledger_visible_to(user), zones=zones, now=now
            ),
            "acts": acts,
            "state": state_chip(version.state),
            "life": life_steps(version, {step.to_state for step in past.steps}),
            "ends": ends_chip(version.expires_at, now) if version.expires_at else None,
            "conditions": version_lines(version, past.before),
            "before": past.before,
            "why": routine_cause(str(version.body.get("reason", ""))),
            "owners": owners_by_version([version])[version.pk],
            "enforced": str(ENFORCEMENTS.get(version.enforcement, version.enforcement)),
            "test": summarize_backtest(redacted_body(test.body, by=user), rule=version.definition)
            if test
            else None,
            "test_reasons": backtest_reasons(test.reasons) if test else [],
            "call": "sign" if is_asked else "",
            "is_stale": is_asked and is_stale(version, now=now),
            "evidence": past.evidence,
            "signatures": past.signatures,
            "steps": [(step, state_chip(step.to_state)) for step in past.steps],
            "versions": [(other, state_chip(other.state)) for other in past.versions],
            "matches": ledger_rows(past.matches, user),
        }
    )
