"""How far people are: always counted from their attempts, never stored."""

from training.progress.queries.attempts import (
    attempts_at,
    attempts_visible_to,
    order_for,
    seed_of,
)
from training.progress.queries.due import (
    DueQuestion,
    due_questions,
)
from training.progress.queries.lesson_progress import (
    LessonProgress,
    ModuleProgress,
    lessons_beside,
    modules_visible_to,
    progress_of,
    states_of,
)
from training.progress.queries.notes import (
    LessonVotes,
    note_of,
    notes_to_read,
    votes_by_lesson,
)
from training.progress.queries.paths import (
    DayProgress,
    PathProgress,
    is_newcomer,
    next_lesson,
    path_progress,
)
from training.progress.queries.record import (
    AttemptRecord,
    ModuleRecord,
    attempts_of,
    module_records,
)
from training.progress.queries.statistics import (
    MIN_TRIES,
    QuestionStatistics,
    StatisticsPage,
    question_statistics,
)
from training.progress.queries.totals import ModuleTotals, TeamTotals, team_totals

__all__ = [
    "MIN_TRIES",
    "AttemptRecord",
    "DayProgress",
    "DueQuestion",
    "LessonProgress",
    "LessonVotes",
    "ModuleProgress",
    "ModuleRecord",
    "ModuleTotals",
    "PathProgress",
    "QuestionStatistics",
    "StatisticsPage",
    "TeamTotals",
    "attempts_at",
    "attempts_of",
    "attempts_visible_to",
    "due_questions",
    "is_newcomer",
    "lessons_beside",
    "module_records",
    "modules_visible_to",
    "next_lesson",
    "note_of",
    "notes_to_read",
    "order_for",
    "path_progress",
    "progress_of",
    "question_statistics",
    "seed_of",
    "states_of",
    "team_totals",
    "votes_by_lesson",
]
