"""One person's tries at questions, and in which order they see options."""

from django.db.models import FETCH_RAISE, QuerySet

from portal.accounts.models import User
from training.catalog.engine.grading import display_order
from training.catalog.models import QuestionVersion
from training.progress.models import Attempt


def attempts_visible_to(user: User) -> QuerySet[Attempt]:
    """Return a person's own answers: nobody sees anybody else's."""
    return Attempt.objects.filter(learner=user)


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
