"""When planned work takes place, as rows for the next three months; and which alerts it covers,
worked out when alerts are stored and when a plan changes.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Min, Q

from alerts.incidents.ingest.planned import PlannedFit, end_planned_alerts, store_planned_alerts
from alerts.incidents.models import IncidentAlert, OtState
from alerts.planned_work.engine.matching import (
    MAX_LATE,
    SLACK,
    Fit,
    Scope,
    Times,
    WorkDevice,
    WorkEnd,
    fit_of,
)
from alerts.planned_work.engine.origin import OriginKind, WorkOrigin
from alerts.planned_work.engine.recurrence import WorkSpan, occurrences
from alerts.planned_work.models import (
    RECORDED_AT,
    Occurrence,
    PlannedWork,
    Revision,
    WorkConfirmation,
)
from alerts.planned_work.models import NamedDevice as DeviceRow
from alerts.planned_work.services.plan import AHEAD, BEHIND

BATCH = 5000
HARM = "TruePositive"
_RENEW_BEFORE = timedelta(days=62)


def spans_of(revision: Revision, *, now: datetime, behind: timedelta = BEHIND) -> list[WorkSpan]:
    """Return when the work takes place, from five weeks ago until its horizon. Raises PlanError
    where that is too often.
    """
    until = revision.worked_out_until
    if not revision.is_recurring:
        until = datetime.max.replace(tzinfo=now.tzinfo) - timedelta(days=3)
    return occurrences(revision.schedule, since=now - behind, until=until)


def new_occurrence(
    revision: Revision,
    *,
    span: WorkSpan,
    known_from: datetime,
    came_by_token: bool = False,
    origin: WorkOrigin | None = None,
) -> Occurrence:
    """Return the row of one time; not stored yet. It came by a token where its text did.
    `origin`: since when it was known, where that is before Tagout has it (`known_from`).
    """
    slack_ends_at = span.ends_at + SLACK
    late_until = None if revision.is_recurring else slack_ends_at + MAX_LATE
    return Occurrence(
        work_id=revision.work_id,
        revision=revision,
        site_id=revision.work.site_id,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        late_until=late_until,
        watched=(span.starts_at, late_until or slack_ends_at),
        known_from=origin.at if origin else known_from,
        stored_at=known_from if origin else None,
        origin=origin.by if origin else OriginKind.TAGOUT,
        came_by_token=came_by_token or revision.came_by_token,
    )


def store_occurrences(rows: Iterable[Occurrence]) -> list[Occurrence]:
    """Store occurrences and return them."""
    return Occurrence.objects.bulk_create(rows, batch_size=BATCH)


@transaction.atomic
def work_out_ahead(*, now: datetime) -> int:
    """Work out the occurrences of recurring work further ahead, where that is due; return how many
    were added. They count as known since the work was planned so.
    """
    due = (
        Revision.objects.filter(
            is_latest=True,
            worked_out_until__lt=now + _RENEW_BEFORE,
            work__state=PlannedWork.State.PLANNED,
        )
        .exclude(rule="")
        .select_related("work")
        .select_for_update(of=("self",), skip_locked=True)
    )
    rows, until, revisions = [], now + AHEAD, list(due[:BATCH])
    for revision in revisions:
        since = revision.worked_out_until
        spans = occurrences(revision.schedule, since=since, until=until)
        rows += [
            new_occurrence(revision, span=span, known_from=revision.known_from)
            for span in spans
            if span.starts_at >= since
        ]
    store_occurrences(rows)  # first: a worker adds no time that is within what is known
    Revision.objects.filter(pk__in=[row.pk for row in revisions]).update(worked_out_until=until)
    return len(rows)


_CHUNK = 20_000

# Alerts beside the occurrences in whose time they came: those of the zone, or of an end that is
# named by an address or a name. Whether it really is that end is told below.
_CANDIDATES = """
    SELECT a.id, a.at, a.source_zone, a.source_address, a.source_device,
           a.destination_zone, a.destination_address, a.destination_device,
           a.any_address, a.any_device, coalesce(z.name, ''), o.id
      FROM {alerts} a
      JOIN planned_work_occurrence o ON o.site_id = a.site_id AND o.watched @> a.at
      JOIN planned_work_revision r ON r.id = o.revision_id
      LEFT JOIN sites_zones z ON z.id = a.zone_id
     WHERE {which} AND (r.zone_id IS NOT NULL OR EXISTS (
           SELECT FROM planned_work_nameddevice n WHERE n.revision_id = r.id
              AND (n.address IN (a.source_address, a.destination_address)
                   OR n.address = ANY(a.any_address)
                   OR n.name <> '' AND (n.name IN (a.source_device, a.destination_device)
                                        OR n.name = ANY(a.any_device)))))
