"""What is known of an incident's like: what OT said, how often and when it happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from uuid import UUID

from django.db import connection
from django.db.models import FETCH_RAISE, Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.engine.hidden_verdicts import HiddenVerdicts
from alerts.incidents.engine.rhythm import HourWindow, Moment, UsualHours, usual_window
from alerts.incidents.models import (
    Alert,
    Incident,
    IncidentAlert,
    OtState,
    PairMemory,
    PatternMemory,
)
from alerts.incidents.models.group import PAIR_NEW_HOURS
from alerts.incidents.wording import day_words

DAYS = 90
MAX_CASES = 3
SHOWN = ("number", "title", "latest_activity_at", "modified_at", "created_at")
_BENIGN = ("BenignPositive", "FalsePositive")
_HARMLESS = (OtState.ROUTINE, OtState.MAINTENANCE)
_IS_SUSPICIOUS = Q(incident__ot_state=OtState.SUSPICIOUS) | Q(
    incident__classification="TruePositive"
)
WEEKS = 13


@dataclass(frozen=True, slots=True)
class PatternHistory:
    """OT's answers on a pattern: how often which verdict, and the latest one."""

    counts: dict[str, int]
    latest_verdict: str
    latest_by: str
    latest_at: datetime | None
    latest_note: str

    @property
    def judged(self) -> int:
        """How many verdicts there are."""
        return sum(self.counts.values())

    def sign(self, *, is_doubted: bool) -> bool | None:
        """Whether they speak for the next one: not where one is suspicious, neither where the
        pattern is doubted otherwise, or where few were sure that it is harmless.
        """
        if self.counts["suspicious"]:
            return False
        harmless = self.counts["routine"] + self.counts["maintenance"]
        return True if harmless * 2 > self.judged and not is_doubted else None


@dataclass(frozen=True, slots=True)
class RecentSightings:
    """How often a pattern came in ninety days: in all, and by week (oldest first)."""

    count: int
    others: int
    before: int  # in the `days` before this one came
    days: int  # how far back the history before this one goes, ninety at most
    since: int  # how many came after this one
    weeks: tuple[tuple[str, int], ...]
    has_pattern: bool  # the details have been fetched


def pattern_verdicts_of(incident: Incident) -> PatternHistory | None:
    """Return OT's answers on this pattern, as far as the reader of the incident may see them."""
    return pattern_verdicts(incident.pattern, hidden=incident.hidden)


def pattern_verdicts(pattern: UUID | None, *, hidden: HiddenVerdicts) -> PatternHistory | None:
    """Return OT's answers on a pattern, for every page, without `hidden` ones; None if none."""
    stats = PatternMemory.objects.filter(pattern=pattern).first() if pattern else None
    if pattern is None or stats is None:
        return None
    counts = {
        "maintenance": stats.maintenance,
        "routine": stats.routine,
        "suspicious": stats.suspicious,
        "not-sure": stats.not_sure,
    }
    if pattern in hidden.by_pattern:
        found = PatternHistory(hidden.counts_without(pattern, counts), "", "", None, "")
    else:
        found = PatternHistory(
            counts,
            stats.latest_verdict,
            stats.latest_verdict_by,
            stats.latest_verdict_at,
            stats.latest_note,
        )
    return found if found.judged else None


def recent_similar(incident: Incident, *, now: datetime) -> QuerySet[Incident]:
    """Incidents of the same pattern in ninety days, itself among them."""
    if incident.pattern is None:
        return Incident.objects.none()
    since = now - timedelta(days=DAYS)
    return Incident.objects.filter(pattern=incident.pattern, created_at__gt=since)


def recent_sightings(incident: Incident, *, now: datetime, zone: tzinfo) -> RecentSightings:
    """How often this pattern came in ninety days."""
    by_week, since = _by_week(incident, now=now)
    days = [day_words(now - timedelta(weeks=back + 1), now, zone) for back in range(1, WEEKS)]
    labels = [gettext("this week"), *days]
    weeks = tuple((labels[back], by_week.get(back, 0)) for back in reversed(range(WEEKS)))
    before, history_days = sightings_before(incident)
    count = sum(n for _, n in weeks)
    is_counted = incident.created_at > now - timedelta(days=DAYS)
    others = count - is_counted if count else 0
    return RecentSightings(
        count, others, before, history_days, since, weeks, incident.pattern is not None
    )


