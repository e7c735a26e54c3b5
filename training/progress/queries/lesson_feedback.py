"""What authors learn of their lessons: notes and votes of readers, and how hard questions are.
Figures of questions show no single person.
"""

from dataclasses import dataclass
from typing import Final

from django.db.models import FETCH_RAISE, Count, Q, QuerySet

from portal.accounts.models import User
from training.catalog.engine.markdown import html_text
from training.catalog.models import Lesson, QuestionVersion
from training.catalog.queries.drafts import module_summaries
from training.catalog.queries.lessons import lessons_in_order, versions_in_use
from training.progress.engine.statistics import wilson_interval
from training.progress.models import Attempt, LessonNote


def note_of(reader: User, lesson: Lesson) -> LessonNote | None:
    """Return this person's note on a lesson, if there is one."""
    return LessonNote.objects.filter(reader=reader, lesson=lesson).first()


@dataclass(frozen=True, slots=True)
class LessonVotes:
    """How many readers found a lesson clear, and how many did not."""

    lesson: Lesson
    clear: int
    unclear: int


MAX_NOTES = 100


def notes_to_read() -> list[LessonNote]:
    """Return the notes with a text that nobody has finished, newest first."""
    ordered = (
        _unfinished_notes().select_related("lesson__module", "reader").order_by("-sent_at", "-pk")
    )
    return list(ordered.fetch_mode(FETCH_RAISE)[:MAX_NOTES])


@dataclass(frozen=True, slots=True)
class AuthorWork:
    """What waits for those who look after lessons, as counts."""

    notes: int  # with a text that nobody has finished
    drafts: int  # files written and not published
    offers: int  # files for which an import brought another text than the one edited here


def author_work() -> AuthorWork:
    """Return what waits for those who look after lessons."""
    modules = module_summaries()
    return AuthorWork(
        notes=_unfinished_notes().count(),
        drafts=sum(module.drafts for module in modules),
        offers=sum(module.offers for module in modules),
    )


def votes_by_lesson() -> list[LessonVotes]:
    """Return the lessons that readers have judged, those that most found unclear first."""
    lessons = lessons_in_order().annotate(
        clear=Count("notes", filter=Q(notes__is_clear=True)),
        unclear=Count("notes", filter=Q(notes__is_clear=False)),
    )
    rows = lessons.filter(Q(clear__gt=0) | Q(unclear__gt=0)).order_by("-unclear", "-clear", "pk")
    return [
        LessonVotes(row, clear=row.clear, unclear=row.unclear)
        for row in rows.fetch_mode(FETCH_RAISE)[:MAX_NOTES]
    ]


MIN_TRIES: Final = 30  # of fewer first tries a share says too little
HARD_BELOW: Final = 0.3
EASY_ABOVE: Final = 0.95


@dataclass(frozen=True, slots=True)
class QuestionStatistics:
    """One wording of a question: how many people tried it, and the share that was right at once."""

    version: QuestionVersion
    tries: int
    right: int

    @property
    def lesson(self) -> Lesson:
        """Where it is asked."""
        return self.version.question.lesson

    @property
    def prompt(self) -> str:
        """What is asked, in plain words."""
        return html_text(self.version.content.prompt_html)

    @property
    def facility(self) -> float:
        """The share of first tries that were right."""
        return self.right / self.tries

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of that share."""
        return wilson_interval(self.right, self.tries)

    @property
    def is_hard(self) -> bool:
        """Whether so few are right that the question may be unclear."""
        return self.facility < HARD_BELOW

    @property
    def is_easy(self) -> bool:
        """Whether nearly all are right, so that it shows no difference between people."""
        return self.facility > EASY_ABOVE


@dataclass(frozen=True, slots=True)
class StatisticsPage:
    """The wordings with tries enough, hardest first, and how many have too few yet."""

    questions: list[QuestionStatistics]
    too_few: int


def question_statistics() -> StatisticsPage:
    """Return the figures of every wording that was tried, of questions that are asked today."""
    rows = Attempt.objects.filter(number=1).order_by().values_list("version")
    counts = rows.annotate(n=Count("pk"), n_right=Count("pk", filter=Q(is_correct=True)))
    sums = {version_id: (n, n_right) for version_id, n, n_right in counts}
    enough = [key for key, (n, _) in sums.items() if n >= MIN_TRIES]
    versions = versions_in_use().filter(pk__in=enough).fetch_mode(FETCH_RAISE)
    questions = [QuestionStatistics(version, *sums[version.pk]) for version in versions]
    questions.sort(key=lambda question: (question.facility, question.version.pk))
    few = [key for key, (n, _) in sums.items() if n < MIN_TRIES]
    return StatisticsPage(questions, too_few=versions_in_use().filter(pk__in=few).count())


def _unfinished_notes() -> QuerySet[LessonNote]:
    return LessonNote.objects.filter(done_at=None).exclude(text="")
