"""The case of a true positive: since when and until when it holds its devices.

Which incidents are true positives, when they were closed and what people work on is as in Sentinel.
The only row of ours is the end that both leads agreed on, and one that is earlier than it would be
is good only while both are leads there.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from alerts.incidents.models import Entity, Incident, IncidentStatus, TimelineItem
from alerts.incidents.models.incident import OPEN
from alerts.rules.guards.closing import LINK
from alerts.rules.guards.holds import AFTER_CASE, AFTER_CASE_IN_WORK, case_end
from alerts.suppression.models import HoldEnd
from alerts.suppression.policies import sides_led_by
from alerts.suppression.signing.people import identity_of

TRUE_POSITIVE = "TruePositive"
_NEWS_AT = "news_at"
_IS_NEWS = Q(code__in=("status", "reopened", "closed")) | (
    Q(code="classification", details__to=TRUE_POSITIVE) & ~Q(details__from=TRUE_POSITIVE)
)


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

    @property
    def since(self) -> datetime:
        """From when on what rules close on its devices should have stayed open."""
        return self.incident.closed_at or self.incident.modified_at


def true_positive_cases(incidents: QuerySet[Incident], *, now: datetime) -> list[TruePositiveCase]:
    """Return those of these incidents that hold their devices now, the latest first."""
    cases = _cases_since(incidents, since=now, now=now)
    return [case for case in cases if case.until is None or case.until > now]


def ended_cases(
    incidents: QuerySet[Incident], *, since: datetime, now: datetime
) -> list[TruePositiveCase]:
    """Return those that held their devices until then or later, and do not any more. What was over
    when Tagout first read of it held nothing here.
    """
    cases = _cases_since(incidents, since=since, now=now)
    return [
        case
        for case in cases
        if case.until is not None and since < case.until <= now and case.since < case.until
    ]


def _cases_since(
    incidents: QuerySet[Incident], *, since: datetime, now: datetime
) -> list[TruePositiveCase]:
    """Return all that may have held something after `since`, the latest first."""
    agreed = HoldEnd.objects.filter(incident=OuterRef("pk"), void_at=None, until__gt=since)
    rows = incidents.filter(classification=TRUE_POSITIVE).filter(
        OPEN | Q(modified_at__gt=since - AFTER_CASE_IN_WORK) | Q(Exists(agreed))
    )
    news = TimelineItem.objects.filter(_IS_NEWS, incident=OuterRef("pk")).order_by("-at")
    rows = rows.annotate(**{_NEWS_AT: news.values("at")[:1]})
    found = list(rows.select_related("workspace__organisation").order_by("-modified_at", "-pk"))
    closed = [row for row in found if not _is_open(row)]
    changed = {row.pk: _changed_at(row) for row in closed}
    in_work = _in_work([row for row in closed if changed[row.pk] <= now - AFTER_CASE])
    ends = _agreed_ends(closed, changed, in_work)
    return [
        TruePositiveCase(
            row,
            case_end(
                is_open=_is_open(row),
                changed_at=changed.get(row.pk, row.modified_at),
                is_in_work=row.pk in in_work,
                agreed=ends.get(row.pk),
            ),
            is_in_work=row.pk in in_work,
            is_agreed=row.pk in ends,
        )
        for row in found
    ]


def _changed_at(closed: Incident) -> datetime:
    """Return when it changed last, at most 14 days after it came, was closed or was called a true
    positive: a move to the Defender portal, or a tag of months later, is no news of the attack.
    """
    news_at = max(closed.created_at, getattr(closed, _NEWS_AT) or closed.created_at)
    return min(closed.modified_at, news_at + LINK)


def _is_open(row: Incident) -> bool:
    is_there = row.gone_at is None and row.merged_into is None
    return is_there and row.status < IncidentStatus.CLOSED


def _in_work(cases: Collection[Incident]) -> set[int]:
    """Return those of which people work on another incident: one that came before the case was
    closed, not long before it, is open, touches a device of it, and is active or has an owner.
    """
    if not cases:
        return set()
    others = Entity.objects.filter(
        Q(incident__status=IncidentStatus.ACTIVE) | ~Q(incident__owner_id=""),
        device=OuterRef("device"),
        incident__status__lt=IncidentStatus.CLOSED,
        incident__gone_at=None,
        incident__merged_into=None,
        incident__created_at__lte=OuterRef("incident__modified_at"),
        incident__created_at__gte=OuterRef("incident__created_at") - LINK,
    ).exclude(incident=OuterRef("incident"))
    entities = Entity.objects.filter(incident__in=cases, device__isnull=False)
    return set(entities.filter(Exists(others)).values_list("incident", flat=True))


def hold_ends_of(incident_ids: Collection[int]) -> Mapping[int, Sequence[HoldEnd]]:
    """Return the ends that leads have set and that nobody has set anew, by incident."""
    found: dict[int, list[HoldEnd]] = defaultdict(list)
    rows = HoldEnd.objects.filter(incident__in=incident_ids, void_at=None)
    for row in rows.select_related("by").order_by("set_at", "pk"):
        found[row.incident_id].append(row)
    return found


def _agreed_ends(
    cases: Sequence[Incident], changed: Mapping[int, datetime], in_work: Collection[int]
) -> dict[int, datetime]:
    ends = hold_ends_of([case.pk for case in cases]) if cases else {}
    found = {}
    for case in cases:
        usual = case_end(
            is_open=False, changed_at=changed[case.pk], is_in_work=case.pk in in_work, agreed=None
        )
        until = _agreed_end(case, ends.get(case.pk, ()), usual=usual)
        if until is not None:
            found[case.pk] = until
    return found


def _agreed_end(
    case: Incident, ends: Sequence[HoldEnd], *, usual: datetime | None
) -> datetime | None:
    """Return the end that two people of both sides have set since it was closed. One that is
    earlier than it would be needs both of them to be leads there still.
    """
    closed_at = case.closed_at or case.modified_at
    valid = {row.side: row for row in ends if row.set_at >= closed_at}
    if len(valid) != 2 or len({row.until for row in valid.values()}) != 1:
        return None
    until = next(iter(valid.values())).until
    if usual is not None and until >= usual:
        return until
    people = {identity_of(row.by) for row in valid.values()}
    are_leads = all(row.side in sides_led_by(row.by, case) for row in valid.values())
    return until if are_leads and len(people) == len(valid) else None
