"""One version of a rule: what it says, what it was tested on, who signed, what it did."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from alerts.suppression.backtesting.redaction import body_for
from alerts.suppression.drafting.owners import owners_by_version
from alerts.suppression.drafting.version_page import past_of
from alerts.suppression.models import RuleVersion, State
from alerts.suppression.signing.awaiting_signature import is_stale
from alerts.suppression.web.backtest import reasons_of, shown
from alerts.suppression.web.deployments import of_rule
from alerts.suppression.web.differences import conditions_of
from alerts.suppression.web.ledger import rows_of
from alerts.suppression.web.shared import frame, plant_clocks, version_or_404
from alerts.suppression.web.signing import signing_of
from alerts.suppression.web.suggested import suggested_of
from alerts.suppression.web.trial import new_members_of, trial_of
from alerts.suppression.web.verbs import acts_for
from alerts.suppression.web.words import (
    ENFORCEMENTS,
    ends_chip,
    life_steps,
    routine_cause,
    state_chip,
)
from portal import clock
from portal.accounts.actor import actor_of
from portal.accounts.models import User
from portal.ui.htmx import render_page

TEMPLATE = "alerts/suppression/rule.html"


@require_GET
def rule(request: HttpRequest, version: UUID) -> HttpResponse:
    """One version and all that is known of it."""
    shown_version = version_or_404(request, version)
    context = page_of(request, shown_version, actor_of(request), now=clock.now())
    return render_page(request, TEMPLATE, context, part="rule")


def page_of(
    request: HttpRequest, version: RuleVersion, user: User, *, now: datetime
) -> dict[str, Any]:
    """What the page shows."""
    past = past_of(version, user)
    is_asked = version.state in (State.PROPOSED, State.CHANGES_REQUESTED)
    test = version.backtest
    return (
        frame(user, now)
        | signing_of(request, version, user, past.signatures, now=now)
        | of_rule(version)
        | trial_of(version, user, now=now)
        | new_members_of(version, user)
        | suggested_of(version, user, now=now)
        | {
            "version": version,
            "zone": plant_clocks(version)[0],
            "acts": acts_for(version, user, now=now),
            "state": state_chip(version.state),
            "life": life_steps(version.state, version.paused_from),
            "ends": ends_chip(version.expires_at, now) if version.expires_at else None,
            "conditions": conditions_of(version, past.before),
            "before": past.before,
            "why": routine_cause(str(version.body.get("reason", ""))),
            "owners": owners_by_version([version])[version.pk],
            "enforced": str(ENFORCEMENTS.get(version.enforcement, version.enforcement)),
            "test": shown(body_for(test.body, by=user), said=version.said) if test else None,
            "test_reasons": reasons_of(test.reasons) if test else [],
            "call": "sign" if is_asked else "",
            "is_stale": is_asked and is_stale(version, now=now),
            "evidence": past.evidence,
            "signatures": past.signatures,
            "steps": [(step, state_chip(step.to_state)) for step in past.steps],
            "versions": [(each, state_chip(each.state)) for each in past.versions],
            "matches": rows_of(past.matches, user),
        }
    )
