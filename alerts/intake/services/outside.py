"""Count what is outside of a workspace's scope: by month, product and reason, with nothing that
distinguishes one incident from another.

Without names, an incident that is listed again looks like a new one. So what a list of
changes shows counts where it was created after all that was read before; and a reading of all
incidents, which lists each once, replaces what was counted up to its beginning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F

from alerts.intake.models import Cursor, OutsideCount
from alerts.sentinel.models import ClientPurpose, Workspace
from alerts.sentinel.wire.values import Outside, OutsideReason
from portal import clock
from portal.jobs.services import bring_forward

RULE_READING = (
    f"readiness.{ClientPurpose.READ}"  # the job that reads what stands around a workspace
)
RULES_READ_EVERY = timedelta(minutes=15)
By = OutsideCount.CountedBy


class OutsideKind(NamedTuple):
    """What counts as the same: a month (None: unknown), a reason, the products."""

    month: date | None
    reason: OutsideReason
    products: str


class OutsideTally(Counter[OutsideKind]):
    """How many incidents of each kind are outside."""

    def count(self, outside: Iterable[Outside]) -> None:
        """Count these, too."""
        self.update(
            OutsideKind(
                found.created_at.date().replace(day=1) if found.created_at else None,
                found.reason,
                found.products,
            )
            for found in outside
        )

    def as_json(self) -> list[list[Any]]:
        """For the row of a reading that goes on later."""
        return [
            [kind.month and kind.month.isoformat(), kind.reason, kind.products, n]
            for kind, n in self.items()
        ]

    @classmethod
    def from_json(cls, rows: Sequence[Sequence[Any]] | None) -> OutsideTally:
        """From that row."""
        tally = cls()
        for month, reason, products, n in rows or ():
            at = date.fromisoformat(month) if month else None
            tally[OutsideKind(at, OutsideReason(reason), products)] += n
        return tally


def note_new_outside(
    *, workspace_id: int, outside: Sequence[Outside], since: datetime | None
) -> None:
    """Count those of a list of changes that were created after all that was read before."""
    tally = OutsideTally()
    tally.count(found for found in outside if _is_new(found, since))
    if tally:
        _add(workspace_id, tally, By.CHANGES)
        if any(kind.reason is OutsideReason.UNKNOWN_RULE for kind in tally):
            _have_rules_read(workspace_id)


def _is_new(found: Outside, since: datetime | None) -> bool:
    """Whether a list of changes shows it for the first time, and it is not soon to be taken in."""
    if found.reason is OutsideReason.UNNAMED:
        return False
    return since is None or found.created_at is None or found.created_at > since


def _have_rules_read(workspace_id: int) -> None:
    """Have the rules of the workspace read now: one is new. Not again and again where they cannot
    be read.
    """
    cursor = Cursor.objects.select_for_update().get_or_create(workspace_id=workspace_id)[0]
    now = clock.unshifted()
    asked_at = cursor.resume.get("rules_asked_at")
    if asked_at and datetime.fromisoformat(asked_at) > now - RULES_READ_EVERY:
        return
    resume = cursor.resume | {"rules_asked_at": now.isoformat()}
    Cursor.objects.filter(pk=workspace_id).update(resume=resume)
    uuid = Workspace.objects.values_list("uuid", flat=True).get(pk=workspace_id)
    bring_forward(kind=RULE_READING, key=str(uuid), now=now)


@transaction.atomic
def begin_counting(*, workspace_id: int) -> None:
    """A reading of everything begins: it counts anew what was counted so far."""
    rows = OutsideCount.objects.filter(workspace=workspace_id, counted_by=By.CHANGES)
    tally = OutsideTally()
    for row in rows.select_for_update():
        tally[OutsideKind(row.month, OutsideReason(row.reason), row.products)] += row.n
    rows.delete()
    _add(workspace_id, tally, By.ALL)


@transaction.atomic
def keep_counted(*, workspace_id: int, tally: OutsideTally) -> None:
    """A reading of everything has come to its end: what it counted is what there is."""
    OutsideCount.objects.filter(workspace=workspace_id, counted_by=By.ALL).delete()
    _add(workspace_id, tally, By.ALL)


def _add(workspace_id: int, tally: OutsideTally, counted_by: By) -> None:
    for kind, n in sorted(tally.items(), key=str):
        key = {
            "workspace_id": workspace_id,
            "counted_by": counted_by,
            "month": kind.month,
            "reason": kind.reason,
            "products": kind.products,
        }
        if not OutsideCount.objects.filter(**key).update(n=F("n") + n):
            OutsideCount.objects.create(**key, n=n)
