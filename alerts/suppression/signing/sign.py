"""Give one side's signature. With both, the rule enters its canary."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.suppression.drafting.enforcement_choice import reasons_against_enforcement
from alerts.suppression.drafting.rule_reach import reach_of_rule
from alerts.suppression.engine.guards.signing import (
    VALID,
    Side,
    reasons_against_evidence,
    reasons_against_signing,
    reasons_not_signed,
)
from alerts.suppression.engine.words import Sentence
from alerts.suppression.models import RuleVersion, Signature, State
from alerts.suppression.signing.propose import reasons_against_rule_now, reasons_against_test
from alerts.suppression.signing.signing_context import (
    evidence_that_counts,
    forms_of,
    paper_of,
    people_behind,
    signatures_of,
    signatures_that_count,
    signer_of,
)
from alerts.suppression.signing.transitions import lock_version
from alerts.suppression.watching.lifecycle import start_canary
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused


class CannotSignRule(Refused):
    """The signature was not given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What one person wants to sign, and how they came."""

    side: Side
    by: User
    seen_hash: str
    proved_at: datetime | None
    kind: str = "person"
    note: str = ""
    checked_evidence: bool = False


def sign_rule(
    *,
    version_id: int,
    side: Side,
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
    asked = _Asked(
        side=side,
        by=by,
        seen_hash=seen_hash,
        proved_at=proved_at,
        kind=kind,
        note=note.strip(),
        checked_evidence=checked_evidence,
    )
    try:
        return _sign(version_id, asked, now=now)
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
    version: RuleVersion, *, side: Side, by: User, now: datetime
) -> list[str]:
    """Why this person could not sign for this side whatever the form says: for pages."""
    asked = _Asked(
        side=side,
        by=by,
        seen_hash=version.rule_hash,
        proved_at=now,
        note="-",
        checked_evidence=True,
    )
    return _reasons(version, asked, now=now)


@transaction.atomic
def _sign(version_id: int, asked: _Asked, *, now: datetime) -> RuleVersion:
    version = lock_version(version_id)
    if asked.kind != "person":  # whatever state it is in: nothing else ever signs
        raise CannotSignRule(Sentence("sign.not_a_person", kind=asked.kind))
    if version.state != State.PROPOSED:
        raise CannotSignRule(gettext("This version is not waiting for signatures."))
    counted = [each.pk for each in signatures_that_count(version) if now - each.signed_at <= VALID]
    version.signatures.filter(void_at=None).exclude(pk__in=counted).update(void_at=now)
    if reasons := _reasons(version, asked, now=now):
        raise CannotSignRule(*reasons)
    Signature.objects.create(
        version=version,
        side=asked.side,
        by=asked.by,
        rule_hash=version.rule_hash,
        forms=forms_of(version),
        note=asked.note,
        checked_evidence=asked.checked_evidence,
        signed_at=now,
    )
    if not reasons_not_signed(paper_of(version), signatures_of(version), now=now):
        start_canary(version, by=asked.by, now=now)
    record(
        "suppression.rule.signed",
        on=version,
        by=asked.by,
        at=now,
        side=asked.side,
        note=asked.note,
        rule_hash=version.rule_hash,
        forms=forms_of(version),
        checked=asked.checked_evidence,
        state=version.state,
    )
    return version


def _reasons(version: RuleVersion, asked: _Asked, *, now: datetime) -> list[str]:
    reasons: list[str] = []
    reasons += reasons_against_signing(
        paper_of(version),
        signer_of(asked.by, version=version, kind=asked.kind, proved_at=asked.proved_at),
        side=asked.side,
        seen_hash=asked.seen_hash,
        given=signatures_of(version),
        now=now,
        note=asked.note,
        is_checked=asked.checked_evidence,
    )
    if asked.side is Side.SOC:
        people = people_behind(evidence_that_counts(version))
        reasons += reasons_against_evidence(people, is_checked_by_approver=asked.checked_evidence)
    if version.backtest is not None:  # it may have been run again since the proposal
        reasons += reasons_against_test(version.backtest)
    said = version.said
    reasons += reasons_against_rule_now(said, reach=reach_of_rule(said), now=now)
    return reasons + reasons_against_enforcement(said)
