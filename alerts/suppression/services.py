"""Sign a rule. With the signatures of both sides its trial begins, which the watch looks after."""

from datetime import datetime

from django.db import transaction

from alerts.rules.guards.signing import SigningSide
from alerts.suppression.models import RuleVersion
from alerts.suppression.signing.sign import CannotSignRule, add_signature, is_signed_by_both
from alerts.suppression.signing.signing_context import SigningAttempt, forms_of
from alerts.suppression.watching.lifecycle import start_trial
from portal.accounts.models import User
from portal.audit.services import record
from portal.text import visible_text


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


@transaction.atomic
def _sign(version_id: int, attempt: SigningAttempt, *, now: datetime) -> RuleVersion:
    version = add_signature(version_id=version_id, attempt=attempt, now=now)
    if is_signed_by_both(version, now=now):
        start_trial(version, by=attempt.by, now=now)
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
