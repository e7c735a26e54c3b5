"""What is known of an incident's like: what OT said, how often and when it happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.db.models import Count, F, Func, IntegerField, QuerySet
from django.utils.translation import gettext

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
    before: int  # of the others, those that came earlier than this one
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
    days = [day_words(now - timedelta(weeks=back + 1), now, zone) for back in range(1, WEEKS)]
    labels = [gettext("this week"), *days]
    weeks = tuple((labels[back], by_week.get(back, 0)) for back in reversed(range(WEEKS)))
    before = alike.filter(created_at__lt=incident.created_at).count()
    moments = alike.order_by("-created_at").values_list("created_at", flat=True)[:MOST_MOMENTS]
    local = [at.astimezone(zone) for at in moments]
    window = usual_window([_place(at) for at in local])
    count = sum(n for _, n in weeks)
    inside, usual = _within(window, incident.created_at.astimezone(zone), local)
    return Lately(count, max(0, count - 1), before, weeks, window, inside, usual)


def _weeks_back(now: datetime) -> Func:
    """How many whole weeks ago an incident was raised."""
    return Func(
        now - F("created_at"),
        template="floor(extract(epoch from %(expressions)s) / 604800)::int",
        output_field=IntegerField(),
    )


def _within(
    window: Window | None, mine: datetime, others: Sequence[datetime]
) -> tuple[int, bool | None]:
    """How many lie in the window, and whether this one does."""
    if window is None:
        return 0, None
    inside = sum(window.holds(_place(at)) for at in others)
    return inside, window.holds(_place(mine))


def _place(at: datetime) -> tuple[int, int]:
    """A moment of the plant's week: weekday and minute of the day."""
    return at.weekday(), at.hour * 60 + at.minute


def is_first_of_its_pair(incident: Incident) -> bool:
    """Whether these two ends had never been seen together before."""
    return PairMemory.objects.filter(first_incident=incident.pk).exists()
