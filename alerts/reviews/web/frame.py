"""What the frame of every page shows of reviews."""

from django.http import HttpRequest

from alerts.reviews.models import Question
from alerts.reviews.queries.questions import questions_visible_to
from alerts.reviews.queries.second_opinions import count_waiting_for_ot, suspicions_to_decide
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.rights import OT_ROLES, SOC_ROLES


def count_waiting_reviews(request: HttpRequest) -> int:
    """Return how many questions wait for the person; None for people who only read."""
    person = request.user
    if not isinstance(person, User):
        return 0
    if not roles_of(person).isdisjoint(OT_ROLES):
        return count_waiting_for_ot(person)
    if roles_of(person).isdisjoint(SOC_ROLES):
        return 0
    waiting = questions_visible_to(person).filter(state=Question.State.WAITING).count()
    return waiting + len(suspicions_to_decide(person))
