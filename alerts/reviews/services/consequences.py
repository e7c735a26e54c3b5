"""What follows from a verdict, in its transaction: Sentinel is owed label and comment, timeline and
pattern remember it, who asked and who owns is told, the queue shows it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from alerts.incidents.acts.apply import write_timeline
from alerts.incidents.models import Incident, TimelineItem
from alerts.incidents.queries import incidents_visible_to
from alerts.incidents.wording import number_words
from alerts.reviews.engine.comment import Spoken
from alerts.reviews.models import Annotation, AskedIncident, Review
from alerts.reviews.policies import sites_spoken_for
from alerts.reviews.services.into_sentinel import owe_verdict
from alerts.reviews.services.notify import notify_answered
from alerts.reviews.services.pattern_verdicts import (
    cause_words,
    patterns_of,
    recount_patterns,
)
from alerts.reviews.services.standing import restore_standing
from alerts.reviews.services.succession import Succession
from portal.accounts.models import User


def follow_through(
    annotation: Annotation,
    *,
    incidents: Sequence[Incident],
    answered: Sequence[Review],
    succession: Succession,
    near: Collection[int],
    now: datetime,
) -> None:
    """Carry a verdict to everywhere it belongs. `near`: incidents to rank anew with these."""
    ids = [each.pk for each in incidents]
    holding = {pk for pk, verdict in succession.holding.items() if verdict == annotation.pk}
    said = _spoken(annotation, incidents)
    owe_verdict(annotation, incidents=incidents, holding=holding, said=said, now=now)
    _write_down(annotation, ids, now=now)
    recount_patterns(patterns_of([annotation.pk, *succession.changed]))
    lead = max(incidents, key=lambda each: (each.severity, each.created_at, each.pk))
    people = [
        each
        for each in _interested(incidents, answered, annotation)
        if incidents_visible_to(each).filter(pk=lead.pk).exists()
    ]
    notify_answered(
        annotation, incident=lead, people=people, about=incidents, left=_left(answered), now=now
    )
    restore_standing(ids, now=now, rank_too=near)


def _spoken(annotation: Annotation, incidents: Sequence[Incident]) -> Spoken:
    sites = sites_spoken_for(annotation.by, incidents[0])
    return Spoken(
        verdict=annotation.verdict,
        cause=cause_words(annotation.cause),
        by_name=annotation.by.name,
        place=", ".join(site.name for site in sites),
        work_order=annotation.work_order,
        done_by=annotation.done_by,
        note=annotation.note,
        numbers=tuple(number_words(each.number, each.pk) for each in incidents),
    )


def _left(answered: Sequence[Review]) -> int:
    """How many incidents of these questions wait on."""
    return AskedIncident.objects.filter(review__in=answered, answer=None).count()


def _write_down(annotation: Annotation, ids: Sequence[int], *, now: datetime) -> None:
    details = {
        "verdict": annotation.verdict,
        "cause": annotation.cause,
        "note": annotation.note,
        "work_order": annotation.work_order,
        "done_by": annotation.done_by,
        "n": len(ids),
        "annotation": str(annotation.uuid),
    }
    write_timeline(
        incident_ids=ids,
        code="answered",
        side=TimelineItem.Side.OT,
        by=annotation.by,
        now=now,
        details=details,
        act=annotation.act,
    )


def _interested(
    incidents: Sequence[Incident], answered: Sequence[Review], annotation: Annotation
) -> list[User]:
    """Who asked, and who owns the incidents (in Sentinel, where an owner may be anybody); never
    the one who answered.
    """
    asked = {each.asked_by_id for each in answered}
    if annotation.review and not answered:
        asked.add(annotation.review.asked_by_id)
    owners = {each.owner_email.lower() for each in incidents if each.owner_email}
    people = User.objects.filter(is_active=True).exclude(pk=annotation.by_id)
    return [
        *people.filter(pk__in=asked).order_by("pk"),
        *people.filter(email__in=owners).exclude(pk__in=asked).order_by("pk"),
    ]
