"""Read one window of a workspace's past from its logs, and store it.

A window is there whole or not at all as far as progress goes: an answer that is only a part, too
large or too slow stores nothing, and who asked tries a shorter window. What was stored of a window
that was cut off is stored again the same way, so that nothing is there twice.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from django.db import DataError, IntegrityError, transaction

from alerts.incidents.ingest.alert_facts import key_of
from alerts.incidents.ingest.closers import Closer, store_closers
from alerts.incidents.ingest.log_history import (
    LogDetails,
    WithoutDetails,
    count_without_incident,
    incidents_without_details,
    store_alerts_without_incident,
    store_log_details,
    store_unknown_incidents,
)
from alerts.intake.services.pages import is_accepted_unnamed
from alerts.intake.services.quarantine import drop_outside, quarantine
from alerts.sentinel import kql
from alerts.sentinel.client.errors import TOO_LARGE
from alerts.sentinel.client.log_analytics import LogsClient, is_too_much
from alerts.sentinel.client.port import SentinelError, SentinelUnavailable
from alerts.sentinel.wire.alerts import WireAlert
from alerts.sentinel.wire.incidents import WireIncident
from alerts.sentinel.wire.log_rows import (
    LogIncident,
    LogRow,
    read_log_alerts,
    read_log_answer,
    read_log_closers,
    read_log_entities,
    read_log_incidents,
)
from alerts.sentinel.wire.records import NotAPage, UnreadableRecord
from alerts.sentinel.wire.values import OtScope

_MAX_SECONDS = 12.0  # for the first answers; each may take 30, and a worker has 60 in all
_PAGE = 500  # incidents stored together
_BATCH = 100  # incidents whose details are stored together: their rows are locked meanwhile
_ITS_OWN_FAULT = (DataError, IntegrityError, ValueError, TypeError, ArithmeticError, LookupError)


class WindowTooLarge(Exception):
    """Log Analytics did not return all of a window in one answer; the text is the reason."""


class WindowTooSlow(WindowTooLarge):
    """A window took longer than a worker may spend on it. A shorter one helps, unless Log Analytics
    is slow with everything.
    """


@dataclass(slots=True)
class WindowCounts:
    """What a window held. `rows` is how much one answer held at most."""

    incidents: int = 0
    alerts: int = 0
    lone_alerts: int = 0
    incomplete: int = 0
    unreadable: int = 0
    out_of_scope: int = 0
    rows: int = 0
    seconds: float = 0.0


def read_log_window(
    *,
    client: LogsClient,
    workspace_id: int,
    scope: OtScope,
    since: datetime,
    until: datetime,
    now: datetime,
) -> WindowCounts:
    """Store what happened in a window and is in scope. Raises WindowTooLarge, and what the client
    raises.
    """
    counts, began = WindowCounts(), time.monotonic()
    # Those of the sensors first: what they say of source and destination then stands in the alerts
    # that rules made of them, which have the same id at the source.
    lone = query_logs(kql.alerts_without_incident_between(since, until), client=client)
    counts.rows = len(lone)
    _stay_in_time(began)
    rows = query_logs(kql.incidents_between(since, until, scope), client=client)
    incidents = read_log_incidents(rows)
    counts.rows = max(counts.rows, len(incidents))
    _stay_in_time(began)
    if scope.kind != "all":
        (row,) = query_logs(kql.count_outside_between(since, until, scope), client=client)
        counts.out_of_scope = int(row["Outside"])
    keys = store_lone_alerts(workspace_id=workspace_id, rows=lone, counts=counts, now=now)
    readable = _store_incidents(workspace_id, incidents, counts, scope, now)
    _stay_in_time(began)
    closers = kql.closers_between(since, until, scope)
    note_closers(closers, client=client, workspace_id=workspace_id)
    without = incidents_without_details(workspace_id=workspace_id, names=list(readable), now=now)
    if without:
        rows = query_logs(kql.alerts_of_incidents_between(since, until, scope), client=client)
        counts.rows = max(counts.rows, len(rows))
        _store_details(
            workspace_id=workspace_id,
            without=without,
            readable=readable,
            rows=rows,
            counts=counts,
            now=now,
        )
    counts.alerts += sum(len(incident.alert_ids) for incident in readable.values())
    counts.lone_alerts = count_without_incident(workspace_id=workspace_id, keys=keys)
    counts.seconds = time.monotonic() - began
    return counts


def _stay_in_time(began: float) -> None:
    """A worker must end well before it is replaced, with one more answer to come and to store."""
    if time.monotonic() - began > _MAX_SECONDS:
        raise WindowTooSlow("Log Analytics takes long to answer.")


def query_logs(text: str, *, client: LogsClient) -> list[LogRow]:
    """Return all rows of an answer. A part of them is none: raises WindowTooLarge."""
    try:
        answer = read_log_answer(client.query(text))
    except SentinelError as error:
        if not is_too_much(error):
            raise
        kind = WindowTooLarge if error.code == TOO_LARGE else WindowTooSlow
        raise kind(error.message) from error
    except NotAPage as broken:
        raise SentinelUnavailable(str(broken), code="NotATable") from broken
    if answer.is_partial:
        raise WindowTooLarge(answer.problem)
    return answer.rows


def note_closers(text: str, *, client: LogsClient, workspace_id: int) -> None:
    """Store who closed the incidents of an answer, as far as these are stored."""
    closers = [
        Closer(row.incident_name, row.name, row.closed_at)
        for row in read_log_closers(query_logs(text, client=client))
    ]
    store_closers(workspace_id=workspace_id, closers=closers)


def store_lone_alerts(
    *, workspace_id: int, rows: Sequence[LogRow], counts: WindowCounts, now: datetime
) -> list[str]:
    """Store alerts that no incident names; returns their keys. What a rule made of one of them may
    be part of an incident: that has the same key.
    """
    alerts = read_log_alerts(rows)
    readable = [alert for alert in alerts if isinstance(alert, WireAlert)]
    counts.unreadable += len(alerts) - len(readable)
    for batch in batched(readable, _PAGE, strict=False):
        _store_halves(
            batch,
            lambda part: store_alerts_without_incident(
                workspace_id=workspace_id, alerts=part, now=now
            ),
            counts,
        )
    return [key_of(alert) for alert in readable]


def _store_incidents(
    workspace_id: int,
    incidents: Sequence[LogIncident],
    counts: WindowCounts,
    scope: OtScope,
    now: datetime,
) -> dict[str, LogIncident]:
    """Store the incidents in scope that are not known yet; returns all that can be read, by name.
    Whether a row is in scope is decided here, as for Sentinel's own lists; the question only spares
    most of what is not.
    """
    unreadable, dropped = drop_outside(
        unreadable=[
            one.incident for one in incidents if isinstance(one.incident, UnreadableRecord)
        ],
        scope=scope,
    )
    readable, outside = {}, len(dropped)
    for one in incidents:
        if isinstance(one.incident, WireIncident):
            found = one.incident.outside_of(scope)
            if found is None or is_accepted_unnamed(found, now=now):
                readable[one.incident.name] = one
            else:
                outside += 1
    quarantine(workspace_id=workspace_id, unreadable=unreadable, now=now)
    counts.incidents += len(incidents) - outside
    counts.out_of_scope += outside
    counts.unreadable += len(unreadable)
    wires = [one.incident for one in readable.values() if isinstance(one.incident, WireIncident)]
    for batch in batched(wires, _PAGE, strict=False):
        _store_halves(
            batch,
            lambda part: store_unknown_incidents(
                workspace_id=workspace_id, incidents=part, now=now
            ),
            counts,
        )
    return readable


def _store_details(
    *,
    workspace_id: int,
    without: Sequence[WithoutDetails],
    readable: Mapping[str, LogIncident],
    rows: Sequence[LogRow],
    counts: WindowCounts,
    now: datetime,
) -> None:
    """Store the alerts of incidents that have none yet, where the logs have all of them."""
    by_id = {str(row.get("SystemAlertId")).lower(): row for row in rows}
    complete: dict[str, list[LogRow]] = {}
    for incident in without:
        ids = readable[incident.name].alert_ids
        found = [by_id[alert_id] for alert_id in ids if alert_id in by_id]
        if len(found) < max(len(ids), incident.alerts_count):
            counts.incomplete += 1  # Sentinel itself is asked, as long as it still knows
        else:
            complete[incident.name] = found

    def store(names: Sequence[str]) -> None:
        details = {
            name: LogDetails(read_log_alerts(complete[name]), read_log_entities(complete[name]))
            for name in names
        }
        store_log_details(workspace_id=workspace_id, details=details, now=now)

    for batch in batched(complete, _BATCH, strict=False):
        _store_halves(batch, store, counts)


def _store_halves[T](
    items: Sequence[T], store: Callable[[Sequence[T]], object], counts: WindowCounts
) -> None:
    """Store them together, or, where that fails, in halves down to the one that is to blame."""
    for part in _parts(items, store):
        counts.unreadable += len(part)


def _parts[T](items: Sequence[T], store: Callable[[Sequence[T]], object]) -> Iterator[Sequence[T]]:
    if not items:
        return
    try:
        with transaction.atomic():
            store(items)
    except _ITS_OWN_FAULT:
        if len(items) == 1:
            yield items
            return
        half = len(items) // 2
        yield from _parts(items[:half], store)
        yield from _parts(items[half:], store)
