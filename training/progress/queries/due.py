"""Questions that are to be answered again."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import FETCH_RAISE

from portal.accounts.models import User
from training.catalog.engine.html_text import html_text
from training.catalog.models import Lesson, QuestionVersion
from training.catalog.queries import current_versions_of
from training.progress.queries.lesson_progress import states_of


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
