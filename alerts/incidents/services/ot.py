"""Where incidents stand with OT, and what OT said of their patterns. Reviews calls these inside
its own transaction and records them; this room does not know who asked or answered.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from alerts.incidents.models import Incident, OtState, PatternMemory
from alerts.incidents.services.groups import regroup

LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class Said:
    """The newest word on a pattern: which verdict, whose, when, and their note."""

    verdict: str
    by_name: str
    at: datetime
    note: str = ""


@transaction.atomic
def set_ot_state(
    *,
    incident_ids: Collection[int],
    state: OtState,
    due_at: datetime | None,
    now: datetime,
    rank_too: Collection[int] = (),
) -> int:
    """Say where these incidents stand with OT and until when it should answer; how many changed.
    `rank_too`: others whose priority depends on it. Call last: the queue's rows are locked here.
    """
    changed = (
        Incident.objects.filter(pk__in=incident_ids)
        .exclude(ot_state=state, ot_due_at=due_at)
        .update(ot_state=state, ot_due_at=due_at, changed_at=now)
    )
    regroup({*incident_ids, *rank_too}, now=now)
    return changed


@transaction.atomic
def note_verdict(*, patterns: Collection[UUID], said: Said) -> None:
    """Remember one more verdict on each pattern: one annotation is one trial, however many alerts
    it covers.
    """
    PatternMemory.objects.bulk_create(
        (
            PatternMemory(pattern=each, first_seen_at=said.at, latest_seen_at=said.at)
            for each in patterns
        ),
        ignore_conflicts=True,
    )
    column = _column(said.verdict)
    known = PatternMemory.objects.filter(pattern__in=patterns)
    known.update(**{column: F(column) + 1}, **_latest(said))


@transaction.atomic
def forget_verdict(
    *, patterns: Collection[UUID], verdict: str, latest: Mapping[UUID, Said | None] | None = None
) -> None:
    """Take one verdict on each pattern out of the count: it was undone or superseded. `latest` is
    the word that holds again, where the one taken out was the newest.
    """
    column = _column(verdict)
    known = PatternMemory.objects.filter(pattern__in=patterns)
    known.update(**{column: Greatest(F(column) - 1, 0)})
    for pattern, said in (latest or {}).items():
        PatternMemory.objects.filter(pattern=pattern).update(**_latest(said))


def _column(verdict: str) -> str:
    return OtState(verdict).value.replace("-", "_")


def _latest(said: Said | None) -> dict[str, object]:
    return {
        "latest_verdict": said.verdict if said else "",
        "latest_verdict_by": said.by_name[:120] if said else "",
        "latest_verdict_at": said.at if said else None,
        "latest_note": said.note[:LONGEST_NOTE] if said else "",
    }
