"""Show Sentinel's latest state, overlaid with what we still owe it; our comments from the moment
they are owed; the OT state of incidents, and what OT said of their patterns.

Reviews calls the setters inside its own transaction and records them; who asked or answered is in
rooms above.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction

from alerts.incidents.ingest.groups import regroup
from alerts.incidents.ingest.incident_rows import (
    SEVERITIES,
    STATUSES,
    incident_row_of,
    owner_columns,
)
from alerts.incidents.models import (
    Comment,
    Incident,
    IncidentRaw,
    IncidentStatus,
    OtState,
    PatternMemory,
)
from alerts.outbox.models import Change, WriteKind
from alerts.outbox.services.enqueue import PendingChanges, pending_changes_of
from alerts.sentinel.wire.incidents import WireOwner, parse_incident
from alerts.sentinel.wire.records import Unfit

IN_FORCE = (
    *("severity", "status", "classification", "classification_reason"),
    *("owner_id", "owner_name", "owner_email", "labels"),
)
_WRITTEN = (*IN_FORCE, "owed", "closed_by", "closed_at")
_NOTHING = PendingChanges(0, ())


@transaction.atomic(savepoint=False)
def overlay_pending_changes(incident_ids: Iterable[int], *, now: datetime) -> None:
    """Lay pending changes over the rows: after enqueuing, before `regroup`; repeatable."""
    overlay_locked(_locked_rows(incident_ids), now=now)


def overlay_locked(rows: Sequence[Incident], *, now: datetime) -> None:
    """Lay pending changes over rows as they were when the caller's transaction locked them."""
    _lay_over(rows, {}, now=now)


@transaction.atomic(savepoint=False)
def refresh_overlay(incident_ids: Iterable[int], *, now: datetime) -> None:
    """Renew the values in force after pending changes were withdrawn or settled; then `regroup`."""
    rows = _locked_rows(incident_ids)
    raws = IncidentRaw.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "body")
    _lay_over(rows, {pk: _values_in(body, now=now) for pk, body in raws}, now=now)


def _locked_rows(incident_ids: Iterable[int]) -> list[Incident]:
    rows = Incident.objects.filter(pk__in=set(incident_ids)).order_by("pk")
    return list(rows.select_for_update(no_key=True))


def _lay_over(
    rows: Sequence[Incident], values_by_id: Mapping[int, Mapping[str, Any]], *, now: datetime
) -> None:
    """Give the rows these values, then what is owed, and save those that changed."""
    pending = pending_changes_of((row.workspace_id, row.name) for row in rows)
    changed = []
    for row in rows:
        due = pending.get((row.workspace_id, row.name), _NOTHING)
        before = [getattr(row, name) for name in _WRITTEN]
        was_closed = row.status == IncidentStatus.CLOSED
        row.owed = due.count
        values = values_by_id.get(row.pk, {})
        values = {**values, **patched_values(values.get("labels", row.labels), due.patches)}
        for name, value in values.items():
            setattr(row, name, value)
        if row.status < IncidentStatus.CLOSED:
            row.closed_by, row.closed_at = "", None
        elif not was_closed:
            row.closed_at = now
        if before != [getattr(row, name) for name in _WRITTEN]:
            row.changed_at = now
            changed.append(row)
    if len(changed) == 1:  # as after each delivery: its statement is a third of the work
        changed[0].save(update_fields=[*_WRITTEN, "changed_at"])
    else:
        Incident.objects.bulk_update(changed, [*_WRITTEN, "changed_at"], batch_size=500)


def _values_in(body: object, *, now: datetime) -> Mapping[str, Any]:
    """The values in force in Sentinel's record; none where it cannot be read."""
    if not isinstance(body, dict):
        return {}
    try:
        row = incident_row_of(parse_incident(body, orjson.dumps(body)), now=now)
    except Unfit:
        return {}
    values = {name: getattr(row, name) for name in IN_FORCE}
    return {**values, "labels": list(row.labels)}


