"""What the guard of signatures reads of a version, and the row that a given signature becomes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, DateTimeField, ExpressionWrapper, OuterRef, QuerySet, Subquery

from alerts.reviews.models import CameBy, Verdict
from alerts.rules.bound import is_little
from alerts.rules.guards import signing
from alerts.rules.guards.never import is_strict
from alerts.rules.guards.signing import SigningSide
from alerts.suppression.models import RuleVersion, Signature
from alerts.suppression.policies import rights_to_sign
from portal.accounts.models import User
from portal.accounts.queries import identity_of
from portal.text import visible_text

MAX_VERDICTS_AN_HOUR: Final = 60


def without_flood(verdicts: QuerySet[Verdict]) -> QuerySet[Verdict]:
    """Return those of the verdicts that count: of the first sixty of their person's last hour."""
    hour_before = ExpressionWrapper(
        OuterRef("given_at") - timedelta(hours=1), output_field=DateTimeField()
    )
    earlier = Verdict.objects.filter(
        by=OuterRef("by"), given_at__gt=hour_before, given_at__lte=OuterRef("given_at")
    )
    count = earlier.order_by().values("by").annotate(n=Count("pk")).values("n")
    return verdicts.annotate(given_in_hour=Subquery(count)).filter(
        given_in_hour__lte=MAX_VERDICTS_AN_HOUR
    )


def evidence_that_counts(version: RuleVersion) -> list[Verdict]:
    """Return the verdicts that the version rests on: in force, of people who did not flood, and
    none that came by a token.
    """
    in_force = version.evidence.filter(withdrawn_at=None, superseded_by=None)
    verdicts = in_force.exclude(came_by=CameBy.TOKEN).select_related("by")
    return list(without_flood(verdicts).order_by("pk"))


def evidence_givers(version: RuleVersion) -> frozenset[str]:
    """Return who gave evidence, whether it still counts or not: they sign for OT only."""
    return frozenset(identity_of(verdict.by) for verdict in version.evidence.select_related("by"))


def version_for_guard(version: RuleVersion) -> signing.Version:
    """Return the version as the guard sees it."""
    test = version.backtest
    return signing.Version(
        rule_hash=version.rule_hash,
        forms=tuple(forms_of(version)),
        proposer=identity_of(version.proposed_by) if version.proposed_by else "",
        proposer_side=SigningSide(version.proposer_side) if version.proposer_side else None,
        evidence_givers=evidence_givers(version),
        backtest_hash=test.rule_hash if test else "",
        backtest_at=test.ran_at if test else None,
        is_little_evidence=is_little(
            judged_trials(version), is_strict=is_strict(version.definition)
        ),
    )


def judged_trials(version: RuleVersion) -> int:
    """Return how many verdicts a version has: those on its matches, and of an amendment those on
    what it amends, whose process it is.
    """
    tests = [version.backtest, version.amends.backtest if version.amends else None]
    bodies = [test.body.get("judged") or {} for test in tests if test]
    return sum(judged.get("trials", 0) for judged in bodies)


def forms_of(version: RuleVersion) -> list[str]:
    """Return the hashes of all compiled forms, sorted by workspace."""
    return [text for name in sorted(version.forms) for text in version.forms[name]]


def signer_of(
    user: User, *, version: RuleVersion, kind: str, proved_at: datetime | None
) -> signing.Signer:
    """Return the person with what they may sign here, as the guard sees them."""
    return signing.Signer(
        person=identity_of(user),
        kind=kind,
        rights=rights_to_sign(user, version),
        proved_at=proved_at,
        name=user.name,
    )


def signatures_that_count(version: RuleVersion) -> list[Signature]:
    """Return the signatures that were not voided, of people who could still give them: the second
    one must not let a rule act on the word of somebody who lost account or role since.
    """
    rows = Signature.objects.filter(version=version, void_at=None).select_related("by")
    return [row for row in rows.order_by("pk") if row.side in rights_to_sign(row.by, version)]


def signatures_of(version: RuleVersion) -> list[signing.SideSignature]:
    """Return the signatures that count, as the guard reads them."""
    return [
        signing.SideSignature(
            side=SigningSide(row.side),
            person=identity_of(row.by),
            rule_hash=row.rule_hash,
            forms=tuple(row.forms),
            signed_at=row.signed_at,
        )
        for row in signatures_that_count(version)
    ]


def people_behind(evidence: Iterable[Verdict]) -> set[str]:
    """Return who judged, as far as they count apart from each other (S12). Whatever imports show
    was brought by one hand: without a verdict that was given here it is the word of one person,
    beside one it adds nobody.
    """
    verdicts = list(evidence)
    local = {identity_of(verdict.by) for verdict in verdicts if verdict.came_by == CameBy.PAGE}
    return local or {identity_of(verdict.by) for verdict in verdicts[:1]}


def people_behind_version(version: RuleVersion) -> set[str]:
    """Return who judged what a version rests on: those of its evidence, and of an amendment whoever
    confirmed that the plant changed.
    """
    people = people_behind(evidence_that_counts(version))
    if version.amends_id and version.proposed_by:
        people.add(identity_of(version.proposed_by))
    return people


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningAttempt:
    """What one person wants to sign, and how they came. `seen_hash`: what was on the screen."""

    side: SigningSide
    by: User
    seen_hash: str
    proved_at: datetime | None
    kind: str = "person"
    note: str = ""
    checked_evidence: bool = False


def reasons_against_attempt(
    version: RuleVersion,
    attempt: SigningAttempt,
    *,
    signatures: Sequence[signing.SideSignature],
    now: datetime,
) -> list[str]:
    """Return why this person cannot sign this version for this side; `given` signatures count."""
    reasons: list[str] = []
    reasons += signing.reasons_against_signing(
        version_for_guard(version),
        signer_of(attempt.by, version=version, kind=attempt.kind, proved_at=attempt.proved_at),
        side=attempt.side,
        seen_hash=attempt.seen_hash,
        signatures=signatures,
        now=now,
        note=attempt.note,
        is_checked=attempt.checked_evidence,
    )
    if attempt.side is SigningSide.SOC:
        people = people_behind_version(version)
        reasons += signing.reasons_against_evidence(
            people, is_checked_by_approver=attempt.checked_evidence
        )
    return reasons


def give_signature(version: RuleVersion, attempt: SigningAttempt, *, now: datetime) -> None:
    """Store the signature."""
    Signature.objects.create(
        version=version,
        side=attempt.side,
        by=attempt.by,
        rule_hash=version.rule_hash,
        forms=forms_of(version),
        note=visible_text(attempt.note),
        checked_evidence=attempt.checked_evidence,
        signed_at=now,
    )
