"""Keep incidents as Sentinel lists them: whole pages at a time, older versions never.

What is new is copied straight into its tables; what changed is merged from a temporary table, with
what we still owe Sentinel laid over it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from alerts.incidents.ingest import pg_copy
from alerts.incidents.ingest.closers import store_portal_closers
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.ingest.incident_rows import (
    GROUP_COLUMNS,
    INCIDENT_COLUMNS,
    ROW_COLUMNS,
    IncidentRow,
    incident_row_of,
    new_copy_rows,
)
from alerts.incidents.ingest.overlay import patched_values
from alerts.incidents.ingest.pg_copy import query_rows
from alerts.incidents.models import Incident, IncidentStatus, Severity, TimelineItem
from alerts.outbox.engine.labels import is_our_label
from alerts.outbox.services.enqueue import PendingChanges, pending_changes_of
from alerts.sentinel.wire.graph.incidents import GRAPH_VERSION
from alerts.sentinel.wire.incidents import WireIncident
from alerts.sentinel.wire.values import ticks_of


def items_of(
    incident_id: int, *, old: IncidentRow, new: IncidentRow, returned: bool, closed_by: str
) -> Iterator[TimelineItem]:
    """Return the differences that people care about; both rows are overlaid, so ours are none."""
    for code, details in _differences(old, new, closed_by):
        yield _item(incident_id, new.modified_at, code, details)
    if returned:
        yield _item(incident_id, new.modified_at, "returned", {})


def gone_items(ids: Sequence[int], *, now: datetime) -> list[TimelineItem]:
    """The line that an incident was deleted in Sentinel."""
    return [_item(incident_id, now, "gone", {}) for incident_id in ids]


def is_reopened(*, old: IncidentRow, new: IncidentRow) -> bool:
    """Whether somebody opened again what was closed."""
    return old.status == IncidentStatus.CLOSED and new.status in (
        IncidentStatus.NEW,
        IncidentStatus.ACTIVE,
    )


def _item(incident_id: int, at: datetime, code: str, details: dict[str, Any]) -> TimelineItem:
    side = TimelineItem.Side.SENTINEL
    return TimelineItem(incident_id=incident_id, at=at, side=side, code=code, details=details)


def _differences(
    old: IncidentRow, new: IncidentRow, closed_by: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    if new.merged_into is not None and old.merged_into is None:
        yield "merged", {"into": new.merged_into or None}
        return
    if old.title != new.title:
        yield "title", {"from": old.title, "to": new.title}
    if old.severity != new.severity:
        yield "severity", _from_to(Severity(old.severity).label, Severity(new.severity).label)
    if old.status != new.status:
        details = _from_to(IncidentStatus(old.status).label, IncidentStatus(new.status).label)
        if is_reopened(old=old, new=new):
            yield "reopened", details | ({"closed_by": closed_by} if closed_by else {})
        else:
            yield "status", details | _why(new)
    elif (old.classification, old.classification_reason) != (
        new.classification,
        new.classification_reason,
    ):
        yield "classification", _from_to(old.classification, new.classification) | _why(new)
    if old.owner_id != new.owner_id:
        yield "owner", _from_to(old.owner_name, new.owner_name)
    if labels := _labels(old.labels, new.labels):
        yield "labels", labels


def _from_to(old: str, new: str) -> dict[str, Any]:
    return {"from": old, "to": new}


def _why(row: IncidentRow) -> dict[str, Any]:
    if not row.classification:
        return {}
    return {"classification": row.classification, "reason": row.classification_reason}


def _labels(old: Sequence[str], new: Sequence[str]) -> dict[str, list[str]]:
    was = {label.casefold() for label in old}
    now = {label.casefold() for label in new}
    added = [x for x in new if x.casefold() not in was and not is_our_label(x)]
    removed = [x for x in old if x.casefold() not in now and not is_our_label(x)]
    return {"added": added, "removed": removed} if added or removed else {}


def details_failed(*, incident_id: int, reason: str, now: datetime) -> None:
    """The line that alerts and entities could not be read, and why."""
    item = _item(incident_id, now, "details-failed", {"reason": reason[:500]})
    item.side = TimelineItem.Side.PORTAL
    item.save()


@dataclass(slots=True)
class StoreResult:
    """What became of the incidents of one page."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    flagged: int = 0
    merged: int = 0
    new_ids: list[int] = field(default_factory=list)
    changed_ids: list[int] = field(default_factory=list)
    merged_ids: list[int] = field(default_factory=list)
    reopened_ids: list[int] = field(default_factory=list)


