"""Keep incidents as Sentinel lists them: whole pages at a time, older versions never.

What is new is copied straight into its tables; what changed is merged from a temporary table, with
what we still owe Sentinel laid over it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from alerts.incidents.ingest import history, pg_copy
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.ingest.incident_rows import (
    GROUP_COLUMNS,
    INCIDENT_COLUMNS,
    ROW_COLUMNS,
    IncidentRow,
    new_copy_rows,
    overlaid,
    row_of,
)
from alerts.incidents.ingest.pg_copy import ask
from alerts.incidents.models import Incident, Status, TimelineItem
from alerts.outbox.queries import Owed, owed_to
from alerts.sentinel.wire import WireIncident, ticks_of


@dataclass(slots=True)
class Stored:
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
    *, workspace_id: int, fresh: Sequence[WireIncident], done: Stored, now: datetime
) -> None:
    """Copy incidents that are not there yet straight into their tables, each in a row of its own.

    Somebody who copies the same ones meanwhile makes this fail; the page is then stored again.
    """
    if not fresh:
        return
    ids = pg_copy.reserve_ids("incidents_incident_id_seq", n=len(fresh))
    new = new_copy_rows(workspace_id=workspace_id, incidents=fresh, ids=ids, now=now)
    pg_copy.copy_into("incidents_incident", columns=INCIDENT_COLUMNS, lines=new.incidents)
    pg_copy.copy_documents(
        "incidents_incidentraw",
        columns="incident_id, body",
        ids=ids,
        documents=[wire.raw_json for wire in fresh],
    )
    if new.groups:
        pg_copy.copy_into("incidents_group", columns=GROUP_COLUMNS, lines=new.groups)
    done.new, done.new_ids, done.flagged = len(ids), ids, new.flagged
    done.merged, done.merged_ids = len(new.merged_ids), new.merged_ids


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
    lines = [
        f"{change.known.id}\t{change.owed}\t{_refetch(change)}\t{change.is_reopened:d}\t"
        f"{pg_copy.line_of(change.row)}\t{pg_copy.document(change.wire.raw_json)}"
        for change in changes
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


__all__ = ["Stored", "differing", "mark_gone", "store_incidents"]


# Asked name by name, so that it takes the index of names also before the table's first ANALYZE.
_STORED = """
    SELECT i.name, CASE WHEN i.gone_at IS NULL THEN i.etag END
    FROM string_to_table(%s, E'\n') AS asked(name), LATERAL (
        SELECT name, etag, gone_at FROM incidents_incident
        WHERE workspace_id = %s AND name = asked.name LIMIT 1) AS i
"""


class Differing(NamedTuple):
    """What of a page is worth reading: its places there, and the names of those we have."""

    places: list[int]
    known: Collection[str]


def differing(*, workspace_id: int, heads: Sequence[tuple[str | None, str | None]]) -> Differing:
    """Which of those (name, etag) are not stored just so."""
    names = "\n".join([name for name, _ in heads if name])  # as text: quoted once, not each
    stored = dict(ask(_STORED, names, workspace_id)) if names else {}
    get = stored.get
    places = [
        place for place, (name, etag) in enumerate(heads) if not etag or get(name) != etag[:120]
    ]
    return Differing(places, stored.keys())


@transaction.atomic(savepoint=False)  # who goes on after a failure has a savepoint of its own
def store_incidents(
    *,
    workspace_id: int,
    incidents: Sequence[WireIncident],
    now: datetime,
    probed: Differing | None = None,
) -> Stored:
    """Store a page. What is stored already and what is older than that counts as unchanged.

    `probed` says what `differing` has just found, and that these incidents are at its places.
    """
    done = Stored()
    newest = _newest_of_each(incidents)
    worth = list(newest)
    if probed is None:
        heads = [(wire.name, wire.etag) for wire in newest.values()]
        probed = differing(workspace_id=workspace_id, heads=heads)
        worth = [worth[place] for place in probed.places]
    there = [name for name in worth if name in probed.known]
    known = lock_known(workspace_id=workspace_id, names=there)
    fresh = [newest[name] for name in worth if name not in known]
    changes = changes_among(workspace_id=workspace_id, known=known, newest=newest, now=now)
    if fresh:
        add_incidents(workspace_id=workspace_id, fresh=fresh, done=done, now=now)
    if changes:
        change_incidents(changes=changes, done=done, now=now)
    done.unchanged = len(incidents) - done.new - done.changed
    return done


def mark_gone(*, incident_ids: Iterable[int], now: datetime) -> int:
    """Keep incidents that Sentinel has deleted as read-only memories; returns how many are new."""
    with transaction.atomic():
        rows = Incident.objects.filter(pk__in=list(incident_ids), gone_at=None)
        ids = list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        Incident.objects.filter(pk__in=ids).update(gone_at=now, changed_at=now, details_due_at=None)
        TimelineItem.objects.bulk_create(history.gone_items(ids, now=now))
        regroup(ids, now=now)
        return len(ids)


def _newest_of_each(incidents: Sequence[WireIncident]) -> dict[str, WireIncident]:
    newest = {wire.name: wire for wire in incidents}
    if len(newest) < len(incidents):
        for wire in incidents:
            kept = newest[wire.name]
            if (ticks_of(wire.modified_text) or 0) > (ticks_of(kept.modified_text) or 0):
                newest[wire.name] = wire
    return newest
