"""Decide about a pattern: make a rule of it, reject it, put it off, take that back."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, zip_longest

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.patterns.engine.rule_text import rule_for
from alerts.patterns.models import Candidate, PatternState
from alerts.patterns.policies import (
    reasons_against_deciding_pattern,
    reasons_against_rule_of_pattern,
)
from alerts.reviews.engine.causes import cause
from alerts.reviews.models import Annotation, VerdictKind
from alerts.reviews.queries.questions import annotations_in_force
from alerts.rules.guards.signing import SigningSide
from alerts.rules.rule import RuleDefinition, as_json
from alerts.suppression.drafting.drafts import draft_rule
from alerts.suppression.drafting.enforcement_choice import SENTINEL, reasons_against_enforcement
from alerts.suppression.drafting.rule_reach import reach_of_rule
from alerts.suppression.models import RuleVersion
from alerts.suppression.signing.people import people_of_side, usual_owners
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.text import visible_text
from portal.ui.words import number

SNOOZE = timedelta(days=30)
MAX_REASON = 500
MAX_EVIDENCE = 60  # as many as guards count of one person and hour (S12)


class CannotDecidePattern(Refused):
    """Nothing was decided about the candidate."""


@transaction.atomic
def turn_into_rule(*, candidate_id: int, by: User, now: datetime) -> RuleVersion:
    """Draft a rule that describes the pattern, with the verdicts as its evidence."""
    candidate = _locked(candidate_id)
    if reasons := reasons_against_rule_of_pattern(candidate, by=by):
        raise CannotDecidePattern(*reasons)
    rule = rule_of_pattern(candidate, now=now)
    body = as_json(rule) | rule_owners_for(candidate, rule=rule, by=by)
    version = draft_rule(by=by, now=now, body=body)
    candidate.rule = version.rule
    _settle(candidate, PatternState.HAS_RULE, by=by, now=now)
    record("patterns.candidate.turned", on=candidate, by=by, at=now, rule=version.rule.label)
    return version


@transaction.atomic
def reject_candidate(*, candidate_id: int, by: User, now: datetime, reason: str) -> Candidate:
    """Say why no rule shall come of it; it is not offered again."""
    candidate = _locked(candidate_id)
    reasons = reasons_against_deciding_pattern(candidate, by=by)
    if not visible_text(reason):
        reasons.append(_("Say in a few words why this should not become a rule."))
    if len(reason) > MAX_REASON:
        reasons.append(_("A reason has at most %(n)s characters.") % {"n": number(MAX_REASON)})
    _refuse(candidate, reasons)
    _settle(candidate, PatternState.REJECTED, by=by, now=now, reason=visible_text(reason))
    record("patterns.candidate.rejected", on=candidate, by=by, at=now, reason=visible_text(reason))
    return candidate


@transaction.atomic
def snooze_candidate(*, candidate_id: int, by: User, now: datetime) -> Candidate:
    """Put it off for thirty days."""
    candidate = _locked(candidate_id)
    _refuse(candidate, reasons_against_deciding_pattern(candidate, by=by))
    candidate.snoozed_until = now + SNOOZE
    _settle(candidate, PatternState.SNOOZED, by=by, now=now)
    record("patterns.candidate.snoozed", on=candidate, by=by, at=now, until=candidate.snoozed_until)
    return candidate


@transaction.atomic
def reopen_candidate(*, candidate_id: int, by: User, now: datetime) -> Candidate:
    """Offer it again after it was rejected or put off."""
    candidate = _locked(candidate_id)
    _refuse(candidate, reasons_against_deciding_pattern(candidate, by=by))
    _settle(candidate, PatternState.OPEN, by=by, now=now)
    record("patterns.candidate.reopened", on=candidate, by=by, at=now)
    return candidate


def rule_of_pattern(candidate: Candidate, *, now: datetime) -> RuleDefinition:
    """Return the rule that describes the pattern, at its site, so that people there can own it.
    Tagout enforces it, but where Sentinel can hold exactly this rule.
    """
    main_cause = cause(candidate.cause) if candidate.cause else None
    rule = rule_for(
        candidate.process,
        time_zone=candidate.time_zone,
        now=now,
        reason=main_cause.label() if main_cause else candidate.cause,
        evidence=[str(annotation.uuid) for annotation in harmless_verdicts(candidate)],
    )
    in_sentinel = replace(rule, enforcement=SENTINEL)
    return rule if reasons_against_enforcement(in_sentinel) else in_sentinel


def harmless_verdicts(candidate: Candidate) -> list[Annotation]:
    """Return the harmless verdicts that a rule rests on, at most as many as guards count of one
    person: those of every person in turn, the newest of each first.
    """
    by_person: dict[int, list[Annotation]] = defaultdict(list)
    annotations = annotations_in_force().filter(
        uuid__in=candidate.annotations, verdict__in=[VerdictKind.ROUTINE, VerdictKind.MAINTENANCE]
    )
    for annotation in annotations.select_related("by").order_by("-given_at", "-pk"):
        by_person[annotation.by_id].append(annotation)
    in_turn = chain.from_iterable(zip_longest(*by_person.values()))
    return [item for item in in_turn if item is not None][:MAX_EVIDENCE]


def rule_owners_for(candidate: Candidate, *, rule: RuleDefinition, by: User) -> dict[str, str]:
    """Return who owns the rule: usual owners, and on a side that has none, who judged most of it
    for OT, else who may sign for that side, the site's lead first.
    """
    owners = usual_owners(rule, by=by)
    reach = reach_of_rule(rule)
    version = RuleVersion(workspace_ids=list(reach.workspace_ids), site_ids=list(reach.site_ids))
    judged = Counter(annotation.by_id for annotation in harmless_verdicts(candidate))
    for name, side in (("owner_ot", SigningSide.OT), ("owner_soc", SigningSide.SOC)):
        if name in owners:
            continue
        people = [
            person
            for person in people_of_side(version, side=side)
            if person.email not in owners.values()
        ]
        if side is SigningSide.OT:
            people.sort(key=lambda person: -judged[person.pk])
        if people:
            owners[name] = people[0].email
    return owners


def _locked(candidate_id: int) -> Candidate:
    rows = Candidate.objects.select_related("workspace__organisation", "site", "rule")
    return rows.select_for_update(of=("self",)).get(pk=candidate_id)


def _refuse(candidate: Candidate, reasons: list[str]) -> None:
    if candidate.state == PatternState.HAS_RULE and candidate.rule is not None:
        reasons.append(_("%(rule)s was already made from it.") % {"rule": candidate.rule.label})
    if reasons:
        raise CannotDecidePattern(*reasons)


def _settle(
    candidate: Candidate, state: PatternState, *, by: User, now: datetime, reason: str = ""
) -> None:
    candidate.state, candidate.state_by, candidate.state_at = state, by, now
    candidate.state_reason = reason
    if state != PatternState.SNOOZED:
        candidate.snoozed_until = None
    candidate.save(
        update_fields=["state", "state_by", "state_at", "state_reason", "snoozed_until", "rule"]
    )
