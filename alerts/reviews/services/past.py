"""Take over verdicts that were given elsewhere, on incidents that are closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.db import transaction

from alerts.incidents.models import Alert, Incident, OtState, Status
from alerts.incidents.services.ot import note_verdict, set_ot_state
from alerts.reviews.models import Annotation
from alerts.reviews.services.consequences import word_of
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


@transaction.atomic
def record_past_verdicts(*, given: Sequence[PastVerdict], by: Actor, now: datetime) -> int:
    """Keep verdicts that OT gave before Tagout (or in the demo's past). They count for patterns as
    any verdict does, but owe Sentinel nothing and tell nobody: the incidents are closed. Incidents
    that are open, or judged already, are passed over. Returns how many were kept.
    """
    wanted = {each.incident_id: each for each in given}
    incidents = Incident.objects.select_for_update(of=("self",)).filter(
        pk__in=wanted, status=Status.CLOSED, annotations=None
    )
    kept: list[Annotation] = []
    for incident in incidents.order_by("pk"):
        past = wanted[incident.pk]
        annotation = Annotation.objects.create(
            verdict=past.verdict, cause=past.cause, note=past.note, by=past.by,
            given_at=past.given_at, key=uuid4(), act=uuid4(),
        )  # fmt: skip
        annotation.incidents.set([incident.pk])
        annotation.alerts.set(Alert.objects.filter(incidents=incident.pk))
        if incident.pattern:
            note_verdict(patterns={incident.pattern}, said=word_of(annotation))
        kept.append(annotation)
    for state in {each.verdict for each in kept}:
        ids = [
            pk
            for each in kept
            if each.verdict == state
            for pk in each.incidents.values_list("pk", flat=True)
        ]
        set_ot_state(incident_ids=ids, state=OtState(state), due_at=None, now=now)
    if kept:
        record("reviews.verdicts.taken_over", on=kept[0], by=by, at=now, n=len(kept))
    return len(kept)
