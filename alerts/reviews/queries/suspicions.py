"""Suspicious verdicts that nobody has decided: what S1 keeps open, and what is asked about."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from alerts.incidents.models import Incident, Status
from alerts.reviews.models import Annotation, SecondOpinion, Verdict

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
# Judged and closed before Tagout first read it: of evidence, but nobody works on it here.
FROM_THE_PAST = Q(
    incident__status=Status.CLOSED,
    incident__closed_at__lte=F("incident__stored_at"),
    annotation__given_at__lt=F("incident__stored_at"),
)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """An incident that OT called suspicious, which nobody has corrected. It is narrow once it has
    stayed undecided so long that both leads were asked. One from the past holds nothing open.
    """

    incident_id: int
    annotation_id: int
    given_at: datetime
    is_narrow: bool
    is_past: bool


def suspicions_on(incidents: QuerySet[Incident] | None = None) -> list[Suspicion]:
    """Return what is under suspicion among these incidents, or all, the oldest first. A verdict
    ends it, or that the SOC says it was harmless; "not sure" does not, nor does a new question, a
    merge or the end of an incident in Sentinel.
    """
    links = Annotation.incidents.through.objects.filter(
        annotation__verdict=Verdict.SUSPICIOUS, annotation__withdrawn_at=None
    )
    if incidents is not None:
        links = links.filter(incident__in=incidents)
    found: QuerySet[Any] = (
        links.exclude(SETTLED_BY_SOC)
        .exclude(
            annotation__second_opinion__state=SecondOpinion.State.HARMLESS_TO_SOC,
            annotation__second_opinion__decided_by__isnull=False,
        )
        .filter(~Exists(_later_verdicts()))
        .order_by("annotation__given_at", "annotation", "incident")
    )
    rows = found.annotate(is_past=Exists(_past_links())).values_list(
        "incident",
        "annotation",
        "annotation__given_at",
        "annotation__second_opinion__state",
        "annotation__second_opinion__leads_asked_at",
        "is_past",
    )
    return [
        Suspicion(
            incident,
            annotation,
            given_at,
            is_narrow=state == SecondOpinion.State.OPEN and asked_at is not None,
            is_past=is_past,
        )
        for incident, annotation, given_at, state, asked_at, is_past in rows
    ]


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


def _past_links() -> QuerySet[Any]:
    return Annotation.incidents.through.objects.filter(FROM_THE_PAST, pk=OuterRef("pk"))


def incidents_held_by(annotation: Annotation) -> list[int]:
    """Return the incidents for which this verdict still holds: nobody who was sure has judged them
    since.
    """
    if annotation.withdrawn_at is not None:
        return []
    links = Annotation.incidents.through.objects.filter(annotation=annotation)
    held = links.filter(~Exists(_later_verdicts())).order_by("incident")
    return list(held.values_list("incident", flat=True))


def why_settled(annotation: Annotation) -> SecondOpinion.State | None:
    """Return what has settled an answer without a second opinion; None while it stands."""
    held = incidents_held_by(annotation)
    if not held:
        return SecondOpinion.State.OVERTAKEN
    if annotation.verdict != Verdict.SUSPICIOUS:
        return None
    links = Annotation.incidents.through.objects.filter(annotation=annotation, incident__in=held)
    if links.exclude(SETTLED_BY_SOC).exists():
        return None
    if links.filter(incident__classification="TruePositive").exists():
        return SecondOpinion.State.CONFIRMED
    return SecondOpinion.State.HARMLESS_TO_SOC
