"""Change incidents that are known: through a stage, with what is owed laid over Sentinel's word."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from alerts.incidents.ingest import history, pg_copy
from alerts.incidents.ingest.copy_rows import ROW_COLUMNS, copy_rows_of
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.ingest.pg_copy import ask
from alerts.incidents.ingest.rows import IncidentRow, overlaid, row_of
from alerts.incidents.ingest.stored import Stored
from alerts.incidents.models import Status, TimelineItem
from alerts.outbox.queries import Owed, owed_to
from alerts.sentinel.wire import WireIncident, ticks_of


class Known(NamedTuple):
    """An incident as we have it."""

    id: int
    owed: int
    is_gone: bool
    closed_by: str
    row: IncidentRow


class IncidentChange(NamedTuple):
    """A known incident and what it becomes."""

    known: Known
    row: IncidentRow
    owed: int
    wire: WireIncident

    @property
    def is_reopened(self) -> bool:
        """Whether somebody opened again what was closed."""
        return history.is_reopened(old=self.known.row, new=self.row)


_KNOWN = f"""
    SELECT id, owed, gone_at IS NOT NULL, closed_by, {ROW_COLUMNS} FROM incidents_incident
    WHERE workspace_id = %s AND name = ANY(string_to_array(%s, E'\n')) ORDER BY id FOR NO KEY UPDATE
"""


def lock_known(*, workspace_id: int, names: Sequence[str]) -> dict[str, Known]:
    """Those of these incidents that we have, by name, locked until the end of the transaction."""
    rows = ask(_KNOWN, workspace_id, "\n".join(names)) if names else []
    return {row[4]: Known(row[0], row[1], row[2], row[3], IncidentRow(*row[4:])) for row in rows}


def changes_among(
    *,
    workspace_id: int,
    known: Mapping[str, Known],
    newest: Mapping[str, WireIncident],
    now: datetime,
) -> list[IncidentChange]:
    """What of the known incidents is newer than what we have."""
    owing = [(workspace_id, name) for name, have in known.items() if have.owed]
    owed = owed_to(owing) if owing else {}
    nothing = Owed(0, ())
    found = []
    for name, have in known.items():
        wire = newest[name]
        row = row_of(wire, now=now)
        if _is_older(row, wire, have):
            continue
        due = owed.get((workspace_id, name), nothing)
        row = overlaid(row, patches=due.patches)
        if not row.etag and _same(row, have.row) and not have.is_gone:
            continue
        found.append(IncidentChange(have, row, due.count, wire))
    return found


def _same(one: IncidentRow, other: IncidentRow) -> bool:
    return list(map(_plain, one)) == list(map(_plain, other))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _is_older(row: IncidentRow, wire: WireIncident, have: Known) -> bool:
    if "modified_at:in_the_future" in have.row.flags or wire.modified_at is None:
        return False
    if row.modified_at != have.row.modified_at:
        return row.modified_at < have.row.modified_at
    # Within one microsecond only the text tells, and our column does not keep its last digit.
    stored = ask(
        "SELECT body #>> '{properties,lastModifiedTimeUtc}' FROM incidents_incidentraw"
        " WHERE incident_id = %s",
        have.id,
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
_FOLLOWED = [name for name in IncidentRow._fields if name not in ("name", "alert_type", "flags")]
# An alert that joined is unknown until it was fetched: the incident is pending again (suppression).
_MERGE = f"""
    UPDATE incidents_incident i SET {", ".join(f"{name} = s.{name}" for name in _FOLLOWED)},
        alert_type = CASE WHEN i.pattern IS NULL THEN s.alert_type ELSE i.alert_type END,
        flags = s.flags || ARRAY(SELECT f FROM unnest(i.flags) f WHERE f LIKE 'details.%%'),
        owed = s.owed, gone_at = NULL, changed_at = %(now)s,
        closed_by = CASE WHEN s.reopened THEN '' ELSE i.closed_by END,
        closed_at = CASE WHEN s.status <> {Status.CLOSED.value} THEN NULL
                         WHEN i.status = {Status.CLOSED.value} THEN i.closed_at
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


def change_incidents(*, changes: Sequence[IncidentChange], done: Stored, now: datetime) -> None:
    """Write what changed and its history, and bring the queue in line."""
    rows = copy_rows_of([change.row for change in changes])
    lines = [
        f"{change.known.id}\t{change.owed}\t{_refetch(change)}\t{change.is_reopened:d}\t"
        f"{line}\t{pg_copy.document(change.wire.raw_json)}"
        for change, line in zip(changes, rows, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        cursor.execute("DELETE FROM incoming_changes")
        columns = f"id, owed, refetch, reopened, {ROW_COLUMNS}, body"
        pg_copy.copy_into("incoming_changes", columns=columns, lines=lines)
        cursor.execute(_MERGE, {"now": now})
        cursor.execute(_MERGE_RAW)
    items: list[TimelineItem] = []
    for change in changes:
        have, row = change.known, change.row
        items += history.items_of(
            have.id, old=have.row, new=row, returned=have.is_gone, closed_by=have.closed_by
        )
        done.flagged += bool(row.flags)
        if row.merged_into is not None and have.row.merged_into is None:
            done.merged_ids.append(have.id)
        if change.is_reopened:
            done.reopened_ids.append(have.id)
    TimelineItem.objects.bulk_create(items, batch_size=1000)
    done.changed_ids = [change.known.id for change in changes]
    done.changed, done.merged = len(changes), len(done.merged_ids)
    regroup(done.changed_ids, now=now)


def _refetch(change: IncidentChange) -> int:
    """2: alerts changed, 1: only comments did, 0: nothing that hangs on the incident."""
    old, new = change.known.row, change.row
    if (old.alerts_count, old.latest_activity_at) != (new.alerts_count, new.latest_activity_at):
        return 2
    return int(old.comments_count != new.comments_count or change.known.is_gone)
