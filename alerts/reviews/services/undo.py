"""Take a verdict back while nothing of it has reached Sentinel."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from alerts.incidents.acts.apply import write_timeline
from alerts.incidents.models import TimelineItem
from alerts.reviews.models import Annotation, AskedIncident, Review, SecondOpinion
from alerts.reviews.services.into_sentinel import withdraw_verdict
from alerts.reviews.services.neighbours import lock_with_neighbours
from alerts.reviews.services.pattern_verdicts import patterns_of, recount_patterns
from alerts.reviews.services.standing import restore_standing
from alerts.reviews.services.succession import settle_succession
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.notifications.services import take_back


class CannotUndoVerdict(Refused):
    """The verdict stands."""


@transaction.atomic
def undo_verdict(*, act: UUID, by: User, now: datetime) -> Annotation:
    """Take one's own verdict back as if it had not been given: the question waits again, earlier
    verdicts hold again. Refused once it is on its way to Sentinel; then a new verdict corrects it.
    """
    mine = Annotation.objects.filter(act=act, by=by)
    judged = mine.filter(incidents__isnull=False)
    ids = list(judged.values_list("incidents", flat=True))
    _, near = lock_with_neighbours(ids)  # before question and verdict, as who gives one does
    _lock_questions(mine)
    annotation = mine.select_for_update(of=("self",)).first()
    if annotation is None:
        raise CannotUndoVerdict(gettext("There is nothing to undo."))
    if annotation.withdrawn_at is not None:
        return annotation
    if annotation.superseded_by_id is not None:
        raise CannotUndoVerdict(gettext("Somebody has answered after you."))
    if SecondOpinion.objects.filter(correction=annotation).exists():
        raise CannotUndoVerdict(
            gettext("It was decided together with others. Give another verdict to correct it.")
        )
    if not withdraw_verdict(annotation, ids=ids, now=now):
        raise CannotUndoVerdict(
            gettext("It is already in Sentinel. Give another verdict to correct it.")
        )
    annotation.withdrawn_at = now
    annotation.save(update_fields=["withdrawn_at"])
    succession = settle_succession(ids)
    recount_patterns(patterns_of([annotation.pk, *succession.changed]))
    _wait_again(annotation, succession.holding)
    write_timeline(
        incident_ids=ids,
        code="undone",
        side=TimelineItem.Side.OT,
        by=by,
        now=now,
        act=act,
        details={"code": "answered"},
    )
    take_back(act=act)
    restore_standing(ids, now=now, rank_too=near)
    record("reviews.verdict.undone", on=annotation, by=by, at=now, verdict=annotation.verdict)
    return annotation


def _lock_questions(verdicts: QuerySet[Annotation]) -> None:
    """Lock what these verdicts answered: other incidents of the same question, which are not
    locked here, may be answered right now, and whoever does that counts what is left.
    """
    asked = AskedIncident.objects.filter(answer__in=verdicts).values("review")
    list(Review.objects.filter(pk__in=asked).order_by("pk").select_for_update(of=("self",)))


def _wait_again(annotation: Annotation, holding: Mapping[int, int]) -> None:
    """Questions wait again for the incidents that this verdict answered, unless another one that
    was given since they were asked holds for them.
    """
    rows = AskedIncident.objects.filter(answer=annotation).select_related("review")
    given = Annotation.objects.in_bulk({*holding.values()})
    again = set()
    for row in rows:
        other = given.get(holding.get(row.incident_id, 0))
        row.answer = other if other and other.given_at >= row.review.asked_at else None
        row.save(update_fields=["answer"])
        if row.answer is None:
            again.add(row.review_id)
    Review.objects.filter(pk__in=again, state=Review.State.ANSWERED).update(
        state=Review.State.WAITING, settled_at=None
    )
