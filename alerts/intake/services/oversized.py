"""Incidents that are larger than one answer may hold (32 MB): found, put aside, read around, and
asked for again every hour.

A list ends at such an incident, whatever the size of its pages. Nobody says where it stands, so
its time is searched for by halves, with answers that are cut off after their first bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction

from alerts.intake.models import OversizedIncident, Quarantined
from alerts.intake.services.pace import Budget
from alerts.intake.services.quarantine import drop_outside, quarantine
from alerts.sentinel.client.errors import AnswerTooLarge
from alerts.sentinel.client.port import ListBy, SentinelClient
from alerts.sentinel.client.timeouts import size_limit
from alerts.sentinel.models import IncidentSource
from alerts.sentinel.wire.incidents import name_in_beginning
from alerts.sentinel.wire.records import UnreadableRecord
from alerts.sentinel.wire.values import OtScope
from alerts.sentinel.wording import INCIDENT_TOO_LARGE

INSTANT = timedelta(microseconds=1)  # the shortest stretch of a list that can be asked for
RETRY_EVERY = timedelta(hours=1)
_PROBE_BYTES = 64 * 1024  # an answer that is longer than this holds the incident
_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
_BEFORE_ALL = datetime(2000, 1, 1, tzinfo=UTC)  # no incident is as old
_MAX_RETRIES = 5  # at a time: each answer is cut off at 32 MB


@dataclass(frozen=True, slots=True)
class ListPart:
    """A part of a list of incidents that begins with one that is too large."""

    by: ListBy
    since: datetime | None
    until: datetime | None


def source_of(client: SentinelClient) -> IncidentSource:
    """Return whose list a client reads: times of the two are never compared."""
    is_own = client.resource_manager is client
    return IncidentSource.ARM if is_own else IncidentSource.GRAPH


def oversized_between(
    *,
    workspace_id: int,
    source: IncidentSource,
    by: ListBy,
    since: datetime | None,
    until: datetime | None,
) -> list[datetime]:
    """Return the times of incidents that are too large in this part of a list, in order."""
    rows = OversizedIncident.objects.filter(
        workspace_id=workspace_id, source=source, listed_by=by, is_located=True
    )
    if since is not None:
        rows = rows.filter(since__gte=since)
    if until is not None:
        rows = rows.filter(since__lt=until)
    return list(rows.order_by("since").values_list("since", flat=True))


def put_aside(
    *,
    workspace_id: int,
    client: SentinelClient,
    part: ListPart,
    is_moved_allowed: bool,
    beginning: bytes,
    scope: OtScope,
    budget: Budget,
    now: datetime,
) -> datetime | None:
    """Search where the first incident of this part is, which is too large, and have lists read
    around it. Return that time; None where the slice was over before it was found: the search then
    goes on where it stopped. Raises what the client raises, and AnswerTooLarge where even a list of
    nothing is too large: then no incident is, but whoever answers is sick.
    """
    is_here = _holds(client, part, until=part.until)
    if not is_here and not is_moved_allowed:  # somebody has changed it meanwhile
        return part.since - INSTANT if part.since else None
    row = _search(workspace_id, client, part, name_in_beginning(beginning), now)
    is_new = row.pk is None
    if is_new and _holds(client, ListPart(part.by, None, None), until=_BEFORE_ALL):
        raise AnswerTooLarge(beginning)
    try:
        if is_here:
            _narrow(row, client, part, budget)
        elif part.since is not None:
            row.since, row.until = part.since - INSTANT, part.since
    finally:
        row.is_located = row.until - row.since <= INSTANT
        with transaction.atomic():
            if row.is_located:
                _forget_earlier(row)
                aside = UnreadableRecord(INCIDENT_TOO_LARGE, beginning, row.name or None)
                kept, _ = drop_outside(unreadable=[aside], scope=scope)
                quarantine(workspace_id=workspace_id, unreadable=kept, now=now)
            row.save()
    return row.since if row.is_located else None


def _search(
    workspace_id: int, client: SentinelClient, part: ListPart, name: str, now: datetime
) -> OversizedIncident:
    """The search for this incident that an earlier slice has begun, or a new one."""
    place = {"workspace_id": workspace_id, "source": source_of(client), "listed_by": part.by}
    begun = OversizedIncident.objects.filter(is_located=False, **place)
    low, high = part.since or _FIRST, part.until or _LAST
    row = begun.filter(name=name, since__gte=low, until__lte=high).first()
    if row is None:
        begun.delete()
        row = OversizedIncident(**place, name=name, since=low, until=high)
    row.retry_at = now + RETRY_EVERY
    return row


def _narrow(row: OversizedIncident, client: SentinelClient, part: ListPart, budget: Budget) -> None:
    """Halve where it may be, until that is an instant or the slice is over."""
    if part.until is None and row.until == _LAST:
        tomorrow = row.retry_at + timedelta(days=1)
        if row.since < tomorrow and _holds(client, part, until=tomorrow):
            row.until = tomorrow
    while row.until - row.since > INSTANT and not budget.is_used_up:
        middle = row.since + max((row.until - row.since) / 2, INSTANT)
        if _holds(client, part, until=middle):
            row.until = middle
        else:
            row.since = middle


def _holds(client: SentinelClient, part: ListPart, *, until: datetime | None) -> bool:
    """Whether the incident is before this time; nothing else of the part comes before it."""
    try:
        with size_limit(_PROBE_BYTES):
            client.list_incidents(since=part.since, until=until, by=part.by, top=1)
    except AnswerTooLarge:
        return True
    return False


def _forget_earlier(row: OversizedIncident) -> None:
    """An incident is in a list once: where it was before it was changed counts no more."""
    if row.name:
        OversizedIncident.objects.filter(
            workspace_id=row.workspace_id,
            source=row.source,
            listed_by=row.listed_by,
            name=row.name,
        ).exclude(pk=row.pk).delete()


def retry_oversized(
    *,
    workspace_id: int,
    client: SentinelClient,
    store: Callable[[bytes], object],
    now: datetime,
) -> int:
    """Ask again for what was too large an hour ago; return how many can be read now. `store` takes
    the answer with what is there by now, in a transaction.
    """
    due = OversizedIncident.objects.filter(
        workspace_id=workspace_id, source=source_of(client), is_located=True, retry_at__lte=now
    )
    n_readable = 0
    for row in due.order_by("retry_at", "pk")[:_MAX_RETRIES]:
        try:
            body = client.list_incidents(
                since=row.since, until=row.until, by=ListBy(row.listed_by), top=1
            )
        except AnswerTooLarge:
            OversizedIncident.objects.filter(pk=row.pk).update(retry_at=now + RETRY_EVERY)
            continue
        with transaction.atomic():
            store(body)
            row.delete()
            same = {"workspace_id": workspace_id, "name": row.name}
            if not OversizedIncident.objects.filter(**same).exists():
                Quarantined.objects.filter(**same, reason=INCIDENT_TOO_LARGE).delete()
        n_readable += 1
    return n_readable
