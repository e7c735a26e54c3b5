"""The case of a true positive: since when and until when it holds its devices.

Which incidents are true positives, when they were closed and what people work on is as in Sentinel.
The only row of ours is the end that both leads agreed on, and one that is earlier than it would be
is good only while both are leads there.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from alerts.incidents.models import Entity, Incident, IncidentStatus, TimelineItem
from alerts.incidents.models.incident import OPEN
from alerts.rules.guards.closing import LINK
from alerts.rules.guards.holds import AFTER_CASE, AFTER_CASE_IN_WORK, case_end
from alerts.suppression.models import HoldEnd
from alerts.suppression.policies import sides_led_by
from portal.accounts.queries import identity_of

TRUE_POSITIVE = "TruePositive"
_NEWS_AT = "news_at"
_IS_NEWS = Q(code__in=("status", "reopened", "closed")) | (
    Q(code="classification", details__to=TRUE_POSITIVE) & ~Q(details__from=TRUE_POSITIVE)
)
# What was active, or had an owner, until then: of what nobody owns, its last line about an owner.
_WAS_IN_WORK = Q(code="status", details__from=IncidentStatus.ACTIVE.label) | Q(code="owner")


@dataclass(frozen=True, slots=True)
class TruePositiveCase:
    """A true positive that holds its devices. `until` is None while it is open."""

    incident: Incident
    until: datetime | None
    is_in_work: bool = False  # people work on another incident of it
    is_agreed: bool = False  # both leads set the end

    @property
    def is_open(self) -> bool:
        """Whether it holds its devices because it is open."""
        return self.until is None

    def has_ended(self, now: datetime) -> bool:
        """Whether it holds nothing at that moment any more."""
        return self.until is not None and self.until <= now

    @property
    def was_in_effect(self) -> bool:
        """Whether it held anything after it was closed: not if that was long ago when it came."""
        return self.until is None or self.since < self.until

    @property
    def since(self) -> datetime:
        """From when on what rules close on its devices should have stayed open."""
        return self.incident.closed_at or self.incident.modified_at


def true_positive_cases(incidents: QuerySet[Incident], *, now: datetime) -> list[TruePositiveCase]:
    """Return those of these incidents that hold their devices now, the latest first."""
    return cases_since(incidents, since=now, now=now)


def cases_since(
    incidents: QuerySet[Incident], *, since: datetime, now: datetime
) -> list[TruePositiveCase]:
    """Return those of these incidents that have held their devices at some moment after `since`,
    also where they hold them no more, the latest first.
    """
    cases = _all_since(incidents, since=since, now=now)
    return [case for case in cases if case.until is None or case.until > since]


def candidates_since(incidents: QuerySet[Incident], *, since: datetime) -> QuerySet[Incident]:
    """Return those of these incidents that may have held their devices after `since`, by their own
    rows: until when each of them did costs much more to ask.
    """
    agreed = HoldEnd.objects.filter(incident=OuterRef("pk"), void_at=None, until__gt=since)
    lately = Q(modified_at__gt=since - AFTER_CASE_IN_WORK) | Q(gone_at__gt=since)
    return incidents.filter(classification=TRUE_POSITIVE).filter(OPEN | lately | Q(Exists(agreed)))


def _all_since(
    incidents: QuerySet[Incident], *, since: datetime, now: datetime
) -> list[TruePositiveCase]:
    """Return all that may have held something after `since`, the latest first."""
    rows = candidates_since(incidents, since=since)
    news = TimelineItem.objects.filter(_IS_NEWS, incident=OuterRef("pk")).order_by("-at")
    rows = rows.annotate(**{_NEWS_AT: news.values("at")[:1]})
    found = list(rows.select_related("workspace__organisation").order_by("-modified_at", "-pk"))
    closed = [row for row in found if not _is_open(row)]
    changed = {row.pk: _changed_at(row) for row in closed}
    works = _ends_of_work([row for row in closed if changed[row.pk] <= now - AFTER_CASE], now=now)
    usual = {
        row.pk: case_end(
            is_open=_is_open(row),
            changed_at=changed.get(row.pk, row.modified_at),
            work_ends=works.get(row.pk),
            agreed=None,
        )
        for row in found
    }
    ends = _agreed_ends(closed, usual)
    return [
        TruePositiveCase(
            row,
            _not_before_it_went(row, ends.get(row.pk, usual[row.pk])),
            is_in_work=works.get(row.pk, now) > now,
            is_agreed=row.pk in ends,
        )
        for row in found
    ]


def _not_before_it_went(row: Incident, until: datetime | None) -> datetime | None:
    """Return the end of one that was deleted while it was open: it held until then at least."""
    if until is None or row.gone_at is None or row.status == IncidentStatus.CLOSED:
        return until
    return max(until, row.gone_at)


def _changed_at(closed: Incident) -> datetime:
    """Return when it changed last, at most 14 days after it came, was closed or was called a true
    positive: a move to the Defender portal, or a tag of months later, is no news of the attack.
    """
    news_at = max(closed.created_at, getattr(closed, _NEWS_AT) or closed.created_at)
    return min(closed.modified_at, news_at + LINK)


def _is_open(row: Incident) -> bool:
    is_there = row.gone_at is None and row.merged_into is None
    return is_there and row.status < IncidentStatus.CLOSED


def _ends_of_work(cases: Collection[Incident], *, now: datetime) -> dict[int, datetime]:
    """Return until when people worked on another incident of each, where they did: one that came
    before the case was closed, not long before it, touches a device of it, and is active or has an
    owner, or was or had. What they work on still ends later than a hold may last; work that was put
    down ended then.
    """
    if not cases:
        return {}
    put_down = TimelineItem.objects.filter(_WAS_IN_WORK, incident=OuterRef("incident"))
    is_in_work = Q(incident__status=IncidentStatus.ACTIVE) | ~Q(incident__owner_id="")
    is_open = Q(
        incident__status__lt=IncidentStatus.CLOSED,
        incident__merged_into=None,
        incident__gone_at=None,
    )
    ends = Case(
        When(is_open & is_in_work, then=Value(now + AFTER_CASE_IN_WORK)),
        When(is_open, then=Subquery(put_down.order_by("-at").values("at")[:1])),
        default=Coalesce("incident__gone_at", "incident__closed_at", "incident__modified_at"),
    )
    others = (
        Entity.objects.filter(
            is_in_work | Q(Exists(put_down)),
            device=OuterRef("device"),
            incident__created_at__lte=OuterRef("incident__modified_at"),
            incident__created_at__gte=OuterRef("incident__created_at") - LINK,
        )
        .exclude(incident=OuterRef("incident"))
        .annotate(ends=ends)
        .order_by("-ends")
    )
    entities = Entity.objects.filter(incident__in=cases, device__isnull=False)
    rows = entities.annotate(ends=Subquery(others.values("ends")[:1])).exclude(ends=None)
    found: dict[int, datetime] = {}
    for pk, at in rows.values_list("incident", "ends"):
        found[pk] = max(at, found.get(pk, at))
    return found


def hold_ends_of(incident_ids: Collection[int]) -> Mapping[int, Sequence[HoldEnd]]:
    """Return the ends that leads have set and that nobody has set anew, by incident. What was set
    before it was closed last, or called a true positive last, was about something else.
    """
    called_anew = TimelineItem.objects.filter(
        _IS_NEWS, incident=OuterRef("incident"), at__gt=OuterRef("set_at")
    )
    found: dict[int, list[HoldEnd]] = defaultdict(list)
    rows = HoldEnd.objects.filter(
        ~Exists(called_anew),
        incident__in=incident_ids,
        void_at=None,
        set_at__gte=Coalesce("incident__closed_at", "incident__modified_at"),
    )
    for row in rows.select_related("by").order_by("set_at", "pk"):
        found[row.incident_id].append(row)
    return found


def _agreed_ends(
    cases: Sequence[Incident], usual: Mapping[int, datetime | None]
) -> dict[int, datetime]:
    ends = hold_ends_of([case.pk for case in cases]) if cases else {}
    found = {}
    for case in cases:
        until = _agreed_end(case, ends.get(case.pk, ()), usual=usual[case.pk])
        if until is not None:
            found[case.pk] = until
    return found


def _agreed_end(
    case: Incident, ends: Sequence[HoldEnd], *, usual: datetime | None
) -> datetime | None:
    """Return the end that two people of both sides have set. One that is earlier than it would be
    needs both of them to be leads there still.
    """
    by_side = {row.side: row for row in ends}
    if len(by_side) != 2 or len({row.until for row in by_side.values()}) != 1:
        return None
    until = next(iter(by_side.values())).until
    if usual is not None and until >= usual:
        return until
    people = {identity_of(row.by) for row in by_side.values()}
    are_leads = all(row.side in sides_led_by(row.by, case) for row in by_side.values())
    return until if are_leads and len(people) == len(by_side) else None
