"""Take a verdict back while nothing of it has reached Sentinel."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from alerts.incidents.models import TimelineItem
from alerts.incidents.services.timeline import write_timeline
from alerts.reviews.models import Annotation, Review
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
    _, near = lock_with_neighbours(ids)  # before the verdict, as who gives one does
    annotation = mine.select_for_update(of=("self",)).first()
    if annotation is None:
        raise CannotUndoVerdict(gettext("There is nothing to undo."))
    if annotation.withdrawn_at is not None:
        return annotation
    if annotation.superseded_by_id is not None:
        raise CannotUndoVerdict(gettext("Somebody has answered after you."))
    if not withdraw_verdict(annotation, ids=ids, now=now):
        raise CannotUndoVerdict(
            gettext("It is in Sentinel already. Give another verdict to correct it.")
        )
    annotation.withdrawn_at = now
    annotation.save(update_fields=["withdrawn_at"])
    earlier = settle_succession(ids).changed
    recount_patterns(patterns_of([annotation.pk, *earlier]))
    _wait_again(annotation)
    write_timeline(
        incident_ids=ids, code="undone", side=TimelineItem.Side.OT, by=by, now=now, act=act,
        details={"code": "answered"},
    )  # fmt: skip
    take_back(act=act)
    restore_standing(ids, now=now, rank_too=near)
    record("reviews.verdict.undone", on=annotation, by=by, at=now, verdict=annotation.verdict)
    return annotation


def _wait_again(annotation: Annotation) -> None:
    """The questions that this verdict answered, and no other verdict answers, wait again."""
    judged = annotation.incidents.values("pk")
    answered = Review.objects.filter(
        incidents__in=judged, state=Review.State.ANSWERED, settled_at=annotation.given_at
    ).distinct()
    Review.objects.filter(pk__in=[each.pk for each in answered]).update(
        state=Review.State.WAITING, settled_at=None
    )
