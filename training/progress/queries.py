"""How far people are: always counted from their attempts, never stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from math import ceil

from django.db.models import FETCH_RAISE, Count, Q

from portal.accounts.models import User
from training.catalog.engine.grading import display_order
from training.catalog.engine.html_text import html_text
from training.catalog.models import LearningPath, Lesson, Module, QuestionVersion
from training.catalog.queries import (
    current_versions_of,
    learning_paths,
    lessons_about,
    lessons_in_order,
    modules_in_order,
    question_ids_by_lesson,
)
from training.progress.engine.repetition import QuestionState, state_after
from training.progress.models import Attempt, LessonNote


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


@dataclass(frozen=True, slots=True)
class ModuleProgress:
    """A module with its lessons, as far as one person is."""

    module: Module
    lessons: tuple[LessonProgress, ...]

    @property
    def total(self) -> int:
        """How many questions there are."""
        return sum(lesson.total for lesson in self.lessons)

    @property
    def right(self) -> int:
        """How many of them are answered right."""
        return sum(lesson.right for lesson in self.lessons)

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

    @property
    def minutes_left(self) -> int:
        """What is left of its lessons."""
        return sum(lesson.minutes_left for lesson in self.lessons)


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


def _lessons_with_progress(
    learner: User, lessons: Iterable[Lesson], *, now: datetime
) -> list[LessonProgress]:
    states, questions = states_of(learner), question_ids_by_lesson()
    found = []
    for lesson in lessons:
        ids = questions.get(lesson.pk, [])
        tried = [(question_id, states[question_id]) for question_id in ids if question_id in states]
        found.append(
            LessonProgress(
                lesson=lesson,
                total=len(ids),
                right=sum(state.is_right for _, state in tried),
                tried=len(tried),
                due=tuple(question_id for question_id, state in tried if state.is_due(now)),
            )
        )
    return found


def states_of(
    learner: User, versions: Sequence[QuestionVersion] | None = None
) -> dict[int, QuestionState]:
    """Return where the person stands at each question that was tried, of all or of those of these
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
    found = [
        DueQuestion(version, version.question.lesson, due[version.question_id])
        for version in versions.fetch_mode(FETCH_RAISE)
    ]
    return sorted(found, key=lambda each: (each.due_at, each.version.pk))


