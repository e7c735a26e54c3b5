"""Take over verdicts that were given elsewhere, on incidents that are closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from alerts.incidents.models import Alert, Incident, Status, TimelineItem
from alerts.incidents.services.groups import regroup
from alerts.incidents.services.timeline import write_timeline
from alerts.reviews.models import Annotation
from alerts.reviews.services.pattern_verdicts import patterns_of, recount_patterns
from alerts.reviews.services.standing import restore_standing
from alerts.reviews.services.succession import settle_succession
from portal.accounts.models import User
from portal.audit.services import Actor, record


@dataclass(frozen=True, slots=True)
class PastVerdict:
    """One answer of the past: about one incident, by a person, at a time."""

    incident_id: int
    verdict: str
    cause: str
    by: User
    given_at: datetime
    note: str = ""


def record_past_verdicts(*, given: Sequence[PastVerdict], by: Actor, now: datetime) -> int:
    """Keep verdicts that OT gave before Tagout (or in the demo's past). They count for patterns as
    any verdict does, but owe Sentinel nothing and tell nobody: the incidents are closed. Verdicts
    on open incidents, and those kept already, are passed over. Returns how many were kept.

    They may come in any order: of several on one incident the one that was given last holds.

    Open incidents of these patterns are ranked anew in a transaction of their own, so that nobody
    who locks incidents in the order of their ids waits in a circle.
    """
    kept, patterns = _keep(given, by=by, now=now)
    alike = Incident.objects.filter(pattern__in=patterns, group_key__isnull=False)
    regroup(alike.values_list("pk", flat=True), now=now)
    return kept


@transaction.atomic
def _keep(given: Sequence[PastVerdict], *, by: Actor, now: datetime) -> tuple[int, set[UUID]]:
    wanted = {_identity(each): each for each in given}
    rows = Incident.objects.select_for_update(of=("self",)).filter(
        pk__in={each.incident_id for each in given}, status=Status.CLOSED
    )
    closed = {row.pk for row in rows.order_by("pk")}
    known = set(
        Annotation.objects.filter(incidents__in=closed).values_list("incidents", "by", "given_at")
    )
    fresh = [each for key, each in wanted.items() if key[0] in closed and key not in known]
    kept = [_annotation_of(each) for each in fresh]
    ids = {each.incident_id for each in fresh}
    if not kept:
        return 0, set()
    changed = settle_succession(ids).changed
    patterns = patterns_of({*(each.pk for each in kept), *changed})
    recount_patterns(patterns)
    restore_standing(ids, now=now)
    record("reviews.verdicts.taken_over", on=kept[0], by=by, at=now, n=len(kept))
    return len(kept), patterns


def _identity(past: PastVerdict) -> tuple[int, int, datetime]:
    """What tells a verdict of the past from another: nobody judges twice at the same moment."""
    return past.incident_id, past.by.pk, past.given_at


def _annotation_of(past: PastVerdict) -> Annotation:
    annotation = Annotation.objects.create(
        verdict=past.verdict, cause=past.cause, note=past.note, by=past.by,
        given_at=past.given_at, key=uuid4(), act=uuid4(),
    )  # fmt: skip
    annotation.incidents.set([past.incident_id])
    annotation.alerts.set(Alert.objects.filter(incidents=past.incident_id))
    _write_down(annotation, past.incident_id)
    return annotation


def _write_down(annotation: Annotation, incident_id: int) -> None:
    """The verdict stands on the timeline when it was given, not when it was taken over."""
    write_timeline(
        incident_ids=[incident_id], code="answered", side=TimelineItem.Side.OT, by=annotation.by,
        now=annotation.given_at, act=annotation.act,
        details={"verdict": annotation.verdict, "cause": annotation.cause,
                 "note": annotation.note, "annotation": str(annotation.uuid)},
    )  # fmt: skip
