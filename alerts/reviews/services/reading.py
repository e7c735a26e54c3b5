"""Note who opened a question first."""

from datetime import datetime

from django.db import transaction

from alerts.incidents.acts.apply import write_timeline
from alerts.incidents.models import TimelineItem
from alerts.reviews.models import Review
from alerts.reviews.policies import speaks_at
from portal.accounts.models import User
from portal.audit.services import record


@transaction.atomic
def open_review(*, review_id: int, by: User, now: datetime) -> bool:
    """Note that OT has seen the question. True for the first reader who may answer it, once."""
    review = Review.objects.select_related("site", "lead__workspace__organisation").get(
        pk=review_id
    )
    if review.state != Review.State.WAITING or review.opened_by_id is not None:
        return False
    if not speaks_at(by, review.site, review.lead.workspace):
        return False
    first = Review.objects.filter(pk=review_id, opened_by=None, state=Review.State.WAITING)
    if not first.update(opened_by=by, opened_at=now):
        return False
    write_timeline(
        incident_ids=list(review.incidents.values_list("pk", flat=True)),
        code="opened",
        side=TimelineItem.Side.OT,
        by=by,
        now=now,
        details={"review": str(review.uuid)},
    )
    record("reviews.review.opened", on=review, by=by, at=now)
    return True