@dataclass(frozen=True, slots=True)
class DayProgress:
    """A day of a path, as far as one person is. Lessons that ask nothing count for nothing."""

    number: int
    title: str
    lessons: tuple[LessonProgress, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every question of the day is answered right."""
        return self.next_lesson is None

    @property
    def next_lesson(self) -> LessonProgress | None:
        """The first lesson of the day that is not complete."""
        return next((each for each in self.lessons if each.total and not each.is_complete), None)

    @property
    def minutes(self) -> int:
        """How long its lessons take."""
        return sum(each.lesson.minutes for each in self.lessons)

    @property
    def minutes_left(self) -> int:
        """What is left of them."""
        return sum(each.minutes_left for each in self.lessons)


@dataclass(frozen=True, slots=True)
class PathProgress:
    """A path with its days, as far as one person is."""

    path: LearningPath
    days: tuple[DayProgress, ...]

    @property
    def lessons(self) -> list[LessonProgress]:
        """All its lessons in their order."""
        return [lesson for day in self.days for lesson in day.lessons]

    @property
    def total(self) -> int:
        """How many questions there are."""
        return sum(each.total for each in self.lessons)

    @property
    def right(self) -> int:
        """How many of them are answered right."""
        return sum(each.right for each in self.lessons)

    @property
    def days_done(self) -> int:
        """How many days are complete."""
        return sum(day.is_complete for day in self.days)

    @property
    def minutes_left(self) -> int:
        """What is left of its lessons."""
        return sum(day.minutes_left for day in self.days)

    @property
    def today(self) -> DayProgress | None:
        """The first day that is not complete."""
        return next((day for day in self.days if not day.is_complete), None)

    @property
    def next_lesson(self) -> LessonProgress | None:
        """Where the person goes on."""
        return self.today.next_lesson if self.today else None


def path_progress(progress: list[ModuleProgress]) -> list[PathProgress]:
    """Return the paths as far as the person is, but those that are complete. Lessons that were
    taken out are left out.
    """
    lessons = {
        f"{module.module.slug}/{each.lesson.slug}": each
        for module in progress
        for each in module.lessons
    }
    paths = [
        PathProgress(
            path,
            tuple(
                DayProgress(
                    number, day["title"], tuple(lessons[n] for n in day["lessons"] if n in lessons)
                )
                for number, day in enumerate(path.days, 1)
            ),
        )
        for path in learning_paths()
    ]
    return [path for path in paths if path.today]


NEWCOMER_FOR = timedelta(days=28)


def is_newcomer(learner: User, *, now: datetime) -> bool:
    """Whether the person answered nothing more than four weeks ago."""
    return not Attempt.objects.filter(learner=learner, answered_at__lte=now - NEWCOMER_FOR).exists()


def next_lesson(
    learner: User, progress: list[ModuleProgress], paths: list[PathProgress]
) -> LessonProgress | None:
    """Return where the person goes on: the lesson of the latest attempt; else what follows it in
    its path, or in its module; else the first that is not complete. None when all is done.
    """
    open_lessons = [
        lesson
        for module in progress
        for lesson in module.lessons
        if lesson.total and not lesson.is_complete
    ]
    latest = Attempt.objects.filter(learner=learner).order_by("-answered_at", "-pk")
    lesson_id = latest.values_list("version__question__lesson_id", flat=True).first()
    if here := next((each for each in open_lessons if each.lesson.pk == lesson_id), None):
        return here
    for path in paths:
        ids = [each.lesson.pk for each in path.lessons]
        if path.next_lesson and (lesson_id is None or lesson_id in ids):
            return path.next_lesson
    module_id = next(
        (
            module.module.pk
            for module in progress
            for lesson in module.lessons
            if lesson.lesson.pk == lesson_id
        ),
        None,
    )
    same_module = (each for each in open_lessons if each.lesson.module_id == module_id)
    return next(same_module, None) or next(iter(open_lessons), None)


MAX_BESIDE = 3


def lessons_beside(
    learner: User, alert_types: Sequence[str], *, now: datetime
) -> list[LessonProgress]:
    """Return up to three lessons about these alert types: first those about most of them, then
    those that the person has not completed, then the shortest.
    """
    found = list(lessons_about(alert_types).fetch_mode(FETCH_RAISE))
    progress = _lessons_with_progress(learner, found, now=now)
    wanted = frozenset(alert_types)
    progress.sort(
        key=lambda each: (
            -len(wanted.intersection(each.lesson.alert_types)),
            each.is_complete,
            each.lesson.minutes,
        )
    )
    return progress[:MAX_BESIDE]


def attempts_at(learner: User, versions: list[QuestionVersion]) -> dict[int, list[Attempt]]:
    """Return the person's attempts at each of these versions, first one first, by version id."""
    found: dict[int, list[Attempt]] = {version.pk: [] for version in versions}
    rows = Attempt.objects.filter(learner=learner, version__in=versions).order_by("number")
    for attempt in rows.fetch_mode(FETCH_RAISE):
        found[attempt.version_id].append(attempt)
    return found


def seed_of(version: QuestionVersion, learner: User) -> str:
    """Return what decides in which order a person sees options: always the same one."""
    return f"{learner.uuid}:{version.pk}"


def order_for(version: QuestionVersion, learner: User) -> list[int]:
    """Return the order in which this person sees the options, right sides or steps."""
    return display_order(version.content, seed_of(version, learner))


def note_of(reader: User, lesson: Lesson) -> LessonNote | None:
    """Return what this person said of a lesson."""
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
    rows = LessonNote.objects.filter(done_at=None).exclude(text="")
    ordered = rows.select_related("lesson__module", "reader").order_by("-sent_at", "-pk")
    return list(ordered.fetch_mode(FETCH_RAISE)[:MAX_NOTES])


def votes_by_lesson() -> list[LessonVotes]:
    """Return the lessons that readers have judged, those that most found unclear first."""
    counted = lessons_in_order().annotate(
        clear=Count("notes", filter=Q(notes__is_clear=True)),
        unclear=Count("notes", filter=Q(notes__is_clear=False)),
    )
    rows = counted.filter(Q(clear__gt=0) | Q(unclear__gt=0)).order_by("-unclear", "-clear", "pk")
    return [
        LessonVotes(row, clear=row.clear, unclear=row.unclear)
        for row in rows.fetch_mode(FETCH_RAISE)[:MAX_NOTES]
    ]
