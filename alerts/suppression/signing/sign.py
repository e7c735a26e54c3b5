"""One side's signature of a version: what is held against it, and its row."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.rules.guards.signing import VALID, SigningSide, reasons_not_signed
from alerts.rules.sentence import Sentence
from alerts.suppression.drafting.enforcement_choice import reasons_against_enforcement
from alerts.suppression.drafting.rule_reach import reach_of_rule
from alerts.suppression.models import RuleVersion, VersionState
from alerts.suppression.signing.compiled_forms import reasons_against_forms
from alerts.suppression.signing.propose import reasons_against_rule_now, reasons_against_test
from alerts.suppression.signing.signing_context import (
    SigningAttempt,
    give_signature,
    reasons_against_attempt,
    signatures_of,
    signatures_that_count,
    version_for_guard,
)
from alerts.suppression.transitions import lock_version
from portal.accounts.models import User
from portal.errors import Refused


class CannotSignRule(Refused):
    """The signature was not given."""


def reasons_against_signature(
    version: RuleVersion, *, side: SigningSide, by: User, now: datetime
) -> list[str]:
    """Why this person could not sign for this side whatever the form shows: for pages."""
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
def add_signature(*, version_id: int, attempt: SigningAttempt, now: datetime) -> RuleVersion:
    """Store a signature of a version that waits for it. Raises CannotSignRule."""
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
    return version


def is_signed_by_both(version: RuleVersion, *, now: datetime) -> bool:
    """Whether both sides have signed this version with signatures that count."""
    return not reasons_not_signed(version_for_guard(version), signatures_of(version), now=now)


def _reasons(version: RuleVersion, attempt: SigningAttempt, *, now: datetime) -> list[str]:
    reasons = reasons_against_attempt(version, attempt, signatures=signatures_of(version), now=now)
    if version.backtest is not None:  # it may have been run again since the proposal
        reasons += reasons_against_test(version.backtest)
    rule = version.definition
    reasons += reasons_against_rule_now(rule, reach=reach_of_rule(rule), now=now)
    return reasons + (reasons_against_enforcement(rule) or reasons_against_forms(version))