def add_incidents(
    *, workspace_id: int, fresh: Sequence[WireIncident], result: StoreResult, now: datetime
) -> None:
    """Copy incidents that are not there yet straight into their tables, each in a row of its own.

    Somebody who copies the same ones meanwhile makes this fail; the page is then stored again.
    """
    if not fresh:
        return
    ids = pg_copy.reserve_ids("incidents_incident_id_seq", n=len(fresh))
    new = new_copy_rows(workspace_id=workspace_id, incidents=fresh, ids=ids, now=now)
    pg_copy.copy_into("incidents_incident", columns=INCIDENT_COLUMNS, copy_rows=new.incidents)
    pg_copy.copy_documents(
        "incidents_incidentraw",
        columns="incident_id, body",
        ids=ids,
        documents=[wire.raw_json for wire in fresh],
    )
    if new.groups:
        pg_copy.copy_into("incidents_group", columns=GROUP_COLUMNS, copy_rows=new.groups)
    result.new, result.new_ids, result.flagged = len(ids), ids, new.flagged
    result.merged, result.merged_ids = len(new.merged_ids), new.merged_ids


class StoredIncident(NamedTuple):
    """An incident as we have it."""

    id: int
    pending: int
    is_gone: bool
    closed_by: str
    row: IncidentRow


class IncidentChange(NamedTuple):
    """A stored incident and what it becomes."""

    stored: StoredIncident
    row: IncidentRow
    pending: int
    wire: WireIncident

    @property
    def is_reopened(self) -> bool:
        """Whether somebody opened again what was closed."""
        return is_reopened(old=self.stored.row, new=self.row)

    @property
    def is_closed_in_portal(self) -> bool:
        """Whether the Defender portal closed it since its record came last."""
        versions = (self.stored.row.etag, self.row.etag)
        if self.pending or not all(version.startswith(GRAPH_VERSION) for version in versions):
            return False
        return self.row.status == IncidentStatus.CLOSED != self.stored.row.status


_STORED_ROWS = f"""
    SELECT id, owed, gone_at IS NOT NULL, closed_by, {ROW_COLUMNS} FROM incidents_incident
    WHERE workspace_id = %s AND name = ANY(string_to_array(%s, E'\n')) ORDER BY id FOR NO KEY UPDATE
"""


def lock_stored(*, workspace_id: int, names: Sequence[str]) -> dict[str, StoredIncident]:
    """Those of these incidents that we before, by name, locked until the end of the transaction."""
    rows = query_rows(_STORED_ROWS, workspace_id, "\n".join(names)) if names else []
    stored = [
        StoredIncident(pk, pending, is_gone, closed_by, IncidentRow._make(columns))
        for pk, pending, is_gone, closed_by, *columns in rows
    ]
    return {incident.row.name: incident for incident in stored}


def changes_among(
    *,
    workspace_id: int,
    stored: Mapping[str, StoredIncident],
    newest: Mapping[str, WireIncident],
    now: datetime,
) -> list[IncidentChange]:
    """What of the stored incidents is newer than what we have."""
    owing = [(workspace_id, name) for name, before in stored.items() if before.pending]
    pending = pending_changes_of(owing) if owing else {}
    nothing = PendingChanges(0, ())
    changes = []
    for name, before in stored.items():
        wire = newest[name]
        row = incident_row_of(wire, now=now)
        if _is_older(row, wire, before):
            continue
        due = pending.get((workspace_id, name), nothing)
        if due.patches:
            row = row._replace(**patched_values(row.labels, due.patches))
        if not row.etag and _same(row, before.row) and not before.is_gone:
            continue
        changes.append(IncidentChange(before, row, due.count, wire))
    return changes


