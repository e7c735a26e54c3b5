"""How far people are in paths, and where they go on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.accounts.models import User
from training.catalog.models import LearningPath
from training.catalog.queries.lessons import learning_paths
from training.progress.models import Attempt
from training.progress.queries.lesson_progress import LessonProgress, LessonTotals, ModuleProgress


@dataclass(frozen=True, slots=True)
class DayProgress(LessonTotals):
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
        return next(
            (lesson for lesson in self.lessons if lesson.total and not lesson.is_complete), None
        )

    @property
    def minutes(self) -> int:
        """How long its lessons take."""
        return sum(lesson.lesson.minutes for lesson in self.lessons)


@dataclass(frozen=True, slots=True)
class PathProgress(LessonTotals):
    """A path with its days, as far as one person is."""

    path: LearningPath
    days: tuple[DayProgress, ...]

    @property
    def lessons(self) -> list[LessonProgress]:  # type: ignore[override]  # read only in all of them
        """All its lessons in their order."""
        return [lesson for day in self.days for lesson in day.lessons]

    @property
    def days_done(self) -> int:
        """How many days are complete."""
        return sum(day.is_complete for day in self.days)

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
        f"{module.module.slug}/{lesson.lesson.slug}": lesson
        for module in progress
        for lesson in module.lessons
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
    if here := next((row for row in open_lessons if row.lesson.pk == lesson_id), None):
        return here
    for path in paths:
        ids = [row.lesson.pk for row in path.lessons]
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
    same_module = (row for row in open_lessons if row.lesson.module_id == module_id)
    return next(same_module, None) or next(iter(open_lessons), None)
