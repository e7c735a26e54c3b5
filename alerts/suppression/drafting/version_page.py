"""What the page of one version needs beside the version: its past, its evidence, its neighbours."""

from dataclasses import dataclass

from alerts.reviews.models import Annotation
from alerts.reviews.queries import without_hidden
from alerts.suppression.models import LedgerEntry, RuleVersion, Signature, Step
from alerts.suppression.models.rules import OPEN, State
from alerts.suppression.queries import ledger_visible_to, versions_visible_to
from portal.accounts.models import User

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
