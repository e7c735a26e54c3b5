"""What a sitting shows of an amendment: its one line, and what spoke against it and for it."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.suppression.drafting.drift_sentence import drift_sentence
from alerts.suppression.models import DriftLine, DriftQuestion, RuleVersion
from alerts.suppression.web.drift_words import (
    LineChangeWords,
    facts_against,
    facts_in_favour,
    line_words,
)


@dataclass(frozen=True, slots=True)
class AmendmentCard:
    """The change of one line, and the facts that OT had before it."""

    question: DriftQuestion
    sentence: str
    line: LineChangeWords
    others: int  # lines that stay as they were signed
    alerts: int
    days: int
    against: list[str]
    in_favour: list[str]
    has_more: bool
    wakes: str  # a device that reaches people if it is heard of again


def amendment_of(version: RuleVersion, *, now: datetime) -> AmendmentCard | None:
    """Return what is shown of a version that amends another; None for any other."""
    if not version.amends_id:
        return None
    rows = DriftLine.objects.filter(amendment=version)
    line = rows.select_related("question__site", "question__answered_by").first()
    if line is None:
        return None
    question = line.question
    today = now.astimezone(ZoneInfo(question.site.time_zone)).date()
    return AmendmentCard(
        question=question,
        sentence=drift_sentence(question, today=today),
        line=line_words(line),
        others=len(version.definition.all_of) - 1,
        alerts=line.alerts,
        days=line.days,
        against=facts_against(question),
        in_favour=facts_in_favour(question, today=today),
        has_more=any(code == "more" for code, _ in question.against),
        wakes=question.before if question.kind == DriftQuestion.Kind.REPLACED else "",
    )
