"""One person's own record: every answer, and what they came to in each module."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import FETCH_RAISE, Count, Exists, F, OuterRef, Q

from portal.accounts.models import User
from training.catalog.engine.answers import answer_text
from training.catalog.engine.markdown import html_text
from training.catalog.models import Lesson, QuestionVersion
from training.progress.models import Attempt

MAX_LATEST = 20


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One answer in plain words. `question` is its identity, module/lesson#slug; `version` the
    wording that was answered, `number` the how-manieth try at it.
    """

    answered_at: datetime
    module: str
    module_slug: str
    lesson: str
    lesson_slug: str
    slug: str
    version: int
    number: int
    prompt: str
    answer: str
    is_correct: bool

    @property
    def question(self) -> str:
        """Its identity."""
        return f"{self.module_slug}/{self.lesson_slug}#{self.slug}"


def attempts_of(learner: User, *, latest: bool = False) -> Iterator[AttemptRecord]:
    """Yield all answers of a person, first one first; or their latest twenty, last one first."""
    rows = Attempt.objects.filter(learner=learner)
    ordered = rows.order_by("-answered_at", "-pk") if latest else rows.order_by("answered_at", "pk")
    attempts = list(ordered[:MAX_LATEST] if latest else ordered)
    versions = QuestionVersion.objects.select_related("question__lesson__module").defer(
        "question__lesson__body", "question__lesson__outline", "question__lesson__sources"
    )
    answered_versions = versions.filter(pk__in={attempt.version_id for attempt in attempts})
    by_id = {version.pk: version for version in answered_versions.fetch_mode(FETCH_RAISE)}
    for attempt in attempts:
        version = by_id[attempt.version_id]
        question, lesson = version.question, version.question.lesson
        yield AttemptRecord(
            answered_at=attempt.answered_at,
            module=lesson.module.title,
            module_slug=lesson.module.slug,
            lesson=lesson.title,
            lesson_slug=lesson.slug,
            slug=question.slug,
            version=version.number,
            number=attempt.number,
            prompt=html_text(version.content.prompt_html),
            answer=answer_text(version.content, attempt.answer),
            is_correct=attempt.is_correct,
        )


@dataclass(frozen=True, slots=True)
class ModuleRecord:
    """What a person's answers in a module came to. `first_tries` counts wordings that were tried,
    `first_right` those that were right at the first try.
    """

    slug: str
    title: str
    answers: int
    first_tries: int
    first_right: int
    is_taught: bool  # else it was removed: its page is gone, the answers stay

    @property
    def share_first_right(self) -> float:
        """The share of wordings that were right at the first try."""
        return self.first_right / self.first_tries


def module_records(learner: User) -> list[ModuleRecord]:
    """Return the modules in which the person answered anything, in their order."""
    module = "version__question__lesson__module"
    rows = (
        Attempt.objects.filter(learner=learner)
        .values(slug=F(f"{module}__slug"), title=F(f"{module}__title"))
        .annotate(
            answers=Count("pk"),
            first_tries=Count("pk", filter=Q(number=1)),
            first_right=Count("pk", filter=Q(number=1, is_correct=True)),
            is_taught=Exists(Lesson.objects.filter(module=OuterRef(module), is_retired=False)),
        )
        .order_by(f"{module}__order", "slug")
    )
    return [ModuleRecord(**row) for row in rows]
