"""Propose rules for patterns: the draft is written and proposed as one act."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from alerts.patterns.models import Candidate, State
from alerts.patterns.services.decide import turn_into_rule
from alerts.suppression.models import RuleVersion
from alerts.suppression.models import State as RuleState
from alerts.suppression.signing.propose import propose_rule
from portal.accounts.models import User
from portal.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposing:
    """Who proposes, and how they came; the same for all patterns of one act."""

    by: User
    note: str = ""
    proved_at: datetime | None = None
    kind: str = "person"
    checked_evidence: bool = False


@dataclass(frozen=True, slots=True)
class ProposalOutcome:
    """What came of one pattern: the proposed version, or why it was refused."""

    candidate: Candidate
    version: RuleVersion | None
    reasons: tuple[str, ...] = ()


def propose_patterns(
    *, candidate_ids: Iterable[int], proposing: Proposing, now: datetime
) -> list[ProposalOutcome]:
    """Propose a rule for each pattern, each by itself: what is refused for one leaves the others,
    and of the refused one no draft stays behind.
    """
    ids = list(candidate_ids)
    rows = Candidate.objects.select_related("site", "workspace", "rule").in_bulk(ids)
    return [_outcome(rows[pk], proposing, now=now) for pk in ids if pk in rows]


@transaction.atomic
def propose_pattern(*, candidate_id: int, proposing: Proposing, now: datetime) -> RuleVersion:
    """Write the draft of a pattern's rule, or go on with one's own, and propose it."""
    by = proposing.by
    draft = RuleVersion.objects.filter(
        rule__in=Candidate.objects.filter(pk=candidate_id, state=State.HAS_RULE).values("rule"),
        state=RuleState.DRAFT,
        made_by=by,
    ).first()
    if draft is None:
        draft = turn_into_rule(candidate_id=candidate_id, by=by, now=now)
    return propose_rule(
        version_id=draft.pk,
        by=by,
        note=proposing.note,
        now=now,
        proved_at=proposing.proved_at,
        kind=proposing.kind,
        checked_evidence=proposing.checked_evidence,
    )


def _outcome(candidate: Candidate, proposing: Proposing, *, now: datetime) -> ProposalOutcome:
    try:
        version = propose_pattern(candidate_id=candidate.pk, proposing=proposing, now=now)
    except Refused as refusal:
        return ProposalOutcome(candidate, None, tuple(refusal.reasons))
    return ProposalOutcome(candidate, version)
