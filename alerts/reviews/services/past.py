"""Take over verdicts that were given elsewhere, on incidents that are closed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from alerts.incidents.models import Alert, Incident, OtState, Status
from alerts.incidents.services.groups import regroup
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


def record_past_verdicts(*, given: Sequence[PastVerdict], by: Actor, now: datetime) -> int:
    """Keep verdicts that OT gave before Tagout (or in the demo's past). They count for patterns as
    any verdict does, but owe Sentinel nothing and tell nobody: the incidents are closed. Incidents
    that are open, or judged already, are passed over. Returns how many were kept.

    Open incidents of these patterns are ranked anew in a transaction of their own, so that nobody
    who locks incidents in the order of their ids waits in a circle.
    """
    kept, patterns = _keep(given, by=by, now=now)
    alike = Incident.objects.filter(pattern__in=patterns, group_key__isnull=False)
    regroup(alike.values_list("pk", flat=True), now=now)
    return kept


@transaction.atomic
def _keep(given: Sequence[PastVerdict], *, by: Actor, now: datetime) -> tuple[int, set[UUID]]:
    wanted = {each.incident_id: each for each in given}
    incidents = Incident.objects.select_for_update(of=("self",)).filter(
        pk__in=wanted, status=Status.CLOSED, annotations=None
    )
    kept: list[Annotation] = []
    judged: dict[str, list[int]] = defaultdict(list)
    patterns: set[UUID] = set()
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
        judged[past.verdict].append(incident.pk)
        if incident.pattern:
            patterns.add(incident.pattern)
    for verdict, ids in judged.items():
        set_ot_state(incident_ids=ids, state=OtState(verdict), due_at=None, now=now)
    if kept:
        record("reviews.verdicts.taken_over", on=kept[0], by=by, at=now, n=len(kept))
    return len(kept), patterns
