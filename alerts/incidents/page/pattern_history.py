"""What is known of an incident's like: what OT said, how often and when it happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext

from alerts.incidents.engine.rhythm import Window, usual_window
from alerts.incidents.models import Incident, PairMemory, PatternMemory
from alerts.incidents.models.group import PAIR_NEW_HOURS
from alerts.incidents.wording import day_words

DAYS = 90
WEEKS = 13
MAX_MOMENTS = 2000


@dataclass(frozen=True, slots=True)
class PatternVerdicts:
    """What OT said of a pattern."""

    counts: dict[str, int]
    judged: int
    latest_note: str
    latest_by: str
    latest_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecentSightings:
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


def pattern_verdicts_of(incident: Incident) -> PatternVerdicts | None:
    """What OT said of this pattern before, as far as the reader of the incident may know it; None
    where nothing was judged.
    """
    known = (
        PatternMemory.objects.filter(pattern=incident.pattern).first() if incident.pattern else None
    )
    if known is None:
        return None
    counts = {
        "maintenance": known.maintenance,
        "routine": known.routine,
        "suspicious": known.suspicious,
        "not-sure": known.not_sure,
    }
    is_hidden = incident.pattern in incident.hidden.by_pattern
    counts = incident.hidden.counts_without(incident.pattern, counts)
    judged = sum(counts.values())
    if not judged:
        return None
    if is_hidden:
        return PatternVerdicts(counts, judged, "", "", None)
    return PatternVerdicts(
        counts, judged, known.latest_note, known.latest_verdict_by, known.latest_verdict_at
    )


def alike_lately(incident: Incident, *, now: datetime) -> QuerySet[Incident]:
    """Incidents of the same pattern in ninety days, itself among them."""
    if incident.pattern is None:
        return Incident.objects.none()
    since = now - timedelta(days=DAYS)
    return Incident.objects.filter(pattern=incident.pattern, created_at__gt=since)


def recent_sightings(incident: Incident, *, now: datetime, zone: tzinfo) -> RecentSightings:
    """How often and when this pattern came in ninety days."""
    by_week, since = _by_week(incident, now=now)
    days = [day_words(now - timedelta(weeks=back + 1), now, zone) for back in range(1, WEEKS)]
    labels = [gettext("this week"), *days]
    weeks = tuple((labels[back], by_week.get(back, 0)) for back in reversed(range(WEEKS)))
    before, history_days = sightings_before(incident)
    alike = alike_lately(incident, now=now)
    moments = alike.order_by("-created_at").values_list("created_at", flat=True)[:MAX_MOMENTS]
    local = [at.astimezone(zone) for at in moments]
    window = usual_window([_place(at) for at in local])
    count = sum(n for _, n in weeks)
    inside, usual = _within(window, incident.created_at.astimezone(zone), local)
    is_counted = incident.created_at > now - timedelta(days=DAYS)
    return RecentSightings(
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
    with connection.cursor() as cursor:  # in each page of an incident and each preview
        cursor.execute(
            "SELECT (SELECT count(*) FROM incidents_incident"
            " WHERE pattern = %s AND created_at >= %s AND created_at < %s),"
            " (SELECT at FROM incidents_alert ORDER BY at LIMIT 1)",
            [incident.pattern, start, incident.created_at],
        )
        count, oldest = cursor.fetchone()
    return count, max(0, (incident.created_at - max(start, oldest or start)).days)


def _by_week(incident: Incident, *, now: datetime) -> tuple[dict[int, int], int]:
    """How many of this pattern came so many whole weeks ago, within ninety days; and how many came
    after this one, whenever that was.
    """
    if incident.pattern is None:
        return {}, 0
    start = now - timedelta(days=DAYS)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT floor(extract(epoch FROM %(now)s - created_at) / 604800)::int,"
            " count(*) FILTER (WHERE created_at > %(start)s),"
            " count(*) FILTER (WHERE created_at > %(mine)s)"
            "  FROM incidents_incident"
            " WHERE pattern = %(pattern)s AND created_at > least(%(start)s, %(mine)s) GROUP BY 1",
            {"now": now, "start": start, "mine": incident.created_at, "pattern": incident.pattern},
        )
        rows = cursor.fetchall()
    return {back: n for back, n, _ in rows}, sum(since for _, _, since in rows)


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
