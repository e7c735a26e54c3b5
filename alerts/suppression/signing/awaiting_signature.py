"""Proposals that wait for a signature: mine to give, others', and what was decided lately."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Prefetch, QuerySet

from alerts.suppression.engine.guards.signing import VALID, Side
from alerts.suppression.models import RuleVersion, Signature, State, Step
from alerts.suppression.policies import SIGNING, rights_by_version
from alerts.suppression.queries import versions_visible_to
from portal.accounts.models import User
from portal.accounts.queries import roles_of

LATELY: Final = timedelta(days=30)
MAX_VERSIONS: Final = 50
_DECIDED: Final = (State.CANARY, State.REJECTED, State.CHANGES_REQUESTED)


@dataclass(frozen=True, slots=True)
class Request:
    """One proposal. `mine` are the sides that this person could sign now."""

    version: RuleVersion
    mine: frozenset[Side]
    signed: dict[Side, Signature]
    is_stale: bool

    @property
    def due_at(self) -> datetime | None:
        """Until when a signature still counts: then the first one given, or the back-test, is too
        old and must be made again. None where the back-test is missing.
        """
        if self.version.backtest is None:
            return None
        made = [each.signed_at for each in self.signed.values()]
        return min([self.version.backtest.ran_at, *made]) + VALID

    @property
    def missing(self) -> list[Side]:
        """The sides that have not signed."""
        return [side for side in Side if side not in self.signed]


def requests_for(user: User, *, now: datetime) -> list[Request]:
    """Every proposal that the person may see, the oldest first."""
    versions = list(_proposed(user)[: 2 * MAX_VERSIONS])
    if not versions:
        return []
    sides = sides_open_to(user, versions)
    return [
        Request(version, sides[version.pk], _signed(version), is_stale(version, now=now))
        for version in versions
    ]


def count_awaiting_signature(user: User) -> int:
    """How many proposals wait for this person."""
    if roles_of(user).isdisjoint(SIGNING[Side.OT] | SIGNING[Side.SOC]):
        return 0
    rows = _proposed(user).select_related(None)  # on every page: no back-tests, no texts of rules
    versions = list(rows[: 2 * MAX_VERSIONS])
    return sum(bool(sides) for sides in sides_open_to(user, versions).values()) if versions else 0


def sides_open_to(user: User, versions: Collection[RuleVersion]) -> dict[int, frozenset[Side]]:
    """For which sides this person could sign these proposals, as far as one can say before trying:
    the service asks everything again. Versions come with their signatures.
    """
    rights = rights_by_version(user, versions)
    asked = [version.pk for version in versions if rights[version.pk]]
    gave = set(
        RuleVersion.objects.filter(pk__in=asked, evidence__by=user).values_list("pk", flat=True)
    )
    return {version.pk: _open_to(user, version, rights[version.pk], gave) for version in versions}


def is_stale(version: RuleVersion, *, now: datetime) -> bool:
    """Whether the back-test of the request must be run again before anybody signs."""
    test = version.backtest
    return test is None or test.rule_hash != version.rule_hash or now - test.ran_at > VALID


def decided_lately(user: User, *, now: datetime) -> list[Step]:
    """What became of proposals in thirty days, newest first."""
    seen = versions_visible_to(user).values("pk")
    steps = Step.objects.filter(version__in=seen, to_state__in=_DECIDED, at__gt=now - LATELY)
    return list(steps.select_related("version__rule").order_by("-at", "-pk")[:MAX_VERSIONS])


def with_signatures(versions: QuerySet[RuleVersion]) -> QuerySet[RuleVersion]:
    """The versions and, as `given`, the signatures that count on them, as far as one can say before
    looking at roles.
    """
    given = Signature.objects.filter(void_at=None, by__is_active=True)
    given = given.select_related("by").order_by("signed_at")
    return versions.prefetch_related(Prefetch("signatures", queryset=given, to_attr="given"))


def _proposed(user: User) -> QuerySet[RuleVersion]:
    waiting = versions_visible_to(user).filter(state=State.PROPOSED)
    return with_signatures(waiting).order_by("proposed_at", "pk")


def _signed(version: RuleVersion) -> dict[Side, Signature]:
    given: list[Signature] = version.given  # type: ignore[attr-defined]  # of the prefetch
    return {Side(each.side): each for each in given}


def _open_to(
    user: User, version: RuleVersion, rights: frozenset[Side], gave: set[int]
) -> frozenset[Side]:
    signed = _signed(version)
    if any(each.by_id == user.pk for each in signed.values()):
        return frozenset()
    sides = rights - signed.keys()
    if version.proposed_by_id == user.pk:
        sides &= {Side(version.proposer_side)} if version.proposer_side else set()
    if version.pk in gave:
        sides -= {Side.SOC}
    return frozenset(sides)