def usual_hours_of(incident: Incident) -> UsualHours | None:
    """Return when incidents of this pattern usually happen, by the plant hours of the alerts of
    those that people judged harmless in the ninety days before this one; None where there is no
    such time. Every page that shows "usual hours" asks here.
    """
    if incident.pattern is None:
        return None
    before = IncidentAlert.objects.filter(
        Q(incident__classification__in=_BENIGN) | Q(incident__ot_state__in=_HARMLESS),
        incident__pattern=incident.pattern,
        incident__created_at__gte=incident.created_at - timedelta(days=DAYS),
        incident__created_at__lt=incident.created_at,
        alert__plant_weekday__isnull=False,
        alert__plant_minute__isnull=False,
    ).exclude(Q(incident=incident.pk) | _IS_SUSPICIOUS)
    places = before.values_list("alert__plant_weekday", "alert__plant_minute")
    moments: list[Moment] = []
    for weekday, minute, n in places.annotate(n=Count("alert", distinct=True)):
        moments += [(weekday, minute)] * n
    window = usual_window(moments)
    return UsualHours(window, _is_inside(incident, window)) if window else None


def is_history_doubted(
    incident: Incident, alerts: Sequence[Alert], verdicts: PatternHistory | None
) -> bool:
    """Return whether what came before counts for nothing, on every page: a type of which no alert
    is ever harmless, an incident of this pattern that OT called suspicious, in `verdicts` that the
    reader may see, a true positive of it, or one between the same devices, wherever the reader may
    look. What came later counts too: it may shed light on what came first.
    """
    alert_type = alert_type_for(incident.alert_type)
    if alert_type is not None and alert_type.guard == "never":
        return True
    if verdicts is not None and verdicts.counts["suspicious"]:
        return True
    is_alike = Q(pattern=incident.pattern)
    if names := _devices_of(incident, alerts):
        is_alike |= _is_between(names, incident)
    others = Incident.objects.filter(is_alike, classification="TruePositive")
    return others.exclude(pk=incident.pk).exists()


def true_positives_like(
    incident: Incident, alerts: Sequence[Alert], *, among: QuerySet[Incident]
) -> tuple[list[Incident], bool]:
    """Return the newest true positives between the same devices, and whether those are two; those
    `among` which the reader may look.
    """
    names = _devices_of(incident, alerts)
    if not names:
        return [], False
    cases = among.filter(_is_between(names, incident), classification="TruePositive")
    found = cases.exclude(pk=incident.pk).order_by("-created_at", "-pk")
    return list(found.only(*SHOWN).fetch_mode(FETCH_RAISE)[:MAX_CASES]), len(names) == 2


def _is_between(names: Sequence[str], incident: Incident) -> Q:
    """Those of the incident's workspace that have an alert with all of these devices."""
    is_named = [
        Q(alert__any_device__contains=[name]) | Q(alert__any_address__contains=[name])
        for name in names
    ]
    named = IncidentAlert.objects.filter(*is_named, incident=OuterRef("pk"))
    return Q(Exists(named), workspace=incident.workspace_id)


def _devices_of(incident: Incident, alerts: Sequence[Alert]) -> list[str]:
    """The one or two devices that it is about; none where it is about more."""
    newest = alerts[0] if alerts else None
    ends = [newest.source, newest.destination] if newest else [incident.source]
    names = sorted({end for end in ends if end})
    if not names and newest is not None:
        names = sorted(newest.any_device or newest.any_address)
    return names if len(names) < 3 else []


def _is_inside(incident: Incident, window: HourWindow) -> bool | None:
    """Whether the first alert of the incident came inside; None where none has a plant time."""
    times = Alert.objects.filter(incidents=incident.pk, plant_weekday__isnull=False)
    first = times.order_by("at", "pk").values_list("plant_weekday", "plant_minute").first()
    weekday, minute = first or (None, None)
    if weekday is None or minute is None:
        return None
    return window.holds((weekday, minute))


def count_inside(incident: Incident, window: HourWindow, *, now: datetime) -> int:
    """Return how many incidents of this pattern in ninety days have an alert in these hours."""
    inside = recent_similar(incident, now=now).filter(
        alerts__plant_weekday__in=window.weekdays,
        alerts__plant_minute__gte=window.start * 60,
        alerts__plant_minute__lt=window.end * 60,
    )
    return inside.distinct().count()


def sightings_before(incident: Incident) -> tuple[int, int]:
    """Return how many incidents of this pattern came in the ninety days before this one, and how
    many of those days the history reaches back. Every page that shows "seen before" asks here.
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
    """Return how many came so many whole weeks before this one, and how many after it."""
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


def has_new_pair(incident: Incident) -> bool:
    """Whether two of its devices were never in an alert together before, nor often since."""
    pairs = PairMemory.objects.filter(first_incident=incident.pk)
    later = F("first_seen_at") + timedelta(hours=PAIR_NEW_HOURS)
    return pairs.filter(Q(seen_again_at=None) | Q(seen_again_at__lt=later)).exists()
