"""Where incidents stand with OT, and what OT said of their patterns. Reviews calls these inside
its own transaction and records them; this room does not know who asked or answered.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import Incident, OtState, PatternMemory

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
