"""Decide about a candidate: make a rule of it, reject it, put it off, take that back."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.patterns.engine.candidate import tagout_rule
from alerts.patterns.models import Candidate, State
from alerts.patterns.policies import reasons_against_deciding, reasons_against_rule
from alerts.patterns.queries import annotations_of
from alerts.reviews.engine.causes import cause
from alerts.suppression.engine.rule import Rule, as_json
from alerts.suppression.engine.undirected import undirected
from alerts.suppression.models import RuleVersion
from alerts.suppression.services.drafts import draft_rule
from alerts.suppression.services.enforcement import reasons_against_enforcement
from alerts.suppression.services.people import usual_owners
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.ui.words import number

SNOOZE = timedelta(days=30)
LONGEST_REASON = 500
MOST_EVIDENCE = 50


class CannotDecide(Refused):
    """Nothing was decided about the candidate."""


@transaction.atomic
def turn_into_rule(*, candidate_id: int, by: User, now: datetime) -> RuleVersion:
    """Write a draft that says what the candidate is, with the verdicts as its evidence."""
    candidate = _locked(candidate_id)
    if reasons := reasons_against_rule(candidate, by=by):
        raise CannotDecide(*reasons)
    said = rule_of(candidate, now=now)
    body = as_json(said) | usual_owners(said, by=by)
    version = draft_rule(by=by, now=now, body=body)
    candidate.rule = version.rule
    _settle(candidate, State.HAS_RULE, by=by, now=now)
    record("patterns.candidate.turned", on=candidate, by=by, at=now, rule=version.rule.label)
    return version


@transaction.atomic
def reject_candidate(*, candidate_id: int, by: User, now: datetime, reason: str) -> Candidate:
    """Say why no rule shall come of it; it is not offered again."""
    candidate = _locked(candidate_id)
    reasons = reasons_against_deciding(candidate, by=by)
    if not reason.strip():
        reasons.append(_("Say in a few words why this should not become a rule."))
    if len(reason) > LONGEST_REASON:
        reasons.append(_("A reason has at most %(n)s characters.") % {"n": number(LONGEST_REASON)})
    _refuse(candidate, reasons)
    _settle(candidate, State.REJECTED, by=by, now=now, reason=reason.strip())
    record("patterns.candidate.rejected", on=candidate, by=by, at=now, reason=reason.strip())
    return candidate


@transaction.atomic
def snooze_candidate(*, candidate_id: int, by: User, now: datetime) -> Candidate:
    """Put it off for thirty days."""
    candidate = _locked(candidate_id)
    _refuse(candidate, reasons_against_deciding(candidate, by=by))
    candidate.snoozed_until = now + SNOOZE
    _settle(candidate, State.SNOOZED, by=by, now=now)
    record("patterns.candidate.snoozed", on=candidate, by=by, at=now,
           until=candidate.snoozed_until)  # fmt: skip
    return candidate


@transaction.atomic
def reopen_candidate(*, candidate_id: int, by: User, now: datetime) -> Candidate:
    """Offer it again after it was rejected or put off."""
    candidate = _locked(candidate_id)
    _refuse(candidate, reasons_against_deciding(candidate, by=by))
    _settle(candidate, State.OPEN, by=by, now=now)
    record("patterns.candidate.reopened", on=candidate, by=by, at=now)
    return candidate


def rule_of(candidate: Candidate, *, now: datetime) -> Rule:
    """Return the rule that the candidate would be, with source and destination as it has them.
    Only where it has neither can Sentinel hold the same, which knows no direction.
    """
    given = [
        each for each in annotations_of(candidate) if each.verdict in ("routine", "maintenance")
    ]
    known = cause(candidate.cause) if candidate.cause else None
    reason, evidence = known.label() if known else "", [str(e.uuid) for e in given[:MOST_EVIDENCE]]
    said = tagout_rule(candidate.parts, candidate.window, now=now, reason=reason, evidence=evidence)
    if candidate.window is not None or candidate.parts.source or candidate.parts.destination:
        return said
    for_sentinel = undirected(said)
    return said if reasons_against_enforcement(for_sentinel) else for_sentinel


def _locked(candidate_id: int) -> Candidate:
    rows = Candidate.objects.select_related("workspace__organisation", "site", "rule")
    return rows.select_for_update(of=("self",)).get(pk=candidate_id)


def _refuse(candidate: Candidate, reasons: list[str]) -> None:
    if candidate.state == State.HAS_RULE and candidate.rule is not None:
        reasons.append(_("%(rule)s was already made from it.") % {"rule": candidate.rule.label})
    if reasons:
        raise CannotDecide(*reasons)


def _settle(
    candidate: Candidate, state: State, *, by: User, now: datetime, reason: str = ""
) -> None:
    candidate.state, candidate.state_by, candidate.state_at = state, by, now
    candidate.state_reason = reason
    if state != State.SNOOZED:
        candidate.snoozed_until = None
    candidate.save(
        update_fields=["state", "state_by", "state_at", "state_reason", "snoozed_until", "rule"]
    )
