"""Proposals that wait for a signature: mine to give, others', and what was decided lately."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Prefetch, QuerySet

from alerts.rules.guards.signing import VALID, SigningSide
from alerts.suppression.models import RuleVersion, Signature, Step, VersionState
from alerts.suppression.policies import may_sign_rules, rights_by_version
from alerts.suppression.queries import versions_visible_to
from portal.accounts.models import User

RECENT: Final = timedelta(days=30)
MAX_VERSIONS: Final = 50
_DECIDED: Final = (VersionState.IN_TRIAL, VersionState.REJECTED, VersionState.CHANGES_REQUESTED)


@dataclass(frozen=True, slots=True)
class SignatureRequest:
    """One proposal. `open_sides`: those that this person could sign for now."""

    version: RuleVersion
    open_sides: frozenset[SigningSide]
    signed: dict[SigningSide, Signature]
    is_stale: bool

    @property
    def due_at(self) -> datetime | None:
        """Return until when signatures count: then the first one, or the back-test, is too old and
        must be made again. None without a back-test.
        """
        if self.version.backtest is None:
            return None
        made = [signature.signed_at for signature in self.signed.values()]
        return min([self.version.backtest.ran_at, *made]) + VALID

    @property
    def missing(self) -> list[SigningSide]:
        """Return the sides that have not signed."""
        return [side for side in SigningSide if side not in self.signed]


def requests_for(user: User, *, now: datetime) -> list[SignatureRequest]:
    """Return every proposal that the person may see, the oldest first."""
    versions = list(_proposals(user)[: 2 * MAX_VERSIONS])
    if not versions:
        return []
    sides = sides_open_to(user, versions)
    return [
        SignatureRequest(
            version, sides[version.pk], _signatures_by_side(version), is_stale(version, now=now)
        )
        for version in versions
    ]


def count_awaiting_signature(user: User) -> int:
    """Return how many proposals wait for this person."""
    if not may_sign_rules(user):
        return 0
    rows = _proposals(user).select_related(None)  # on every page: no back-tests, no texts of rules
    versions = list(rows[: 2 * MAX_VERSIONS])
    return sum(bool(sides) for sides in sides_open_to(user, versions).values()) if versions else 0


def sides_open_to(
    user: User, versions: Collection[RuleVersion]
) -> dict[int, frozenset[SigningSide]]:
    """Return for which sides this person could sign these proposals, as far as that is known before
    trying: the service asks everything again. Versions come with their signatures.
    """
    rights = rights_by_version(user, versions)
    ids = [version.pk for version in versions if rights[version.pk]]
    with_own_evidence = set(
        RuleVersion.objects.filter(pk__in=ids, evidence__by=user).values_list("pk", flat=True)
    )
    return {
        version.pk: _open_to(user, version, rights[version.pk], with_own_evidence)
        for version in versions
    }


def is_stale(version: RuleVersion, *, now: datetime) -> bool:
    """Return whether the back-test of the request must be run again before anybody signs."""
    test = version.backtest
    return test is None or test.rule_hash != version.rule_hash or now - test.ran_at > VALID


def recent_decisions(user: User, *, now: datetime) -> list[Step]:
    """Return what became of proposals in thirty days, newest first."""
    visible = versions_visible_to(user).values("pk")
    steps = Step.objects.filter(version__in=visible, to_state__in=_DECIDED, at__gt=now - RECENT)
    return list(steps.select_related("version__rule").order_by("-at", "-pk")[:MAX_VERSIONS])


def with_signatures(versions: QuerySet[RuleVersion]) -> QuerySet[RuleVersion]:
    """Return the versions with `valid_signatures`: those not voided, of active people; roles are
    not looked at.
    """
    signatures = Signature.objects.filter(void_at=None, by__is_active=True)
    signatures = signatures.select_related("by").order_by("signed_at")
    return versions.prefetch_related(
        Prefetch("signatures", queryset=signatures, to_attr="valid_signatures")
    )


def _proposals(user: User) -> QuerySet[RuleVersion]:
    proposed = versions_visible_to(user).filter(state=VersionState.PROPOSED)
    return with_signatures(proposed).order_by("proposed_at", "pk")


def _signatures_by_side(version: RuleVersion) -> dict[SigningSide, Signature]:
    signatures: list[Signature] = version.valid_signatures  # type: ignore[attr-defined]  # of the prefetch
    return {SigningSide(signature.side): signature for signature in signatures}


def _open_to(
    user: User, version: RuleVersion, rights: frozenset[SigningSide], with_own_evidence: set[int]
) -> frozenset[SigningSide]:
    signed = _signatures_by_side(version)
    if any(signature.by_id == user.pk for signature in signed.values()):
        return frozenset()
    sides = rights - signed.keys()
    if version.proposed_by_id == user.pk:
        sides &= {SigningSide(version.proposer_side)} if version.proposer_side else set()
    if version.pk in with_own_evidence:
        sides -= {SigningSide.SOC}
    return frozenset(sides)
