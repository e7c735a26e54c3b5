"""Show what Sentinel last said, overlaid with what we still owe it; our comments from the moment
they are owed; where incidents stand with OT, and what OT said of their patterns.

Reviews calls the setters inside its own transaction and records them; this room does not know who
asked or answered.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connection, transaction

from alerts.incidents.ingest.groups import regroup
from alerts.incidents.ingest.incident_rows import IncidentRow, overlaid, row_of
from alerts.incidents.models import Comment, Incident, IncidentRaw, OtState, PatternMemory, Status
from alerts.outbox.models import Change, Kind
from alerts.outbox.services.enqueue import Owed, owed_to
from alerts.sentinel.wire import Unfit, incident_of

IN_FORCE = (
    *("severity", "status", "classification", "classification_reason"),
    *("owner_id", "owner_name", "owner_email", "labels"),
)
_WRITTEN = (*IN_FORCE, "owed", "closed_by", "closed_at")
_NOTHING = Owed(0, ())


@transaction.atomic
def refresh_overlay(incident_ids: Iterable[int], *, now: datetime) -> list[int]:
    """Bring the rows in force in line with Sentinel's word and what is owed; returns the ids of
    those that changed. Call it after owing, withdrawing or settling, and `regroup` after it.
    """
    ids = sorted(set(incident_ids))
    rows = list(Incident.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))
    raws = dict(IncidentRaw.objects.filter(pk__in=ids).values_list("pk", "body"))
    pending = owed_to((row.workspace_id, row.name) for row in rows)
    changed = []
    for row in rows:
        due = pending.get((row.workspace_id, row.name), _NOTHING)
        word = _word_of(raws.get(row.pk), now=now)
        before = [getattr(row, name) for name in _WRITTEN]
        row.owed = due.count
        if word is not None:
            _lay(row, overlaid(word, patches=due.patches), now=now)
        if before != [getattr(row, name) for name in _WRITTEN]:
            row.changed_at = now
            changed.append(row)
    Incident.objects.bulk_update(changed, [*_WRITTEN, "changed_at"], batch_size=500)
    return [row.pk for row in changed]


def _word_of(body: object, *, now: datetime) -> IncidentRow | None:
    if not isinstance(body, dict):
        return None
    try:
        return row_of(incident_of(body, orjson.dumps(body)), now=now)
    except Unfit:
        return None


def _lay(row: Incident, word: IncidentRow, *, now: datetime) -> None:
    was_closed = row.status == Status.CLOSED
    for name in IN_FORCE:
        value = getattr(word, name)
        setattr(row, name, list(value) if name == "labels" else value)
    if row.status < Status.CLOSED:
        row.closed_by, row.closed_at = "", None
    elif not was_closed:
        row.closed_at = now


MAX_NOTE = 300
type Standing = tuple[OtState, datetime | None]  # the state, and until when OT should answer


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


@transaction.atomic
def set_ot_states(
    *,
    standings: Mapping[Standing, Collection[int]],
    now: datetime,
    rank_too: Collection[int] = (),
) -> int:
    """Say where incidents stand with OT; returns how many changed. `rank_too`: others whose
    priority depends on it. Call last, and once: the queue's rows are locked here in their order.
    """
    changed = 0
    for (state, due_at), ids in standings.items():
        changed += (
            Incident.objects.filter(pk__in=ids)
            .exclude(ot_state=state, ot_due_at=due_at)
            .update(ot_state=state, ot_due_at=due_at, changed_at=now)
        )
    regroup({*rank_too}.union(*standings.values()), now=now)
    return changed


@transaction.atomic
def lock_pattern_memory(patterns: Collection[UUID]) -> None:
    """Lock what is remembered of these patterns until the end of the transaction. Whoever counts
    verdicts in a later statement sees those of everybody who held the lock before.
    """
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
    """Remember what OT said of each pattern, in place of what was remembered before."""
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
            if change.kind == Kind.COMMENT
        ],
        ignore_conflicts=True,
    )


def drop_our_comments(changes: Iterable[Change]) -> None:
    """Take comments off that will never be written."""
    names = [str(change.key) for change in changes if change.kind == Kind.COMMENT]
    Comment.objects.filter(name__in=names, ours=True).delete()
