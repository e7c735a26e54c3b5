"""How far people are in lessons and modules, and which questions are due again: counted from their
attempts, never stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from math import ceil

from django.db.models import FETCH_RAISE, QuerySet

from portal.accounts.models import User
from portal.attack.engine import with_parents
from training.catalog.engine.answers import display_order
from training.catalog.engine.markdown import html_text
from training.catalog.models import Lesson, Module, QuestionVersion
from training.catalog.queries.lessons import (
    current_versions_of,
    lessons_about,
    lessons_in_order,
    modules_in_order,
    question_ids_by_lesson,
    reviewed_techniques,
)
from training.progress.engine.repetition import QuestionState, state_after
from training.progress.models import Attempt
from training.progress.policies import reasons_against_learning


def attempts_visible_to(user: User) -> QuerySet[Attempt]:
    """Return a person's own answers: nobody sees anybody else's."""
    return Attempt.objects.filter(learner=user)


def attempts_at(learner: User, versions: list[QuestionVersion]) -> dict[int, list[Attempt]]:
    """Return the person's attempts at each of these versions, first one first, by version id."""
    attempts: dict[int, list[Attempt]] = {version.pk: [] for version in versions}
    rows = Attempt.objects.filter(learner=learner, version__in=versions).order_by("number")
    for attempt in rows.fetch_mode(FETCH_RAISE):
        attempts[attempt.version_id].append(attempt)
    return attempts


def seed_of(version: QuestionVersion, learner: User) -> str:
    """Return what decides in which order a person sees options: always the same one."""
    return f"{learner.uuid}:{version.pk}"


def order_for(version: QuestionVersion, learner: User) -> list[int]:
    """Return the order in which this person sees the options, right sides or steps."""
    return display_order(version.content, seed_of(version, learner))


