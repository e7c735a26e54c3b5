"""Point a colleague to a question."""

from datetime import datetime

from django.db import transaction

from alerts.incidents.acts.apply import write_timeline
from alerts.incidents.models import TimelineItem
from alerts.reviews.models import Review
from alerts.reviews.policies import reasons_against_handing_over
from alerts.reviews.queries import waiting_incidents_of
from alerts.reviews.services.notify import notify_handed_over
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused


class CannotHandOver(Refused):
    """The question was not handed over."""


@transaction.atomic
def hand_over_review(
    *, review_id: int, to: User | None, by: User, now: datetime, note: str = ""
) -> Review:
    """Tell a colleague of the same site that this question is for them. It stays open to all."""
    review = (
        Review.objects.select_for_update(of=("self",))
        .select_related("site", "lead__workspace__organisation", "asked_by")
        .get(pk=review_id)
    )
    if reasons := reasons_against_handing_over(review, to=to, by=by):
        raise CannotHandOver(*reasons)
    assert to is not None  # the policy says so
    note = note.strip()[:300]
    waiting = list(waiting_incidents_of(review))
    ids = [each.pk for each in waiting]
    write_timeline(
        incident_ids=ids,
        code="handed-over",
        side=TimelineItem.Side.OT,
        by=by,
        now=now,
        details={"review": str(review.uuid), "to": to.name, "note": note},
    )
    notify_handed_over(review, to=to, by=by, about=waiting, note=note, now=now)
    record("reviews.review.handed_over", on=review, by=by, at=now, to=to.email, note=note)
    return review