"""
_OF_ALERTS = _CANDIDATES.format(alerts="incidents_alerts", which="a.id = ANY(%s)")
_OF_OCCURRENCES = _CANDIDATES.format(
    alerts="incidents_alerts",
    which="o.id = ANY(%s) AND a.at >= lower(o.watched) AND a.at <= upper(o.watched)",
)


class _Candidate(NamedTuple):
    """An alert that came in the time of an occurrence."""

    alert_id: int
    at: datetime
    ends: tuple[WorkEnd, ...]
    occurrence_id: int


def cover_alerts(*, alert_ids: Collection[int], now: datetime) -> None:
    """Note which planned work covers these alerts. Also work that was changed since counts: it was
    planned so when the alert came.
    """
    cursor = connection.cursor()  # asked with each batch of alerts; mostly there is no work at all
    cursor.execute("SELECT EXISTS (SELECT FROM planned_work_occurrence)")
    if cursor.fetchone()[0]:
        _cover(_candidates(_OF_ALERTS, list(alert_ids)))


def cover_occurrences(occurrences: Iterable[Occurrence], *, now: datetime) -> list[int]:
    """Note which of the stored alerts these occurrences cover; return those alerts."""
    found = [row.pk for row in occurrences if row.starts_at <= now]
    return _cover(_candidates(_OF_OCCURRENCES, found)) if found else []


def delete_occurrences(occurrences: Collection[Occurrence], *, now: datetime) -> list[int]:
    """End these occurrences; return the alerts that they covered."""
    if not occurrences:
        return []
    Occurrence.objects.filter(pk__in=[row.pk for row in occurrences]).update(known_until=now)
    past = [row.uuid for row in occurrences if row.starts_at <= now]
    return end_planned_alerts(occurrences=past, now=now) if past else []


def _cover(candidates: Iterable[_Candidate]) -> list[int]:
    rows = list(candidates)
    if not rows:
        return []
    occurrences = Occurrence.objects.select_related("revision__zone", "work").in_bulk(
        {row.occurrence_id for row in rows}
    )
    revisions = {occurrence.revision for occurrence in occurrences.values()}
    scopes, boxes = _scopes(revisions), _boxes_of(revisions)
    doubted = _doubted_among(
        {row.alert_id for row in rows if _is_after_fact(row, occurrences[row.occurrence_id])}
    )
    fits = [
        fit
        for row in rows
        if row.alert_id not in doubted
        and (fit := _fit(row, occurrences[row.occurrence_id], scopes, boxes))
    ]
    store_planned_alerts(fits)
    return sorted({fit.alert_id for fit in fits})


def _is_after_fact(row: _Candidate, occurrence: Occurrence) -> bool:
    """Whether the alert was there before work that a file brought as known before."""
    return occurrence.stored_at is not None and row.at < occurrence.stored_at


def _doubted_among(alerts: Collection[int]) -> set[int]:
    """Return those of the alerts that people have called suspicious or a true positive. No file
    explains them afterwards.
    """
    doubted = Q(incident__ot_state=OtState.SUSPICIOUS) | Q(incident__classification=HARM)
    rows = IncidentAlert.objects.filter(doubted, alert__in=alerts)
    return set(rows.values_list("alert", flat=True)) if alerts else set()


class _Boxes(NamedTuple):
    """Since when work of these revisions is declared, by revision and start, and when a second
    person confirmed a revision.
    """

    declared_at: Mapping[tuple[int, datetime], datetime]
    confirmed_at: Mapping[int, Sequence[datetime]]


def _boxes_of(revisions: Collection[Revision]) -> _Boxes:
    """One that was made longer or was ended early counts as declared when it was first."""
    first = Occurrence.objects.filter(revision__in=revisions).values_list("revision", "starts_at")
    confirmed_at: dict[int, list[datetime]] = defaultdict(list)
    rows = WorkConfirmation.objects.filter(revision__in=revisions)
    for revision, at in rows.values_list("revision", "confirmed_at"):
        confirmed_at[revision].append(at)
    return _Boxes(
        {
            (revision, starts_at): at
            for revision, starts_at, at in first.annotate(first=Min(RECORDED_AT))
        },
        confirmed_at,
    )


def _is_boxed(row: _Candidate, occurrence: Occurrence, boxes: _Boxes) -> bool:
    """Whether the work boxed the alert in; of one that came before the work did, whether it would
    have, had it been here since the date at which, by the file, it was written down.
    """
    if _is_after_fact(row, occurrence):
        if occurrence.origin != OriginKind.CALENDAR:
            return False
        return occurrence.boxed_time(
            declared_at=occurrence.known_from, confirmed_at=(), since=occurrence.known_from
        ).boxes(row.at)
    return occurrence.boxed_time(
        declared_at=boxes.declared_at[occurrence.revision_id, occurrence.starts_at],
        confirmed_at=boxes.confirmed_at.get(occurrence.revision_id, ()),
    ).boxes(row.at)


def _fit(
    row: _Candidate, occurrence: Occurrence, scopes: Mapping[int, Scope], boxes: _Boxes
) -> PlannedFit | None:
    times = (
        occurrence.times
        if occurrence.done_at is None
        else Times(occurrence.starts_at, occurrence.ends_at)
    )
    fit = fit_of(scopes[occurrence.revision_id], times, row.ends, row.at)
    if fit is None:
        return None
    revision = occurrence.revision
    names_devices = revision.zone_id is None
    return PlannedFit(
        alert_id=row.alert_id,
        occurrence=occurrence.uuid,
        work=occurrence.work.uuid,
        fit=fit.value,
        kind=revision.kind,
        names_devices=names_devices,
        is_after_fact=_is_after_fact(row, occurrence),
        boxes=names_devices and fit is Fit.INSIDE and _is_boxed(row, occurrence, boxes),
        title=revision.title,
        work_order=revision.work_order,
        ends_at=occurrence.ends_at,
        inside_until=occurrence.slack_ends_at,
        known_from=occurrence.known_from,
        known_until=occurrence.known_until,
    )


def _candidates(statement: str, ids: Sequence[int]) -> Iterator[_Candidate]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(ids)])
        while rows := cursor.fetchmany(_CHUNK):
            yield from map(_candidate, rows)


def _candidate(row: tuple[Any, ...]) -> _Candidate:
    alert_id, at, *sides, addresses, devices, zone, occurrence_id = row
    directed = [WorkEnd(*sides[:3]), WorkEnd(*sides[3:])]
    ends = [end for end in directed if end.address or end.device]
    if not ends:  # made by a rule: it says who, but not which way
        ends = [WorkEnd(zone, address, "") for address in addresses]
        ends = ends or [WorkEnd(zone, "", device) for device in devices]
    return _Candidate(alert_id, at, tuple(ends), occurrence_id)


def _scopes(revisions: Collection[Revision]) -> dict[int, Scope]:
    devices: dict[int, list[WorkDevice]] = defaultdict(list)
    rows = DeviceRow.objects.filter(revision__in=revisions).select_related("zone")
    for row in rows:
        devices[row.revision_id].append(WorkDevice(row.side, row.zone.name, row.address, row.name))
    return {
        revision.pk: Scope(tuple(devices[revision.pk]), revision.zone.name if revision.zone else "")
        for revision in revisions
    }
