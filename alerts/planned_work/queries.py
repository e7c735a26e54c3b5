"""Reads over planned work: what takes place when, and which alerts came with it."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from alerts.incidents.models import PlannedAlert
from alerts.incidents.queries import incidents_visible_to, sites_in_reach
from alerts.planned_work.engine.matching import SLACK
from alerts.planned_work.engine.recurrence import WorkSpan
from alerts.planned_work.engine.size import needs_second_person
from alerts.planned_work.models import (
    RECORDED_AT,
    NamedDevice,
    Occurrence,
    PlannedWork,
    Revision,
    WorkConfirmation,
    WorkStep,
)
from alerts.sites.models import Device
from portal.accounts.models import User

MAX_UNEXPECTED = 20
MAX_STEPS = 50


@dataclass(frozen=True, slots=True)
class AlertCounts:
    """How many alerts came as planned, and how many did not."""

    expected: int = 0
    unexpected: int = 0

    @property
    def total(self) -> int:
        """How many there were."""
        return self.expected + self.unexpected


@dataclass(frozen=True, slots=True)
class MarkedAlert:
    """When an alert came beside an occurrence, and whether the work expects it."""

    occurrence: UUID
    at: datetime
    is_expected: bool


@dataclass(frozen=True, slots=True)
class UnexpectedAlert:
    """An alert that the work does not explain, with the newest incident of it."""

    alert_type: str
    source: str
    destination: str
    at: datetime
    inside_until: datetime
    is_late: bool
    incident_id: int | None


@dataclass(frozen=True, slots=True)
class ScopeNames:
    """What work is about, by name: devices on each side, or a zone."""

    from_: list[str] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    any: list[str] = field(default_factory=list)


def works_visible_to(user: User) -> QuerySet[PlannedWork]:
    """Return the planned work of the sites that the person may see."""
    return PlannedWork.objects.filter(site__in=sites_in_reach(user).values("pk"))


def occurrences_between(
    site_ids: Collection[int], *, start: datetime, end: datetime
) -> QuerySet[Occurrence]:
    """Return what takes place at these sites in [start, end), as planned now."""
    rows = Occurrence.objects.filter(
        site__in=site_ids, known_until=None, starts_at__lt=end, ends_at__gt=start
    ).exclude(work__state=PlannedWork.State.CANCELLED, done_at=None)
    return rows.select_related("revision__zone", "work__site").order_by("starts_at", "pk")


def latest_begun(
    kinds: Collection[str], site_ids: Collection[int], *, now: datetime, limit: int
) -> list[Occurrence]:
    """Return the occurrences of work of these kinds that began last at these sites, the newest
    first, as they are known now.
    """
    rows = Occurrence.objects.filter(
        revision__kind__in=kinds, site__in=site_ids, known_until=None, starts_at__lte=now
    ).exclude(work__state=PlannedWork.State.CANCELLED, done_at=None)
    return list(rows.order_by("-starts_at", "-pk")[:limit])


def box_spans(
    kinds: Collection[str],
    *,
    site: str,
    handles: Collection[str],
    start: datetime,
    end: datetime,
    known_at: datetime,
) -> list[WorkSpan]:
    """Return when work of these kinds opens, or has opened, the site's box for alerts of devices
    with these names or addresses (empty: of any) in about [start, end), as it was known at a
    moment: with its slack, from when it was known and confirmed, until it was changed or cancelled.
    """
    named = NamedDevice.objects.filter(revision=OuterRef("revision"))
    if handles:
        devices = Device.objects.filter(
            Q(address__in=handles) | Q(name__in=handles), zone__site__name=site
        )
        pairs = devices.values_list("address", "name")
        every = {*handles, *(handle for pair in pairs for handle in pair)} - {""}
        named = named.filter(Q(address__in=every) | Q(name__in=every))
    rows = Occurrence.objects.filter(
        Exists(named),
        site__name=site,
        revision__kind__in=kinds,
        revision__zone=None,
        starts_at__lt=end,
        ends_at__gt=start - SLACK,
    ).select_related("revision")
    # By Tagout's own clock: what a file says of itself opens nothing.
    rows = rows.annotate(recorded=RECORDED_AT).filter(recorded__lte=known_at)
    first = Occurrence.objects.filter(
        revision=OuterRef("revision"), starts_at=OuterRef("starts_at")
    )
    rows = rows.annotate(
        declared_at=Subquery(
            first.annotate(recorded=RECORDED_AT).order_by("recorded").values("recorded")[:1]
        )
    )
    confirmed_at: dict[int, list[datetime]] = defaultdict(list)
    confirmations = WorkConfirmation.objects.filter(
        revision__in=rows.order_by().values("revision"), confirmed_at__lte=known_at
    )
    for revision, at in confirmations.order_by("confirmed_at").values_list(
        "revision", "confirmed_at"
    ):
        confirmed_at[revision].append(at)
    return [
        span for row in rows if (span := _box_span(row, confirmed_at[row.revision_id], known_at))
    ]


def _box_span(row: Any, confirmed_at: list[datetime], known_at: datetime) -> WorkSpan | None:
    begins = row.boxed_time(declared_at=row.declared_at, confirmed_at=confirmed_at).begins_at
    if begins is None:
        return None
    ends = row.slack_ends_at
    if row.known_until is not None and row.known_until <= known_at:
        ends = min(ends, row.known_until)
    return WorkSpan(begins, ends) if begins < ends else None


def overrun_now(site_ids: Collection[int], *, now: datetime) -> QuerySet[Occurrence]:
    """Return work that is over its end and that nobody called done, while its alerts are late."""
    rows = Occurrence.objects.filter(
        site__in=site_ids,
        known_until=None,
        done_at=None,
        ends_at__lt=now,
        late_until__gte=now,
        work__state=PlannedWork.State.PLANNED,
    )
    return rows.select_related("revision__zone", "work__site").order_by("ends_at", "pk")


def latest_occurrence(work: PlannedWork, *, now: datetime) -> Occurrence | None:
    """Return the occurrence that goes on or is over by least, else the next one."""
    rows = Occurrence.objects.filter(work=work, known_until=None).select_related("revision__zone")
    begun = rows.filter(starts_at__lte=now).order_by("-starts_at").first()
    return begun or rows.order_by("starts_at").first()


def has_begun(work: PlannedWork, *, now: datetime) -> bool:
    """Whether the work has taken place or takes place, so that it can be ended, not called off."""
    return work.occurrences.filter(known_until=None, starts_at__lt=now).exists()


def _alerts_beside(occurrences: Iterable[Occurrence]) -> QuerySet[PlannedAlert]:
    """Return the alerts that came with these occurrences. Those that were there before a file
    brought the work are neither expected nor unexpected: only history reads them.
    """
    uuids = [occurrence.uuid for occurrence in occurrences]
    return PlannedAlert.objects.filter(occurrence__in=uuids, is_after_fact=False)


def counts_of(occurrences: Iterable[Occurrence]) -> dict[UUID, AlertCounts]:
    """Return how many alerts came with each of these occurrences."""
    expected = Count("pk", filter=Q(fit=PlannedAlert.Fit.INSIDE))
    rows = (
        _alerts_beside(occurrences)
        .values_list("occurrence")
        .annotate(expected=expected, total=Count("pk"))
    )
    return {uuid: AlertCounts(n, total - n) for uuid, n, total in rows}


def marks_of(occurrences: Iterable[Occurrence]) -> list[MarkedAlert]:
    """Return when the alerts of these occurrences came; the newest thousand."""
    rows = _alerts_beside(occurrences).order_by("-alert__at")
    found = rows.values_list("occurrence", "alert__at", "fit")[:1000]
    return [MarkedAlert(uuid, at, fit == PlannedAlert.Fit.INSIDE) for uuid, at, fit in found]


def expected_types(occurrence: Occurrence) -> list[tuple[str, int]]:
    """Return the types of alerts that came as planned, the most frequent first."""
    rows = _alerts_beside([occurrence]).filter(fit=PlannedAlert.Fit.INSIDE)
    types = rows.values_list("alert__alert_type").annotate(n=Count("pk"))
    return list(types.order_by("-n", "alert__alert_type")[:5])


def unexpected_alerts(occurrence: Occurrence, user: User) -> list[UnexpectedAlert]:
    """Return the alerts that the work does not explain, the newest first."""
    rows = (
        _alerts_beside([occurrence])
        .exclude(fit=PlannedAlert.Fit.INSIDE)
        .select_related("alert")
        .order_by("-alert__at")[:MAX_UNEXPECTED]
    )
    found = list(rows)
    visible = incidents_visible_to(user).filter(alerts__in=[row.alert_id for row in found])
    incidents = dict(visible.order_by("pk").values_list("alerts", "pk"))
    return [
        UnexpectedAlert(
            alert_type=row.alert.alert_type,
            source=row.alert.source,
            destination=row.alert.destination,
            at=row.alert.at,
            inside_until=row.inside_until,
            is_late=row.fit == PlannedAlert.Fit.LATE,
            incident_id=incidents.get(row.alert_id),
        )
        for row in found
    ]


@dataclass(frozen=True, slots=True)
class ConfirmationState:
    """Whether somebody has to confirm work before it time-boxes anything, and who did: a second
    person where it `is_wide`, somebody of OT where it `came_by_token`.
    """

    is_wide: bool
    came_by_token: bool
    confirmation: WorkConfirmation | None = None

    @property
    def is_needed(self) -> bool:
        """Whether somebody has to confirm it."""
        return self.is_wide or self.came_by_token


def confirmation_state(revision: Revision, *, now: datetime) -> ConfirmationState:
    """Return this of the latest revision of a work: of its occurrences that are not over."""
    rows = Occurrence.objects.filter(revision=revision, known_until=None, done_at=None)
    ahead = list(rows.filter(ends_at__gt=now - SLACK))
    lengths = [row.ends_at - row.starts_at for row in ahead] or [revision.length]
    is_recurring = revision.is_recurring
    names_devices = revision.zone_id is None
    is_wide = any(
        needs_second_person(is_recurring=is_recurring, length=length) for length in lengths
    )
    came_by_token = any(row.came_by_token for row in ahead) or revision.came_by_token
    since = max((row.recorded_at for row in ahead), default=revision.known_from)
    rows_of = revision.confirmations.filter(confirmed_at__gte=since)
    confirmation = rows_of.order_by("confirmed_at").first()
    return ConfirmationState(
        is_wide and names_devices, came_by_token and names_devices, confirmation
    )


def devices_of_revisions(revisions: Collection[Revision]) -> dict[int, ScopeNames]:
    """Return the devices that these revisions name, by the key of the revision."""
    found: dict[int, ScopeNames] = defaultdict(ScopeNames)
    rows = NamedDevice.objects.filter(revision__in=[revision.pk for revision in revisions])
    for row in rows.order_by("name", "address"):
        scope = found[row.revision_id]
        {"from": scope.from_, "to": scope.to}.get(row.side, scope.any).append(str(row))
    return found


def steps_of(work: PlannedWork) -> list[WorkStep]:
    """Return what happened to the work, the newest first."""
    return list(work.steps.order_by("-at", "-pk")[:MAX_STEPS])
