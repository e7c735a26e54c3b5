"""Take a question back."""

from datetime import datetime

from django.db import transaction

from alerts.incidents.acts.apply import lock_incidents, write_timeline
from alerts.incidents.models import TimelineItem
from alerts.reviews.models import AskedIncident, Review
from alerts.reviews.policies import reasons_against_withdrawing
from alerts.reviews.services.standing import restore_standing
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.notifications.services import take_back


class CannotWithdraw(Refused):
    """The question was not withdrawn."""


@transaction.atomic
def withdraw_review(*, review_id: int, by: User, now: datetime) -> Review:
    """Take the question back. Mails that did not leave yet never will; the others stay true: the
    page behind their link says that it was withdrawn.
    """
    asked = AskedIncident.objects.filter(review=review_id)
    lock_incidents(list(asked.values_list("incident", flat=True)))  # as who answers or undoes does
    review = (
        Review.objects.select_for_update(of=("self",))
        .select_related("site", "lead__workspace__organisation")
        .get(pk=review_id)
    )
    if reasons := reasons_against_withdrawing(review, by=by):
        raise CannotWithdraw(*reasons)
    ids = list(asked.filter(answer=None).values_list("incident", flat=True))
    review.state, review.settled_at = Review.State.WITHDRAWN, now
    review.save(update_fields=["state", "settled_at"])
    write_timeline(
        incident_ids=ids,
        code="withdrawn",
        side=TimelineItem.Side.SOC,
        by=by,
        now=now,
        details={"review": str(review.uuid), "site": review.site.name},
        act=review.act,
    )
    take_back(act=review.act)
    restore_standing(ids, now=now)
    record("reviews.review.withdrawn", on=review, by=by, at=now)
    return review