@dataclass(frozen=True, slots=True)
class LessonProgress:
    """A lesson, and how many of its questions the person has answered right, or tried. `due` are
    the ids of questions that are to be answered again.
    """

    lesson: Lesson
    total: int
    right: int
    tried: int
    due: tuple[int, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every question is answered right. A lesson that asks nothing never is."""
        return 0 < self.total == self.right

    @property
    def minutes_left(self) -> int:
        """What is left of its minutes, in proportion to the questions."""
        left = self.total - self.right
        return ceil(self.lesson.minutes * left / self.total) if self.total else 0


class LessonTotals:
    """What the lessons of a module, a day or a path sum up to for one person."""

    __slots__ = ()
    lessons: Sequence[LessonProgress]

    @property
    def total(self) -> int:
        """How many questions there are."""
        return sum(lesson.total for lesson in self.lessons)

    @property
    def right(self) -> int:
        """How many of them are answered right."""
        return sum(lesson.right for lesson in self.lessons)

    @property
    def minutes_left(self) -> int:
        """What is left of the minutes of its lessons."""
        return sum(lesson.minutes_left for lesson in self.lessons)


@dataclass(frozen=True, slots=True)
class ModuleProgress(LessonTotals):
    """A module with its lessons, as far as one person is."""

    module: Module
    lessons: tuple[LessonProgress, ...]

    @property
    def is_begun(self) -> bool:
        """Whether any question was tried."""
        return any(lesson.tried for lesson in self.lessons)

    @property
    def is_complete(self) -> bool:
        """Whether the share of right answers has reached the pass mark."""
        return self.total > 0 and self.right >= self.module.pass_mark * self.total

    @property
    def lessons_done(self) -> int:
        """How many lessons are complete."""
        return sum(lesson.is_complete for lesson in self.lessons)

    @property
    def due(self) -> int:
        """How many of its questions are to be answered again."""
        return sum(len(lesson.due) for lesson in self.lessons)


def progress_of(learner: User, *, now: datetime) -> list[ModuleProgress]:
    """Return all modules with their lessons and what this person has answered right: on whichever
    wording of a question, so that a new wording takes nothing away.
    """
    by_module: dict[int, list[LessonProgress]] = {}
    lessons = lessons_in_order().fetch_mode(FETCH_RAISE)
    for lesson in _lessons_with_progress(learner, lessons, now=now):
        by_module.setdefault(lesson.lesson.module_id, []).append(lesson)
    return [
        ModuleProgress(module, tuple(by_module[module.pk]))
        for module in modules_in_order()
        if module.pk in by_module
    ]


def modules_visible_to(user: User) -> QuerySet[Module]:
    """Return the modules that have lessons, in no order; none to those who may not learn."""
    modules = Module.objects.filter(pk__in=lessons_in_order().order_by().values("module"))
    return modules.none() if reasons_against_learning(user) else modules


def _lessons_with_progress(
    learner: User, lessons: Iterable[Lesson], *, now: datetime
) -> list[LessonProgress]:
    states, questions = states_of(learner), question_ids_by_lesson()
    progress = []
    for lesson in lessons:
        ids = questions.get(lesson.pk, [])
        tried = [(question_id, states[question_id]) for question_id in ids if question_id in states]
        progress.append(
            LessonProgress(
                lesson=lesson,
                total=len(ids),
                right=sum(state.is_right for _, state in tried),
                tried=len(tried),
                due=tuple(question_id for question_id, state in tried if state.is_due(now)),
            )
        )
    return progress


def states_of(
    learner: User, versions: Sequence[QuestionVersion] | None = None
) -> dict[int, QuestionState]:
    """Return the person's state at each question that was tried, of all or of those of these
    versions, in whichever wording, by question id.
    """
    rows = Attempt.objects.filter(learner=learner)
    if versions is not None:
        questions = [version.question_id for version in versions]
        rows = rows.filter(version__question__in=questions)
    tries = rows.order_by("version__question_id", "answered_at", "pk").values_list(
        "version__question_id", "is_correct", "answered_at"
    )
    by_question = groupby(tries, key=lambda row: row[0])
    return {
        question_id: state_after((is_correct, at) for _, is_correct, at in group)
        for question_id, group in by_question
    }


MAX_BESIDE = 3


def lessons_beside(
    learner: User, alert_types: Sequence[str], *, now: datetime
) -> list[LessonProgress]:
    """Return up to three lessons about these alert types: first those about most of them, then
    those that teach most of their reviewed techniques, then those that the person has not
    completed, then the shortest.
    """
    lessons = list(lessons_about(alert_types).fetch_mode(FETCH_RAISE))
    progress = _lessons_with_progress(learner, lessons, now=now)
    titles, reviewed = frozenset(alert_types), reviewed_techniques()
    techniques = with_parents(lesson for title in titles for lesson in reviewed.get(title, ()))
    progress.sort(
        key=lambda lesson: (
            -len(titles.intersection(lesson.lesson.alert_types)),
            -len(techniques & with_parents(lesson.lesson.techniques)),
            lesson.is_complete,
            lesson.lesson.minutes,
        )
    )
    return progress[:MAX_BESIDE]


@dataclass(frozen=True, slots=True)
class DueQuestion:
    """A question that is to be answered again, since when, and its lesson."""

    version: QuestionVersion
    lesson: Lesson
    due_at: datetime

    @property
    def prompt(self) -> str:
        """What is asked, in plain words."""
        return html_text(self.version.content.prompt_html)


def due_questions(learner: User, *, now: datetime, module: str = "") -> list[DueQuestion]:
    """Return what this person is to answer again, of all modules or of one, longest due first."""
    due = {
        question_id: state.due_at
        for question_id, state in states_of(learner).items()
        if state.due_at is not None and state.is_due(now)
    }
    if not due:
        return []
    versions = current_versions_of(due)
    if module:
        versions = versions.filter(question__lesson__module__slug=module)
    questions = [
        DueQuestion(version, version.question.lesson, due[version.question_id])
        for version in versions.fetch_mode(FETCH_RAISE)
    ]
    return sorted(questions, key=lambda question: (question.due_at, question.version.pk))
