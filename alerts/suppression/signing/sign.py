"""Give one side's signature. With both, the rule enters its canary."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.rules.guards.signing import VALID, SigningSide, reasons_not_signed
from alerts.rules.sentence import Sentence
from alerts.suppression.deploying.compiled_forms import reasons_against_forms
from alerts.suppression.drafting.enforcement_choice import reasons_against_enforcement
from alerts.suppression.drafting.rule_reach import reach_of_rule
from alerts.suppression.models import RuleVersion, VersionState
from alerts.suppression.signing.propose import reasons_against_rule_now, reasons_against_test
from alerts.suppression.signing.signing_context import (
    SigningAttempt,
    forms_of,
    give_signature,
    reasons_against_attempt,
    signatures_of,
    signatures_that_count,
    version_for_guard,
)
from alerts.suppression.signing.transitions import lock_version
from alerts.suppression.watching.lifecycle import start_canary
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.text import visible_text


class CannotSignRule(Refused):
    """The signature was not given."""


def sign_rule(
    *,
    version_id: int,
    side: SigningSide,
    by: User,
    seen_hash: str,
    now: datetime,
    proved_at: datetime | None,
    kind: str = "person",
    note: str = "",
    checked_evidence: bool = False,
) -> RuleVersion:
    """Sign what was on the screen (`seen_hash`). Refuses a second signature of one person, tokens,
    a proof of identity older than five minutes. Every refusal is put on record.
    """
    attempt = SigningAttempt(
        side=side,
        by=by,
        seen_hash=seen_hash,
        proved_at=proved_at,
        kind=kind,
        note=visible_text(note),
        checked_evidence=checked_evidence,
    )
    try:
        return _sign(version_id, attempt, now=now)
    except CannotSignRule as refusal:
        with transaction.atomic():
            version = RuleVersion.objects.select_related("rule").get(pk=version_id)
            reasons = [str(reason) for reason in refusal.reasons]
            record(
                "suppression.signature.refused",
                on=version,
                by=by,
                at=now,
                side=side,
                kind=kind,
                reasons=reasons,
            )
        raise


def reasons_against_signature(
    version: RuleVersion, *, side: SigningSide, by: User, now: datetime
) -> list[str]:
    """Why this person could not sign for this side whatever the form says: for pages."""
    attempt = SigningAttempt(
        side=side,
        by=by,
        seen_hash=version.rule_hash,
        proved_at=now,
        note="-",
        checked_evidence=True,
    )
    return _reasons(version, attempt, now=now)


@transaction.atomic
def _sign(version_id: int, attempt: SigningAttempt, *, now: datetime) -> RuleVersion:
    version = lock_version(version_id)
    if attempt.kind != "person":  # whatever state it is in: nothing else ever signs
        raise CannotSignRule(Sentence("sign.not_a_person", kind=attempt.kind))
    if version.state != VersionState.PROPOSED:
        raise CannotSignRule(gettext("This version is not waiting for signatures."))
    valid_ids = [
        signature.pk
        for signature in signatures_that_count(version)
        if now - signature.signed_at <= VALID
    ]
    version.signatures.filter(void_at=None).exclude(pk__in=valid_ids).update(void_at=now)
    if reasons := _reasons(version, attempt, now=now):
        raise CannotSignRule(*reasons)
    give_signature(version, attempt, now=now)
    if not reasons_not_signed(version_for_guard(version), signatures_of(version), now=now):
        start_canary(version, by=attempt.by, now=now)
    record(
        "suppression.rule.signed",
        on=version,
        by=attempt.by,
        at=now,
        side=attempt.side,
        note=attempt.note,
        rule_hash=version.rule_hash,
        forms=forms_of(version),
        checked=attempt.checked_evidence,
        state=version.state,
    )
    return version


def _reasons(version: RuleVersion, attempt: SigningAttempt, *, now: datetime) -> list[str]:
    reasons = reasons_against_attempt(version, attempt, signatures=signatures_of(version), now=now)
    if version.backtest is not None:  # it may have been run again since the proposal
        reasons += reasons_against_test(version.backtest)
    rule = version.definition
    reasons += reasons_against_rule_now(rule, reach=reach_of_rule(rule), now=now)
    return reasons + (reasons_against_enforcement(rule) or reasons_against_forms(version))
