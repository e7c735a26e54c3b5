"""Decide a suspicion alone: what both leads are asked daily while two of three people do not."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from alerts.reviews.engine.causes import cause as cause_of
from alerts.reviews.engine.second_opinion import HARMLESS
from alerts.reviews.models import SecondOpinion
from alerts.reviews.policies import MAX_NOTE_LENGTH, leads_as, reasons_against_deciding
from alerts.reviews.services.settle_second_opinion import (
    OpinionWords,
    close_second_opinion,
    correct_answer,
    lock_second_opinion,
)
from portal.accounts.models import Role, User
from portal.audit.services import record
from portal.errors import Refused

CONFIRM, CORRECT = "confirm", "correct"


class CannotDecide(Refused):
    """The suspicion stays undecided."""


@transaction.atomic
def decide_suspicion(
    *,
    second_opinion: UUID,
    by: User,
    choice: str,
    reason: str,
    now: datetime,
    verdict: str = "",
    cause: str = "",
) -> SecondOpinion:
    """Confirm or correct a suspicion as one of both leads. OT's lead corrects it with a verdict of
    their own; the SOC's lead can only set it aside, for they do not speak for OT.
    """
    pk = SecondOpinion.objects.filter(uuid=second_opinion).values_list("pk", flat=True).first()
    if pk is None:
        raise CannotDecide(gettext("There is nothing to decide."))
    case = lock_second_opinion(pk)
    found, reason = case.second_opinion, reason.strip()
    is_ot = leads_as(found, by=by) == Role.OT_SITE_LEAD
    needs_verdict = is_ot and choice == CORRECT
    reasons = reasons_against_deciding(found, by=by) or _reasons_in(
        choice, reason, verdict=verdict, cause=cause, needs_verdict=needs_verdict
    )
    if reasons:
        raise CannotDecide(*reasons)
    if needs_verdict:
        words = OpinionWords(verdict, cause, note=reason)
        correct_answer(case, words=words, by=by, now=now, reason=reason, decided_by=by)
    else:
        confirmed = choice == CONFIRM
        state = SecondOpinion.State.CONFIRMED if confirmed else SecondOpinion.State.HARMLESS_TO_SOC
        close_second_opinion(found, state=state, now=now, reason=reason, decided_by=by)
    record(
        "reviews.suspicion.decided",
        on=found,
        by=by,
        at=now,
        choice=choice,
        reason=reason,
        verdict=verdict if needs_verdict else "",
        about=found.annotation.uuid,
    )
    return found


def _reasons_in(
    choice: str, reason: str, *, verdict: str, cause: str, needs_verdict: bool
) -> list[str]:
    reasons = []
    if choice not in (CONFIRM, CORRECT):
        reasons.append(gettext("Say whether it stays suspicious or was harmless."))
    if not reason:
        reasons.append(gettext("Say why. One line is enough."))
    if len(reason) > MAX_NOTE_LENGTH:
        reasons.append(gettext("Keep the reason under 500 characters."))
    if needs_verdict and verdict not in HARMLESS:
        reasons.append(gettext("Say whether it was routine or maintenance."))
    elif needs_verdict and (not cause or cause_of(cause) is None):
        reasons.append(gettext("Choose a reason."))
    return reasons
