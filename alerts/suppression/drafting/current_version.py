"""Which version stands for a rule, and what a page or a program shows beside a version."""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import JSONObject

from alerts.reviews.models import Annotation
from alerts.reviews.queries import without_hidden
from alerts.suppression.drafting.rule_list import SPEAKING
from alerts.suppression.models import OPEN, LedgerEntry, RuleVersion, Signature, State, Step
from alerts.suppression.queries import ledger_visible_to, versions_visible_to
from portal.accounts.models import User

_RANK: Final = Case(
    *(When(state=state, then=Value(rank)) for rank, state in enumerate(SPEAKING)),
    default=Value(len(SPEAKING)),
)


def rules_by_version(user: User) -> QuerySet[RuleVersion]:
    """One version a rule: what acts, else what is paused or in work, else the newest."""
    mine = versions_visible_to(user).select_related(None).filter(rule=OuterRef("rule"))
    first = mine.order_by(_RANK, "-number").values("pk")[:1]
    return versions_visible_to(user).filter(pk=Subquery(first))


def version_in_work(user: User, rule_id: int) -> RuleVersion | None:
    """The next version of a rule, where somebody makes one."""
    return versions_visible_to(user).filter(rule=rule_id, state__in=OPEN).first()


def version_in(user: User, rule_id: int, state: str) -> RuleVersion | None:
    """The newest version of a rule that stands in a state."""
    found = versions_visible_to(user).filter(rule=rule_id, state=state)
    return found.order_by("-number").first()


def version_asked_about(user: User, row: RuleVersion) -> RuleVersion:
    """What a request for signatures of this rule is about; without one, what speaks for it."""
    asked = version_in_work(user, row.rule_id)
    return asked if asked is not None and asked.rule_hash else row


def beside_a_version(user: User) -> dict[str, Combinable]:
    """By name: what is told of a rule that stands in other rows."""
    others = versions_visible_to(user).select_related(None).filter(rule=OuterRef("rule"))
    in_work = others.filter(state__in=OPEN).order_by().values("number")[:1]
    told: dict[str, Any] = {
        "version": "number",
        "state": "state",
        "state_since": "state_since",
        "hash": "rule_hash",
    }
    given = Signature.objects.filter(version=OuterRef("pk")).order_by("signed_at", "pk")
    signed: dict[str, Any] = {
        "side": "side",
        "by": "by__name",
        "signed_at": "signed_at",
        "hash": "rule_hash",
        "note": "note",
        "checked_evidence": "checked_evidence",
        "void_at": "void_at",
    }
    return {
        "in_work": Subquery(in_work),
        "versions": ArraySubquery(others.order_by("number").values(told=JSONObject(**told))),
        "signatures": ArraySubquery(given.values(told=JSONObject(**signed))),
    }


MAX_EVIDENCE, MAX_MATCHES = 50, 10


@dataclass(frozen=True, slots=True)
class Past:
    """Everything that happened to a version, and its rule's other versions."""

    signatures: list[Signature]
    steps: list[Step]
    versions: list[RuleVersion]
    before: RuleVersion | None
    evidence: list[Annotation]
    matches: list[LedgerEntry]


def past_of(version: RuleVersion, user: User) -> Past:
    """The past of a version as far as this person sees it."""
    versions = list(versions_visible_to(user).filter(rule=version.rule_id).order_by("-number"))
    given = version.signatures.select_related("by").order_by("signed_at", "pk")
    evidence = without_hidden(user, version.evidence.select_related("by"))
    matches = ledger_visible_to(user).filter(rule=version.rule_id)
    return Past(
        signatures=list(given),
        steps=list(version.steps.select_related("by").order_by("-at", "-pk")),
        versions=versions,
        before=next((each for each in versions if _is_before(each, version)), None),
        evidence=list(
            evidence.prefetch_related("incidents").order_by("-given_at", "-pk")[:MAX_EVIDENCE]
        ),
        matches=list(matches[:MAX_MATCHES]),
    )


def _is_before(other: RuleVersion, version: RuleVersion) -> bool:
    """A draft that was given up is nothing to compare with."""
    dropped = other.state in (*OPEN, State.REJECTED, State.DISCARDED)
    return other.number < version.number and not dropped