def _same(one: IncidentRow, other: IncidentRow) -> bool:
    return list(map(_plain, one)) == list(map(_plain, other))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _is_older(row: IncidentRow, wire: WireIncident, before: StoredIncident) -> bool:
    if "modified_at:in_the_future" in before.row.flags or wire.modified_at is None:
        return False
    if row.etag.startswith(GRAPH_VERSION) != before.row.etag.startswith(GRAPH_VERSION):
        return False  # the clocks of Sentinel and of the Defender portal cannot be compared
    if row.modified_at != before.row.modified_at:
        return row.modified_at < before.row.modified_at
    # Within one microsecond only the text tells, and our column does not keep its last digit.
    stored = query_rows(
        "SELECT body #>> '{properties,lastModifiedTimeUtc}' FROM incidents_incidentraw"
        " WHERE incident_id = %s",
        before.id,
    )
    return (ticks_of(wire.modified_text) or 0) < (ticks_of(stored[0][0] if stored else None) or 0)


_STAGE = """
    CREATE TEMP TABLE IF NOT EXISTS incoming_changes (
        id bigint, owed smallint, refetch smallint, reopened boolean, name text, number int,
        etag text, title text, alert_type text, severity smallint, status smallint,
        classification text, classification_reason text, owner_id text, owner_name text,
        owner_email text, labels text[], created_at timestamptz, modified_at timestamptz,
        latest_activity_at timestamptz, alerts_count int, comments_count int,
        product_names text[], tactics text[], techniques text[], flags text[], merged_into int,
        body jsonb
    ) ON COMMIT DELETE ROWS
"""
_APART = ("name", "alert_type", "flags", "merged_into")
_FOLLOWED = [name for name in IncidentRow._fields if name not in _APART]
# An alert that joined is unknown until it was fetched: the incident is pending again (suppression).
_MERGE = f"""
    UPDATE incidents_incident i SET {", ".join(f"{name} = s.{name}" for name in _FOLLOWED)},
        alert_type = CASE WHEN i.pattern IS NULL THEN s.alert_type ELSE i.alert_type END,
        flags = s.flags || ARRAY(SELECT f FROM unnest(i.flags) f
                                 WHERE f LIKE 'details.%%' OR f LIKE 'scope:%%'),
        merged_into = CASE WHEN s.merged_into = 0 AND i.merged_into > 0 THEN i.merged_into
                           ELSE s.merged_into END,
        owed = s.owed, gone_at = NULL, changed_at = %(now)s,
        closed_by = CASE WHEN s.reopened THEN '' ELSE i.closed_by END,
        closed_at = CASE WHEN s.status <> {IncidentStatus.CLOSED.value} THEN NULL
                         WHEN i.status = {IncidentStatus.CLOSED.value} THEN i.closed_at
                         ELSE s.modified_at END,
        details_state = CASE WHEN s.refetch = 2 THEN 'pending' ELSE i.details_state END,
        details_attempts = CASE WHEN s.refetch > 0 THEN 0 ELSE i.details_attempts END,
        details_due_at = CASE WHEN s.refetch > 0 THEN %(now)s ELSE i.details_due_at END
    FROM incoming_changes s WHERE i.id = s.id
"""
_MERGE_RAW = """
    UPDATE incidents_incidentraw r SET body = s.body FROM incoming_changes s
    WHERE r.incident_id = s.id
"""


def change_incidents(
    *, changes: Sequence[IncidentChange], result: StoreResult, now: datetime
) -> None:
    """Write what changed and its history, and bring the queue in line."""
    copy_rows = [
        f"{change.stored.id}\t{change.pending}\t{_refetch(change)}\t{change.is_reopened:d}\t"
        f"{pg_copy.copy_line(change.row)}\t{pg_copy.json_member(change.wire.raw_json)}"
        for change in changes
    ]
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        cursor.execute("DELETE FROM incoming_changes")
        columns = f"id, owed, refetch, reopened, {ROW_COLUMNS}, body"
        pg_copy.copy_into("incoming_changes", columns=columns, copy_rows=copy_rows)
        cursor.execute(_MERGE, {"now": now})
        cursor.execute(_MERGE_RAW)
    items: list[TimelineItem] = []
    for change in changes:
        before, row = change.stored, change.row
        items += items_of(
            before.id, old=before.row, new=row, returned=before.is_gone, closed_by=before.closed_by
        )
        result.flagged += bool(row.flags)
        if row.merged_into is not None and before.row.merged_into is None:
            result.merged_ids.append(before.id)
        if change.is_reopened:
            result.reopened_ids.append(before.id)
    TimelineItem.objects.bulk_create(items, batch_size=1000)
    closings = [
        (change.stored.id, change.stored.row.modified_at, change.wire)
        for change in changes
        if change.is_closed_in_portal
    ]
    if closings:
        store_portal_closers(closings)
    result.changed_ids = [change.stored.id for change in changes]
    result.changed, result.merged = len(changes), len(result.merged_ids)
    regroup(result.changed_ids, now=now)