def patched_values(labels: Sequence[str], patches: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the values in force that pending writes decide, oldest first; empty without one."""
    values: dict[str, Any] = {}
    for patch in patches:
        if "severity" in patch:
            values["severity"] = SEVERITIES.get(str(patch["severity"]), 0)
        if "status" in patch:
            values["status"] = STATUSES.get(str(patch["status"]), 0)
        if "classification" in patch:
            values["classification"] = str(patch["classification"] or "")[:40]
        if "classificationReason" in patch:
            values["classification_reason"] = str(patch["classificationReason"] or "")[:40]
        if "owner" in patch:
            values |= _owner_values(patch["owner"] or {})
        removed = {str(label).casefold() for label in patch.get("labels_remove", ())}
        labels = [label for label in labels if label.casefold() not in removed]
        folded = {label.casefold() for label in labels}
        labels += [label for label in patch.get("labels_add", ()) if label.casefold() not in folded]
        values["labels"] = labels
    return values


def _owner_values(owner: Mapping[str, Any]) -> dict[str, str]:
    columns = owner_columns(
        WireOwner(
            object_id=owner.get("objectId"),
            email=owner.get("email"),
            assigned_to=owner.get("assignedTo"),
            user_principal_name=owner.get("userPrincipalName"),
            kind=None,
        )
    )
    return dict(zip(("owner_id", "owner_name", "owner_email"), columns, strict=True))


MAX_NOTE = 300
type OtStateAndDueDate = tuple[OtState, datetime | None]  # due: when OT should have answered


@dataclass(frozen=True, slots=True)
class LatestVerdict:
    """The newest verdict on a pattern: which, whose, when it was given, and their note."""

    verdict: str
    by_name: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class PatternVerdicts:
    """How often OT gave which verdict on a pattern, and the newest of them."""

    counts: Mapping[str, int] = field(default_factory=dict)
    latest: LatestVerdict | None = None


@transaction.atomic(savepoint=False)
def set_ot_states(
    *,
    standings: Mapping[OtStateAndDueDate, Collection[int]],
    now: datetime,
    rank_too: Collection[int] = (),
) -> int:
    """Set the OT state of incidents, last in a transaction; return how many changed."""
    changed = 0
    for (state, due_at), ids in standings.items():
        changed += (
            Incident.objects.filter(pk__in=ids)
            .exclude(ot_state=state, ot_due_at=due_at)
            .update(ot_state=state, ot_due_at=due_at, changed_at=now)
        )
    regroup({*rank_too}.union(*standings.values()), now=now)
    return changed


@transaction.atomic(savepoint=False)
def lock_pattern_memory(patterns: Collection[UUID]) -> None:
    """Lock the memory of these patterns until commit, so that verdicts are counted one by one."""
    rows = PatternMemory.objects.filter(pattern__in=patterns).order_by("pattern")
    locked = set(rows.select_for_update().values_list("pattern", flat=True))
    if missing := sorted({*patterns} - locked):
        with connection.cursor() as cursor:
            cursor.execute(_ADD_MEMORY, [missing])
        list(rows.select_for_update().values_list("pattern"))


_ADD_MEMORY = """
    INSERT INTO incidents_patternmemory (pattern, first_seen_at, latest_seen_at, seen, routine,
        maintenance, suspicious, not_sure, latest_verdict_by, latest_verdict, latest_note)
    SELECT pattern, min(created_at), max(created_at), count(*), 0, 0, 0, 0, '', '', ''
    FROM incidents_incident WHERE pattern = ANY(%s) GROUP BY pattern ORDER BY pattern
    ON CONFLICT DO NOTHING
"""


def set_pattern_verdicts(verdicts: Mapping[UUID, PatternVerdicts]) -> None:
    """Store OT's answers on each pattern, in place of what was stored before."""
    for pattern in sorted(verdicts):
        row = verdicts[pattern]
        PatternMemory.objects.filter(pattern=pattern).update(
            routine=row.counts.get(OtState.ROUTINE, 0),
            maintenance=row.counts.get(OtState.MAINTENANCE, 0),
            suspicious=row.counts.get(OtState.SUSPICIOUS, 0),
            not_sure=row.counts.get(OtState.NOT_SURE, 0),
            **_latest_columns(row.latest),
        )


def _latest_columns(latest: LatestVerdict | None) -> dict[str, object]:
    return {
        "latest_verdict": latest.verdict if latest else "",
        "latest_verdict_by": latest.by_name[:120] if latest else "",
        "latest_verdict_at": latest.at if latest else None,
        "latest_note": latest.note[:MAX_NOTE] if latest else "",
    }


def show_our_comments(
    changes: Iterable[Change], *, incidents: Iterable[Incident], author: str
) -> None:
    """Keep what was owed as comments of these incidents."""
    by_name = {(incident.workspace_id, incident.name): incident for incident in incidents}
    Comment.objects.bulk_create(
        [
            Comment(
                incident=by_name[change.workspace_id, change.incident_name],
                name=str(change.key),
                author=author,
                message=change.message,
                created_at=change.made_at,
                ours=True,
            )
            for change in changes
            if change.kind == WriteKind.COMMENT
        ],
        ignore_conflicts=True,
    )


def drop_our_comments(changes: Iterable[Change]) -> None:
    """Take comments off that will never be written."""
    names = [str(change.key) for change in changes if change.kind == WriteKind.COMMENT]
    Comment.objects.filter(name__in=names, ours=True).delete()
