"""Suspicious verdicts that nobody has decided: what S1 keeps open, and what is asked about."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from alerts.incidents.models import Incident, Status
from alerts.reviews.models import Annotation, Verdict

# A person of the SOC closed it as harmless after OT had called it suspicious, and Sentinel asks
# them for the reason; a rule never does. A true positive is a case of its own.
_HARMLESS = ("BenignPositive", "FalsePositive")
CLOSED_AS_HARMLESS = Q(
    incident__classification__in=_HARMLESS,
    incident__classification_reason__gt="",
    incident__closed_by="",
    incident__closed_at__gte=F("annotation__given_at"),
)
SETTLED_BY_SOC = Q(incident__status=Status.CLOSED) & (
    CLOSED_AS_HARMLESS | Q(incident__classification="TruePositive")
)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """An incident that OT called suspicious, which nobody has corrected."""

    incident_id: int
    annotation_id: int
    given_at: datetime


def suspicions_on(incidents: QuerySet[Incident]) -> list[Suspicion]:
    """Return what is under suspicion among these incidents, the oldest first. A verdict ends it;
    "not sure" does not, nor does a new question, nor a merge or the end of an incident in Sentinel.
    """
    links = Annotation.incidents.through.objects.filter(
        annotation__verdict=Verdict.SUSPICIOUS, annotation__withdrawn_at=None
    )
    found = (
        links.exclude(SETTLED_BY_SOC)
        .filter(~Exists(_later_verdicts()), incident__in=incidents)
        .order_by("annotation__given_at", "annotation", "incident")
    )
    rows = found.values_list("incident", "annotation", "annotation__given_at")
    return [Suspicion(*row) for row in rows]


def _later_verdicts() -> QuerySet[Any]:
    """Verdicts on the same incident that were given after the suspicious one, by people who were
    sure.
    """
    links = Annotation.incidents.through.objects.filter(
        incident=OuterRef("incident"), annotation__withdrawn_at=None
    ).exclude(annotation__verdict=Verdict.NOT_SURE)
    given, pk = OuterRef("annotation__given_at"), OuterRef("annotation")
    return links.filter(
        Q(annotation__given_at__gt=given) | Q(annotation__given_at=given, annotation__gt=pk)
    )
