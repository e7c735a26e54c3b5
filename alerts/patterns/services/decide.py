"""Decide about a pattern: make a rule of it, reject it, put it off, take that back."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, zip_longest

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.patterns.engine.next_version import with_exceptions_of
from alerts.patterns.engine.rule_text import rule_for
from alerts.patterns.models import Pattern, PatternState
from alerts.patterns.policies import (
    obstacles_in_words,
    reasons_against_deciding_pattern,
    reasons_against_rule_of_pattern,
)
from alerts.patterns.queries.growth import (
    is_growth_judged,
    keeps_lines,
    loses_much,
    names_refused,
)
from alerts.patterns.queries.plan import is_way_out
from alerts.reviews.engine.causes import cause
from alerts.reviews.models import Verdict, VerdictKind
from alerts.reviews.queries.questions import verdicts_in_force
from alerts.rules.guards.signing import SigningSide
from alerts.rules.rule import RuleDefinition, as_json
from alerts.suppression.drafting.drafts import draft_rule, edit_version, save_draft
from alerts.suppression.drafting.enforcement_choice import SENTINEL, reasons_against_enforcement
from alerts.suppression.drafting.rule_reach import reach_of_rule
from alerts.suppression.drafting.suggestions import MAX_EVIDENCE
from alerts.suppression.models import OPEN, RuleVersion, VersionState
from alerts.suppression.queries import trials_that_cannot_end
from alerts.suppression.signing.people import people_of_side, usual_owners
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.text import visible_text
from portal.ui.words import number

SNOOZE = timedelta(days=30)
MAX_REASON = 500


class CannotDecidePattern(Refused):
    """Nothing was decided about the pattern."""


@transaction.atomic
def turn_into_rule(*, pattern_id: int, by: User, now: datetime) -> RuleVersion:
    """Draft a rule that describes the pattern, with the verdicts as its evidence."""
    pattern = _locked(pattern_id)
    if reasons := reasons_against_rule_of_pattern(pattern, by=by):
        raise CannotDecidePattern(*reasons)
    rule = rule_of_pattern(pattern, now=now)
    body = as_json(rule) | rule_owners_for(pattern, rule=rule, by=by)
    version = draft_rule(by=by, now=now, body=body)
    pattern.rule = version.rule
    _settle(pattern, PatternState.HAS_RULE, by=by, now=now)
    record("patterns.candidate.turned", on=pattern, by=by, at=now, rule=version.rule.label)
    return version


@transaction.atomic
def draft_next_version(*, pattern_id: int, by: User, now: datetime) -> RuleVersion:
    """Draft the next version of the live rule that a pattern outgrew, or of one whose trial cannot
    end because of a true positive that the pattern leaves out. Refuses where nobody has
    called harmless what is new in it, where OT has called a device of it something else, where the
    rule would lose much of what it closes or a line that is narrower by hand, and where another
    version of it is in work or in its trial. What the live version excepts stays excepted.
    """
    pattern = _locked(pattern_id)
    reasons = reasons_against_deciding_pattern(pattern, by=by)
    versions = RuleVersion.objects.filter(rule=pattern.rule)
    stuck = trials_that_cannot_end().filter(rule=pattern.rule).first()
    former = stuck or versions.filter(state=VersionState.LIVE).first()
    if former is None:
        _refuse(pattern, reasons)
        raise CannotDecidePattern(_("No live rule was made from it."))
    in_the_way = OPEN if stuck else (*OPEN, VersionState.IN_TRIAL)
    if versions.filter(state__in=in_the_way).exists():
        words = {"rule": former.rule.label}
        raise CannotDecidePattern(*reasons, _("Another version of %(rule)s is in work.") % words)
    reasons += obstacles_in_words(pattern.obstacles)
    if stuck is None:
        reasons += _reasons_against_growth(pattern, former, now=now)
    elif not is_way_out(pattern, stuck):
        reasons.append(_("The pattern does not leave out the true positive, or changes more."))
    if reasons:
        raise CannotDecidePattern(*reasons)
    draft = edit_version(version_id=former.pk, by=by, now=now)
    rule = as_json(rule_of_pattern(pattern, now=now, live=former.definition))
    owners = {name: draft.body[name] for name in ("owner_ot", "owner_soc") if name in draft.body}
    if draft.enforcement != SENTINEL:  # who closes is not what the pattern is about
        rule["enforcement"] = draft.enforcement
    saved = save_draft(
        version_id=draft.pk, by=by, now=now, body=rule | owners, revision=draft.revision
    )
    record("patterns.candidate.turned", on=pattern, by=by, at=now, rule=former.rule.label)
    return saved


@transaction.atomic
def reject_pattern(*, pattern_id: int, by: User, now: datetime, reason: str) -> Pattern:
    """Say why no rule shall come of it; it is not offered again."""
    pattern = _locked(pattern_id)
    reasons = reasons_against_deciding_pattern(pattern, by=by)
    if not visible_text(reason):
        reasons.append(_("Say in a few words why this should not become a rule."))
    if len(reason) > MAX_REASON:
        reasons.append(_("A reason has at most %(n)s characters.") % {"n": number(MAX_REASON)})
    _refuse(pattern, reasons)
    _settle(pattern, PatternState.REJECTED, by=by, now=now, reason=visible_text(reason))
    record("patterns.candidate.rejected", on=pattern, by=by, at=now, reason=visible_text(reason))
    return pattern


@transaction.atomic
def snooze_pattern(*, pattern_id: int, by: User, now: datetime) -> Pattern:
    """Put it off for thirty days."""
    pattern = _locked(pattern_id)
    _refuse(pattern, reasons_against_deciding_pattern(pattern, by=by))
    pattern.snoozed_until = now + SNOOZE
    _settle(pattern, PatternState.SNOOZED, by=by, now=now)
    record("patterns.candidate.snoozed", on=pattern, by=by, at=now, until=pattern.snoozed_until)
    return pattern


@transaction.atomic
def reopen_pattern(*, pattern_id: int, by: User, now: datetime) -> Pattern:
    """Offer it again after it was rejected or put off."""
    pattern = _locked(pattern_id)
    _refuse(pattern, reasons_against_deciding_pattern(pattern, by=by))
    _settle(pattern, PatternState.OPEN, by=by, now=now)
    record("patterns.candidate.reopened", on=pattern, by=by, at=now)
    return pattern


def _reasons_against_growth(pattern: Pattern, live: RuleVersion, *, now: datetime) -> list[str]:
    reasons, rule = [], {"rule": live.rule.label}
    if not pattern.has_enough_evidence or not is_growth_judged(pattern, live):
        reasons.append(_("Nobody of OT has said yet that what is new in it is routine."))
    if refused := names_refused(pattern, live):
        reasons.append(
            _("OT has said that this is something else than what %(rule)s is about: %(names)s.")
            % (rule | {"names": ", ".join(refused)})
        )
    if not keeps_lines(pattern, live):
        reasons.append(
            _("%(rule)s has lines narrower than this pattern. Write its next version by hand.")
            % rule
        )
    if loses_much(pattern, live, now=now):
        reasons.append(
            _("It would no longer cover alerts that %(rule)s matched in the last four weeks.")
            % rule
        )
    return reasons


def rule_of_pattern(
    pattern: Pattern, *, now: datetime, live: RuleDefinition | None = None
) -> RuleDefinition:
    """Return the rule that describes the pattern, at its site, so that people there can own it.
    Tagout enforces it, but where Sentinel can hold exactly this rule. What `live` excepts, the
    version that it would follow, is excepted.
    """
    main_cause = cause(pattern.cause) if pattern.cause else None
    rule = rule_for(
        pattern.process,
        time_zone=pattern.time_zone,
        now=now,
        reason=main_cause.label() if main_cause else pattern.cause,
        evidence=[str(verdict.uuid) for verdict in harmless_verdicts(pattern)],
    )
    rule = replace(rule, title=pattern.title)
    if live is not None:
        rule = with_exceptions_of(live, rule)
    in_sentinel = replace(rule, enforcement=SENTINEL)
    return rule if reasons_against_enforcement(in_sentinel) else in_sentinel


def harmless_verdicts(pattern: Pattern) -> list[Verdict]:
    """Return the harmless verdicts that a rule rests on, as many as a rule names: those of every
    person in turn, the newest of each first. How many of them count is for the guards (S12).
    """
    by_person: dict[int, list[Verdict]] = defaultdict(list)
    verdicts = verdicts_in_force().filter(
        uuid__in=pattern.verdict_uuids, kind__in=[VerdictKind.ROUTINE, VerdictKind.MAINTENANCE]
    )
    for verdict in verdicts.select_related("by").order_by("-given_at", "-pk"):
        by_person[verdict.by_id].append(verdict)
    in_turn = chain.from_iterable(zip_longest(*by_person.values()))
    return [item for item in in_turn if item is not None][:MAX_EVIDENCE]


def rule_owners_for(pattern: Pattern, *, rule: RuleDefinition, by: User) -> dict[str, str]:
    """Return who owns the rule: usual owners, and on a side that has none, who judged most of it
    for OT, else who may sign for that side, the site's lead first.
    """
    owners = usual_owners(rule, by=by)
    reach = reach_of_rule(rule)
    version = RuleVersion(workspace_ids=list(reach.workspace_ids), site_ids=list(reach.site_ids))
    judged = Counter(verdict.by_id for verdict in harmless_verdicts(pattern))
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


def _locked(pattern_id: int) -> Pattern:
    rows = Pattern.objects.select_related("workspace__organisation", "site", "rule")
    return rows.select_for_update(of=("self",)).get(pk=pattern_id)


def _refuse(pattern: Pattern, reasons: list[str]) -> None:
    if pattern.state == PatternState.HAS_RULE and pattern.rule is not None:
        reasons.append(_("%(rule)s was already made from it.") % {"rule": pattern.rule.label})
    if reasons:
        raise CannotDecidePattern(*reasons)


def _settle(
    pattern: Pattern, state: PatternState, *, by: User, now: datetime, reason: str = ""
) -> None:
    pattern.state, pattern.state_by, pattern.state_at = state, by, now
    pattern.state_reason = reason
    if state != PatternState.SNOOZED:
        pattern.snoozed_until = None
    pattern.save(
        update_fields=["state", "state_by", "state_at", "state_reason", "snoozed_until", "rule"]
    )
