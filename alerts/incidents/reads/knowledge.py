"""What is known of an incident's like: what OT said, how often and when it happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.db.models import Count, F, Func, IntegerField, Q, QuerySet
from django.utils.translation import gettext

from alerts.incidents.engine.rhythm import Window, usual_window
from alerts.incidents.models import Alert, Incident, PairMemory, PatternMemory
from alerts.incidents.models.group import PAIR_NEW_HOURS
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
    before: int  # in the `days` before this one came
    days: int  # how far back the history before this one goes, ninety at most
    since: int  # how many came after this one
    weeks: tuple[tuple[str, int], ...]
    window: Window | None
    in_window: int
    is_usual: bool | None  # whether this one lies in the window; None where there is none


def memory_of(incident: Incident) -> Memory | None:
    """What OT said of this pattern before, as far as the reader of the incident may know it; None
    where nothing was judged.
    """
    known = (
        PatternMemory.objects.filter(pattern=incident.pattern).first() if incident.pattern else None
    )
    if known is None:
        return None
    counts = {
        "maintenance": known.maintenance, "routine": known.routine,
        "suspicious": known.suspicious, "not-sure": known.not_sure,
    }  # fmt: skip
    is_hidden = incident.pattern in incident.hidden.by_pattern
    counts = incident.hidden.counts_without(incident.pattern, counts)
    judged = sum(counts.values())
    if not judged:
        return None
    if is_hidden:
        return Memory(counts, judged, "", "", None)
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
    before, history_days = sightings_before(incident)
    since = (
        Incident.objects.filter(
            pattern=incident.pattern, created_at__gt=incident.created_at
        ).count()
        if incident.pattern
        else 0
    )
    moments = alike.order_by("-created_at").values_list("created_at", flat=True)[:MOST_MOMENTS]
    local = [at.astimezone(zone) for at in moments]
    window = usual_window([_place(at) for at in local])
    count = sum(n for _, n in weeks)
    inside, usual = _within(window, incident.created_at.astimezone(zone), local)
    is_counted = incident.created_at > now - timedelta(days=DAYS)
    return Lately(
        count,
        count - is_counted if count else 0,
        before,
        history_days,
        since,
        weeks,
        window,
        inside,
        usual,
    )


def sightings_before(incident: Incident) -> tuple[int, int]:
    """Return how many incidents of this pattern came in the ninety days before this one, and how
    many of those days the history reaches back. Every page that says "seen before" asks here.
    """
    start = incident.created_at - timedelta(days=DAYS)
    oldest = Alert.objects.order_by("at").values_list("at", flat=True).first()
    days = (incident.created_at - max(start, oldest or start)).days
    if incident.pattern is None:
        return 0, max(0, days)
    alike = Incident.objects.filter(
        pattern=incident.pattern, created_at__gte=start, created_at__lt=incident.created_at
    )
    return alike.count(), max(0, days)


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


def has_new_pair(incident: Incident) -> bool:
    """Return whether two of its devices had never been seen together before, and have not become
    usual since.
    """
    pairs = PairMemory.objects.filter(first_incident=incident.pk)
    later = F("first_seen_at") + timedelta(hours=PAIR_NEW_HOURS)
    return pairs.filter(Q(seen_again_at=None) | Q(seen_again_at__lt=later)).exists()
