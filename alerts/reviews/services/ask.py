"""Ask OT."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext

from alerts.incidents.acts.apply import write_timeline
from alerts.incidents.ingest.ot import set_ot_states
from alerts.incidents.models import Incident, OtState, TimelineItem
from alerts.reviews.engine.due import answer_within
from alerts.reviews.engine.question import question_in
from alerts.reviews.models import CANNED, Review
from alerts.reviews.policies import reasons_against_asking
from alerts.reviews.queries import people_asked_at
from alerts.reviews.services.notify import notify_asked
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused


class CannotAsk(Refused):
    """OT was not asked."""


@transaction.atomic
def ask_ot(
    *,
    site_id: int,
    question: str,
    by: User,
    now: datetime,
    incident_ids: Collection[int] = (),
    group: UUID | None = None,
) -> Review:
    """Ask everyone who speaks for OT at a site one question about some incidents, or about all
    that stand in one row of the queue. Refuses a second question while one waits.
    """
    incidents = _locked(incident_ids, group)
    site = Site.objects.filter(pk=site_id).first()
    if site is None:
        raise CannotAsk(gettext("Choose the site to ask."))
    question = question.strip()
    if reasons := reasons_against_asking(incidents, site=site, question=question, by=by):
        raise CannotAsk(*reasons)
    lead = max(incidents, key=lambda each: (each.severity, each.created_at, each.pk))
    review = Review.objects.create(
        site=site,
        lead=lead,
        question=question,
        asked_by=by,
        asked_at=now,
        due_at=now + answer_within(lead.severity),
        act=uuid4(),
    )
    review.incidents.set(incidents)
    ids, parts = [each.pk for each in incidents], question_in(question, ready=CANNED)
    write_timeline(
        incident_ids=ids,
        code="asked",
        side=TimelineItem.Side.SOC,
        by=by,
        now=now,
        act=review.act,
        details={
            "review": str(review.uuid),
            "site": site.name,
            "canned": bool(parts.ready),
            "question": parts.ready or parts.own,
            "own": parts.own if parts.ready else "",
        },
    )
    people = people_asked_at(site, lead, by=by)
    notify_asked(review, people=people, about=incidents, now=now)
    set_ot_states(standings={(OtState.WAITING, review.due_at): ids}, now=now)
    record(
        "reviews.review.asked",
        on=review,
        by=by,
        at=now,
        question=question,
        site=site.name,
        incidents=[each.name for each in incidents[:100]],
        n=len(ids),
        told=len(people),
    )
    return review


def _locked(incident_ids: Collection[int], group: UUID | None) -> list[Incident]:
    """The incidents, locked in one order, so that two who ask at once do not both succeed."""
    rows = Incident.objects.select_related("workspace__organisation").order_by("pk")
    wanted = rows.filter(group_key=group) if group else rows.filter(pk__in=incident_ids)
    return list(wanted.select_for_update(of=("self",)))
