"""Ask OT the questions of a plan."""

from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext, ngettext

from alerts.patterns.models import PlanQuestion
from alerts.patterns.queries.plan import SitePlan
from alerts.patterns.queries.questions import MAX_A_DAY, questions_at
from alerts.reviews.models import CANNED, Review
from alerts.reviews.services import ask_ot
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.ui.words import number

_LOCK: Final = 0x514E  # so that two who ask at once do not ask one person too much


class CannotAskQuestions(Refused):
    """Nobody was asked."""


@transaction.atomic
def ask_questions(*, plan: SitePlan, by: User, now: datetime) -> list[Review]:
    """Ask OT of the plan's site about one incident for each question that may be asked today.
    Refuses where there is none, and where somebody there had MAX_A_DAY already.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    questions = questions_at(plan, by, now=now)
    if not questions.asked:
        raise CannotAskQuestions(gettext("There is nothing to ask about now."))
    if not questions.now:
        raise CannotAskQuestions(
            ngettext(
                "OT at %(site)s got %(n)s question from the plan in the last 24 hours. "
                "Ask again tomorrow.",
                "OT at %(site)s got %(n)s questions from the plan in the last 24 hours. "
                "Ask again tomorrow.",
                MAX_A_DAY,
            )
            % {"site": plan.totals.site.name, "n": number(MAX_A_DAY)}
        )
    asked = []
    for question in questions.now:
        review = ask_ot(
            site_id=plan.totals.site_id,
            question=CANNED[2],
            by=by,
            now=now,
            incident_ids=[question.incident.pk],
        )
        PlanQuestion.objects.create(
            candidate=question.step.candidate,
            review=review,
            site=plan.totals.site,
            asked_by=by,
            asked_at=now,
        )
        asked.append(review)
    record(
        "patterns.questions.asked",
        on=plan.totals.site,
        by=by,
        at=now,
        patterns=[str(each.step.candidate.uuid) for each in questions.now],
        incidents=[each.incident.name for each in questions.now],
    )
    return asked