def _refetch(change: IncidentChange) -> int:
    """2: alerts changed, 1: only comments did, 0: nothing that hangs on the incident."""
    old, new = change.stored.row, change.row
    if (old.alerts_count, old.latest_activity_at) != (new.alerts_count, new.latest_activity_at):
        return 2
    return int(old.comments_count != new.comments_count or change.stored.is_gone)


__all__ = ["StoreResult", "differing", "mark_gone", "store_incidents"]


# Asked name by name, so that it takes the index of names also before the table's first ANALYZE.
_STORED = """
    SELECT i.name, CASE WHEN i.gone_at IS NULL THEN i.etag END
    FROM string_to_table(%s, E'\n') AS asked(name), LATERAL (
        SELECT name, etag, gone_at FROM incidents_incident
        WHERE workspace_id = %s AND name = asked.name LIMIT 1) AS i
"""


class Differing(NamedTuple):
    """What of a page is worth reading: its places there, the names of those that are stored, and of
    these the ones that are still followed: all but what was deleted in Sentinel.
    """

    places: list[int]
    stored_names: Collection[str]
    followed_names: Collection[str]


def differing(*, workspace_id: int, heads: Sequence[tuple[str | None, str | None]]) -> Differing:
    """Which of those (name, etag) are not stored just so."""
    names = "\n".join([name for name, _ in heads if name])  # as text: quoted once, not each
    stored = dict(query_rows(_STORED, names, workspace_id)) if names else {}
    get = stored.get
    places = [
        place for place, (name, etag) in enumerate(heads) if not etag or get(name) != etag[:120]
    ]
    followed: Collection[str] = stored.keys()
    if None in stored.values():
        followed = {name for name, etag in stored.items() if etag is not None}
    return Differing(places, stored.keys(), followed)


@transaction.atomic(savepoint=False)  # who goes on after a failure has a savepoint of its own
def store_incidents(
    *,
    workspace_id: int,
    incidents: Sequence[WireIncident],
    now: datetime,
    probed: Differing | None = None,
) -> StoreResult:
    """Store a page. What is stored already and what is older than that counts as unchanged.

    `probed` states what `differing` has just found, and that these incidents are at its places.
    """
    result = StoreResult()
    newest = _newest_by_name(incidents)
    worth = list(newest)
    if probed is None:
        heads = [(wire.name, wire.etag) for wire in newest.values()]
        probed = differing(workspace_id=workspace_id, heads=heads)
        worth = [worth[place] for place in probed.places]
    stored_names = [name for name in worth if name in probed.stored_names]
    stored = lock_stored(workspace_id=workspace_id, names=stored_names)
    fresh = [newest[name] for name in worth if name not in stored]
    changes = changes_among(workspace_id=workspace_id, stored=stored, newest=newest, now=now)
    if fresh:
        add_incidents(workspace_id=workspace_id, fresh=fresh, result=result, now=now)
    if changes:
        change_incidents(changes=changes, result=result, now=now)
    result.unchanged = len(incidents) - result.new - result.changed
    return result


def mark_gone(*, incident_ids: Iterable[int], now: datetime) -> int:
    """Keep incidents that Sentinel has deleted as read-only memories; returns how many are new."""
    with transaction.atomic():
        rows = Incident.objects.filter(pk__in=list(incident_ids), gone_at=None)
        ids = list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        Incident.objects.filter(pk__in=ids).update(gone_at=now, changed_at=now, details_due_at=None)
        TimelineItem.objects.bulk_create(gone_items(ids, now=now))
        regroup(ids, now=now)
        return len(ids)


def _newest_by_name(incidents: Sequence[WireIncident]) -> dict[str, WireIncident]:
    newest = {wire.name: wire for wire in incidents}
    if len(newest) < len(incidents):
        for wire in incidents:
            newest_so_far = newest[wire.name]
            if (ticks_of(wire.modified_text) or 0) > (ticks_of(newest_so_far.modified_text) or 0):
                newest[wire.name] = wire
    return newest
