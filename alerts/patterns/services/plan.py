"""Act on a plan: propose its rules, ask OT its questions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext, ngettext

from alerts.patterns.models import Pattern, PatternState, PlanQuestion
from alerts.patterns.queries.plan import SitePlan
from alerts.patterns.queries.questions import MAX_A_DAY, questions_at
from alerts.patterns.services.decide import draft_next_version, turn_into_rule
from alerts.reviews.models import CANNED, Question
from alerts.reviews.services.questions import ask_ot
from alerts.suppression.models import RuleVersion
from alerts.suppression.models import VersionState as RuleState
from alerts.suppression.queries import trials_that_cannot_end
from alerts.suppression.signing.propose import propose_rule
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.ui.words import number

_LOCK: Final = 0x514E  # so that two who ask at once do not ask one person too much


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

    pattern: Pattern
    version: RuleVersion | None
    reasons: tuple[str, ...] = ()


def propose_patterns(
    *, pattern_ids: Iterable[int], proposing: Proposing, now: datetime
) -> list[ProposalOutcome]:
    """Propose a rule for each pattern, each by itself: what is refused for one leaves the others,
    and of the refused one no draft stays behind.
    """
    ids = list(pattern_ids)
    rows = Pattern.objects.select_related("site", "workspace", "rule").in_bulk(ids)
    return [_outcome(rows[pk], proposing, now=now) for pk in ids if pk in rows]


@transaction.atomic
def propose_pattern(*, pattern_id: int, proposing: Proposing, now: datetime) -> RuleVersion:
    """Write the draft of a pattern's rule, or of the next version of a rule that it outgrew, or go
    on with one's own, and propose it.
    """
    by = proposing.by
    versions = RuleVersion.objects.filter(
        rule__in=Pattern.objects.filter(pk=pattern_id, state=PatternState.HAS_RULE).values("rule")
    )
    draft = versions.filter(state=RuleState.DRAFT, made_by=by).first()
    if draft is None:
        has_next = (
            versions.filter(state=RuleState.LIVE).exists()
            or trials_that_cannot_end().filter(pk__in=versions).exists()
        )
        write = draft_next_version if has_next else turn_into_rule
        draft = write(pattern_id=pattern_id, by=by, now=now)
    return propose_rule(
        version_id=draft.pk,
        by=by,
        note=proposing.note,
        now=now,
        proved_at=proposing.proved_at,
        kind=proposing.kind,
        checked_evidence=proposing.checked_evidence,
    )


def _outcome(pattern: Pattern, proposing: Proposing, *, now: datetime) -> ProposalOutcome:
    try:
        version = propose_pattern(pattern_id=pattern.pk, proposing=proposing, now=now)
    except Refused as refusal:
        return ProposalOutcome(pattern, None, tuple(refusal.reasons))
    return ProposalOutcome(pattern, version)


class CannotAskQuestions(Refused):
    """Nobody was asked."""


@transaction.atomic
def ask_questions(*, plan: SitePlan, by: User, now: datetime) -> list[Question]:
    """Ask OT of the plan's site about one incident for each question that may be asked today.
    Refuses where there is none, and where somebody there had MAX_A_DAY already.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    questions = questions_at(plan, by, now=now)
    if not questions.all:
        raise CannotAskQuestions(gettext("There is nothing to ask about now."))
    if not questions.today:
        raise CannotAskQuestions(
            ngettext(
                "OT at %(site)s got %(n)s question from the plan in the last 24 hours. "
                "Ask again tomorrow.",
                "OT at %(site)s got %(n)s questions from the plan in the last 24 hours. "
                "Ask again tomorrow.",
                MAX_A_DAY,
            )
            % {"site": plan.totals.site.name, "n": number(MAX_A_DAY)}
        )
    rows = []
    for chosen in questions.today:
        question = ask_ot(
            site_id=plan.totals.site_id,
            question=CANNED[2],
            by=by,
            now=now,
            incident_ids=[chosen.incident.pk],
        )
        PlanQuestion.objects.create(
            pattern=chosen.step.pattern,
            question=question,
            site=plan.totals.site,
            asked_by=by,
            asked_at=now,
        )
        rows.append(question)
    record(
        "patterns.questions.asked",
        on=plan.totals.site,
        by=by,
        at=now,
        patterns=[str(question.step.pattern.uuid) for question in questions.today],
        incidents=[question.incident.name for question in questions.today],
    )
    return rows
