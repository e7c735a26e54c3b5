"""What is known of an incident's like: what OT said, how often and when it happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.db.models import Count, F, Func, IntegerField, QuerySet

from alerts.incidents.engine.rhythm import Window, usual_window
from alerts.incidents.models import Incident, PairMemory, PatternMemory
from alerts.incidents.reads.wording import day_words

DAYS = 90
WEEKS = 13
MOST_MOMENTS = 2000


@dataclass(frozen=True, slots=True)
class Memory:
    """What OT said of a pattern."""

    counts: dict[str, int]
    judged: int
    latest_note: str
    latest_by: str
    latest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Lately:
    """How often a pattern came in ninety days: in all, by week (oldest first), and when."""

    count: int
    others: int
    weeks: tuple[tuple[str, int], ...]
    window: Window | None
    in_window: int
    is_usual: bool | None  # whether this one lies in the window; None where there is none


def memory_of(incident: Incident) -> Memory | None:
    """What OT said of this pattern before; None where nothing was judged."""
    known = (
        PatternMemory.objects.filter(pattern=incident.pattern).first() if incident.pattern else None
    )
    if known is None:
        return None
    counts = {
        "maintenance": known.maintenance, "routine": known.routine,
        "suspicious": known.suspicious, "not-sure": known.not_sure,
    }  # fmt: skip
    judged = sum(counts.values())
    if not judged:
        return None
    return Memory(
        counts, judged, known.latest_note, known.latest_verdict_by, known.latest_verdict_at
    )


def alike_lately(incident: Incident, *, now: datetime) -> QuerySet[Incident]:
    """Incidents of the same pattern in ninety days, itself among them."""
    if incident.pattern is None:
        return Incident.objects.none()
    since = now - timedelta(days=DAYS)
    return Incident.objects.filter(pattern=incident.pattern, created_at__gt=since)


def lately(incident: Incident, *, now: datetime, zone: tzinfo) -> Lately:
    """How often and when this pattern came in ninety days."""
    alike = alike_lately(incident, now=now)
    counted = alike.annotate(back=_weeks_back(now)).values_list("back").annotate(n=Count("pk"))
    by_week = dict(counted)
    weeks = tuple(
        (day_words(now - timedelta(weeks=back + 1), now, zone), by_week.get(back, 0))
        for back in reversed(range(WEEKS))
    )
    moments = alike.order_by("-created_at").values_list("created_at", flat=True)[:MOST_MOMENTS]
    local = [at.astimezone(zone) for at in moments]
    window = usual_window([(at.weekday(), at.hour * 60 + at.minute) for at in local])
    return _lately(incident, weeks, local, window, zone)


def _weeks_back(now: datetime) -> Func:
    """How many whole weeks ago an incident was raised."""
    return Func(
        now - F("created_at"),
        template="floor(extract(epoch from %(expressions)s) / 604800)::int",
        output_field=IntegerField(),
    )


def _lately(
    incident: Incident,
    weeks: tuple[tuple[str, int], ...],
    local: Sequence[datetime],
    window: Window | None,
    zone: tzinfo,
) -> Lately:
    count = sum(n for _, n in weeks)
    if window is None:
        return Lately(count, max(0, count - 1), weeks, None, 0, None)
    inside = sum(window.holds((at.weekday(), at.hour * 60 + at.minute)) for at in local)
    mine = incident.created_at.astimezone(zone)
    usual = window.holds((mine.weekday(), mine.hour * 60 + mine.minute))
    return Lately(count, max(0, count - 1), weeks, window, inside, usual)


def is_first_of_its_pair(incident: Incident) -> bool:
    """Whether these two ends had never been seen together before."""
    return PairMemory.objects.filter(first_incident=incident.pk).exists()
