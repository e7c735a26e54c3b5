"""What is known around an incident when OT is asked: computed, or left out."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q

from alerts.incidents.engine.hidden_verdicts import NOTHING_HIDDEN, HiddenVerdicts
from alerts.incidents.models import Alert, Incident, IncidentAlert, PatternMemory
from alerts.incidents.page.pattern_history import sightings_before
from alerts.reviews.engine.rhythm import Moment, Window, usual_window
from alerts.reviews.models import Annotation
from alerts.sites.models import Device

LOOK_BACK = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class PatternHistory:
    """What OT said of a pattern so far: how often what, and the latest word."""

    routine: int
    maintenance: int
    suspicious: int
    not_sure: int
    latest_verdict: str
    latest_by: str
    latest_at: datetime | None
    latest_note: str

    @property
    def counts(self) -> list[tuple[str, int]]:
        """Verdicts that were given, the most frequent first."""
        mix = [
            ("routine", self.routine),
            ("maintenance", self.maintenance),
            ("suspicious", self.suspicious),
            ("not-sure", self.not_sure),
        ]
        return sorted(((name, n) for name, n in mix if n), key=lambda pair: -pair[1])

    @property
    def judged(self) -> int:
        """How many verdicts there are."""
        return sum(n for _, n in self.counts)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a person may want to know before answering."""

    seen: int  # incidents of this pattern before this one, in the days looked at
    days: int
    window: Window | None  # when it usually happens, if there is such a time
    inside: bool | None  # whether this one lies inside; None where its time is unknown
    said: PatternHistory | None


@dataclass(frozen=True, slots=True)
class Ends:
    """The devices at both ends, where we know them."""

    source: Device | None
    destination: Device | None

    @property
    def target_is_grave(self) -> bool:
        """Whether the receiving end is a crown jewel or a safety system."""
        return self.destination is not None and self.destination.is_critical


def history_of_pattern(
    pattern: UUID | None, *, hidden: HiddenVerdicts = NOTHING_HIDDEN
) -> PatternHistory | None:
    """What OT said of a pattern, `hidden` verdicts left out; None where it never said anything."""
    known = PatternMemory.objects.filter(pattern=pattern).first() if pattern else None
    if known is None or known.latest_verdict_at is None:
        return None
    told = {
        "routine": known.routine,
        "maintenance": known.maintenance,
        "suspicious": known.suspicious,
        "not-sure": known.not_sure,
    }
    latest: tuple[str, str, datetime | None, str] = (
        known.latest_verdict,
        known.latest_verdict_by,
        known.latest_verdict_at,
        known.latest_note,
    )
    if pattern in hidden.by_pattern:
        told, latest = hidden.counts_without(pattern, told), ("", "", None, "")
    said = PatternHistory(
        told["routine"], told["maintenance"], told["suspicious"], told["not-sure"], *latest
    )
    return said if said.judged or pattern not in hidden.by_pattern else None


def facts_of(
    incident: Incident,
    *,
    besides: Annotation | None = None,
    hidden: HiddenVerdicts = NOTHING_HIDDEN,
) -> Facts | None:
    """How usual this incident is; None while its alerts were not fetched. `besides` is the answer
    that stands beside it: it is not counted as something said before, nor is what is `hidden` from
    the reader.
    """
    if incident.pattern is None:
        return None
    since = incident.created_at - LOOK_BACK
    seen, days = sightings_before(incident)
    before = IncidentAlert.objects.filter(
        incident__pattern=incident.pattern,
        incident__created_at__gte=since,
        incident__created_at__lt=incident.created_at,
    ).exclude(incident=incident.pk)
    moments: list[Moment] = []
    for weekday, minute, n in before.values_list(
        "alert__plant_weekday", "alert__plant_minute"
    ).annotate(n=Count("alert", distinct=True)):
        if weekday is not None and minute is not None:
            moments += [(weekday, minute)] * n
    window = usual_window(moments)
    return Facts(
        seen=seen,
        days=days,
        window=window,
        inside=_is_inside(incident, window),
        said=_without(history_of_pattern(incident.pattern, hidden=hidden), besides),
    )


def _without(said: PatternHistory | None, besides: Annotation | None) -> PatternHistory | None:
    if said is None or besides is None:
        return said
    field = besides.verdict.replace("-", "_")
    others = replace(said, **{field: max(getattr(said, field) - 1, 0)})
    return others if others.judged else None


def ends_of(incident: Incident) -> Ends:
    """The devices that stand at both ends of an incident, by name or address."""
    names = [name for name in (incident.source, incident.destination) if name]
    devices = Device.objects.filter(
        Q(name__in=names) | Q(address__in=names), zone__site__in=incident.site_ids
    )
    known: dict[str, Device] = {}
    for device in devices.order_by("-latest_seen_at", "-pk")[:20]:
        for handle in (device.name, device.address):
            known.setdefault(handle, device)
    return Ends(
        known.get(incident.source) if incident.source else None,
        known.get(incident.destination) if incident.destination else None,
    )


def _is_inside(incident: Incident, window: Window | None) -> bool | None:
    if window is None:
        return None
    times = Alert.objects.filter(incidents=incident.pk, plant_weekday__isnull=False)
    first = times.order_by("at", "pk").values_list("plant_weekday", "plant_minute").first()
    weekday, minute = first or (None, None)
    if weekday is None or minute is None:
        return None
    return window.holds((weekday, minute))
