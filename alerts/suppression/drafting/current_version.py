"""Which version stands for a rule, and what a page or a program shows beside a version."""

from dataclasses import dataclass
from typing import Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import JSONObject

from alerts.reviews.models import Verdict
from alerts.reviews.queries.second_opinions import without_hidden
from alerts.suppression.drafting.rule_list import CURRENT_STATES
from alerts.suppression.models import OPEN, LedgerEntry, RuleVersion, Signature, Step, VersionState
from alerts.suppression.queries import ledger_visible_to, versions_visible_to
from portal.accounts.models import User

MAX_MATCHES = 10
_RANK: Final = Case(
    *(When(state=state, then=Value(rank)) for rank, state in enumerate(CURRENT_STATES)),
    default=Value(len(CURRENT_STATES)),
)


def rules_by_version(user: User) -> QuerySet[RuleVersion]:
    """Return one version for each rule: what acts, else what is paused or open, else the newest."""
    versions = versions_visible_to(user).select_related(None).filter(rule=OuterRef("rule"))
    first = versions.order_by(_RANK, "-number").values("pk")[:1]
    return versions_visible_to(user).filter(pk=Subquery(first))


def version_in_work(user: User, rule_id: int) -> RuleVersion | None:
    """Return the next version of a rule, where somebody is making one."""
    return versions_visible_to(user).filter(rule=rule_id, state__in=OPEN).first()


def newest_version_in(user: User, rule_id: int, state: str) -> RuleVersion | None:
    """Return the newest version of a rule in this state."""
    found = versions_visible_to(user).filter(rule=rule_id, state=state)
    return found.order_by("-number").first()


def requested_version(user: User, row: RuleVersion) -> RuleVersion:
    """Return the version that signatures are requested for; without a request, the current one."""
    in_work = version_in_work(user, row.rule_id)
    return in_work if in_work is not None and in_work.rule_hash else row


def rule_annotations(user: User) -> dict[str, Combinable]:
    """Return, by name, what the API adds to a version from other rows."""
    others = versions_visible_to(user).select_related(None).filter(rule=OuterRef("rule"))
    in_work = others.filter(state__in=OPEN).order_by().values("number")[:1]
    signatures = Signature.objects.filter(version=OuterRef("pk")).order_by("signed_at", "pk")
    states = JSONObject(
        version="number", state="state", state_since="state_since", hash="rule_hash"
    )
    signed = JSONObject(
        side="side",
        by="by__name",
        signed_at="signed_at",
        hash="rule_hash",
        note="note",
        checked_evidence="checked_evidence",
        void_at="void_at",
    )
    return {
        "in_work": Subquery(in_work),
        "versions": ArraySubquery(others.order_by("number").values(row=states)),
        "signatures": ArraySubquery(signatures.values(row=signed)),
    }


@dataclass(frozen=True, slots=True)
class Past:
    """Everything that happened to a version, and its rule's other versions."""

    signatures: list[Signature]
    steps: list[Step]
    versions: list[RuleVersion]
    before: RuleVersion | None
    evidence: list[Verdict]
    matches: list[LedgerEntry]


def past_of(version: RuleVersion, user: User) -> Past:
    """Return the past of a version as far as this person sees it."""
    versions = list(versions_visible_to(user).filter(rule=version.rule_id).order_by("-number"))
    signatures = version.signatures.select_related("by").order_by("signed_at", "pk")
    evidence = without_hidden(user, version.evidence.select_related("by"))
    matches = ledger_visible_to(user).filter(rule=version.rule_id)
    return Past(
        signatures=list(signatures),
        steps=list(version.steps.select_related("by").order_by("-at", "-pk")),
        versions=versions,
        before=next((other for other in versions if _is_before(other, version)), None),
        evidence=list(evidence.prefetch_related("incidents").order_by("-given_at", "-pk")),
        matches=list(matches[:MAX_MATCHES]),
    )


def _is_before(other: RuleVersion, version: RuleVersion) -> bool:
    """A draft that was given up is nothing to compare with."""
    dropped = other.state in (*OPEN, VersionState.REJECTED, VersionState.DISCARDED)
    return other.number < version.number and not dropped
