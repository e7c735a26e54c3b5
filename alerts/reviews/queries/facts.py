"""What is known around an incident when OT is asked: computed, or left out."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from alerts.incidents.engine.hidden_verdicts import NOTHING_HIDDEN, HiddenVerdicts
from alerts.incidents.engine.rhythm import UsualHours
from alerts.incidents.models import Incident
from alerts.incidents.page.incident import alerts_of
from alerts.incidents.page.pattern_history import (
    PatternHistory,
    is_history_doubted,
    pattern_verdicts,
    sightings_before,
    true_positives_like,
    usual_hours_of,
)
from alerts.reviews.models import Verdict
from alerts.sites.models import Device


@dataclass(frozen=True, slots=True)
class QuestionFacts:
    """What a person may want to know before answering."""

    sightings: int  # incidents of this pattern before this one, in the days looked at
    days: int
    usual: UsualHours | None
    is_doubted: bool  # what came before counts for nothing
    true_positive_at: datetime | None  # when the newest one between the same devices happened
    verdicts: PatternHistory | None


@dataclass(frozen=True, slots=True)
class Ends:
    """The devices at both ends, where we know them."""

    source: Device | None
    destination: Device | None

    @property
    def target_is_grave(self) -> bool:
        """Whether the receiving end is a crown jewel or a safety system."""
        return self.destination is not None and self.destination.is_critical


def question_facts(
    incident: Incident,
    *,
    besides: Verdict | None = None,
    hidden: HiddenVerdicts = NOTHING_HIDDEN,
) -> QuestionFacts | None:
    """How usual this incident is; None while its alerts were not fetched. `besides` is the answer
    that is beside it: it is not counted as an earlier answer, nor is what is `hidden` from the
    reader.
    """
    if incident.pattern is None:
        return None
    sightings, days = sightings_before(incident)
    verdicts = pattern_verdicts(incident.pattern, hidden=hidden)
    alerts, others = alerts_of(incident), Incident.objects.order_by()
    cases, _ = true_positives_like(incident, alerts, among=others)
    return QuestionFacts(
        sightings=sightings,
        days=days,
        usual=usual_hours_of(incident),
        is_doubted=bool(cases) or is_history_doubted(incident, alerts, verdicts),
        true_positive_at=cases[0].created_at if cases else None,
        verdicts=_without(verdicts, besides),
    )


def _without(verdicts: PatternHistory | None, besides: Verdict | None) -> PatternHistory | None:
    if verdicts is None or besides is None:
        return verdicts
    counts = verdicts.counts | {besides.kind: max(verdicts.counts[besides.kind] - 1, 0)}
    others = replace(verdicts, counts=counts)
    return others if others.judged else None


def ends_of(incident: Incident) -> Ends:
    """The devices that are at both ends of an incident, by name or address."""
    names = [name for name in (incident.source, incident.destination) if name]
    devices = Device.objects.filter(
        Q(name__in=names) | Q(address__in=names), zone__site__in=incident.site_ids
    )
    by_handle: dict[str, Device] = {}
    for device in devices.order_by("-latest_seen_at", "-pk")[:20]:
        for handle in (device.name, device.address):
            by_handle.setdefault(handle, device)
    return Ends(
        by_handle.get(incident.source) if incident.source else None,
        by_handle.get(incident.destination) if incident.destination else None,
    )
