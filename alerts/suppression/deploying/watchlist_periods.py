"""When Sentinel held which rows of a watchlist, and an open gate: only then the list holds an alert
back.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F, Q, Sum

from alerts.outbox.models import Landing, RuleKind
from alerts.outbox.registry import RuleSettlement
from alerts.rules.fields import FieldValues
from alerts.rules.watchlist import lease_of_gate, lookup_keys_of, row_leaves_out
from alerts.suppression.models import WatchlistPeriod

MONTH: Final = timedelta(days=31)
KEPT: Final = timedelta(days=62)
SLACK: Final = timedelta(minutes=30)  # until what went is gone from Log Analytics, too
RUN: Final = timedelta(hours=1)  # a rule of the solution sees an alert within an hour
type _Span = tuple[datetime, datetime]


def note_period(settlement: RuleSettlement) -> None:
    """Note what Sentinel holds of a list from now on; part of the transaction that settles it."""
    row, now = settlement.rule, settlement.now
    if row.kind == RuleKind.WATCHLIST:
        return
    periods = WatchlistPeriod.objects.filter(workspace=row.workspace_id, name=row.name)
    landed = (
        None if settlement.outcome == Landing.CHANGED_BY_HAND else row.landed
    )  # a hand changed it
    current = periods.filter(ended_at=None).first()
    if current is not None and current.body == landed:
        return
    gone = int(settlement.wrote and landed is None)
    periods.filter(ended_at=None).update(ended_at=now, changes=F("changes") + gone)
    if landed is not None:
        WatchlistPeriod.objects.create(
            workspace_id=row.workspace_id,
            name=row.name,
            body=landed,
            began_at=now,
            changes=int(settlement.wrote),
        )


def changes_this_month(workspace_id: int, *, now: datetime) -> int:
    """Return how many changes of items were made in the 31 days before."""
    since = now - MONTH
    periods = WatchlistPeriod.objects.filter(
        Q(began_at__gt=since) | Q(ended_at__gt=since), workspace=workspace_id
    )
    return int(periods.aggregate(total=Sum("changes"))["total"] or 0)


def remove_old_periods(*, now: datetime, is_dry_run: bool) -> int:
    """Remove what ended more than two months ago; returns how many those are."""
    old = WatchlistPeriod.objects.filter(ended_at__lt=now - KEPT)
    return old.count() if is_dry_run else old.delete()[0]


class ListInForce:
    """What a list said between two moments: rows by their key, and when its gate was open."""

    def __init__(self, workspace_id: int, *, since: datetime, until: datetime) -> None:
        self._rows: dict[str, list[tuple[dict[str, Any], _Span]]] = defaultdict(list)
        self._open: list[_Span] = []
        periods = WatchlistPeriod.objects.filter(
            Q(ended_at=None) | Q(ended_at__gt=since - SLACK),
            workspace=workspace_id,
            began_at__lt=until + RUN,
        )
        for period in periods.order_by("began_at", "pk"):
            end = period.ended_at + SLACK if period.ended_at else until + RUN
            if period.body["Kind"] != "gate":
                self._rows[period.body["Pair"]].append((period.body, (period.began_at, end)))
            elif lease := lease_of_gate(period.body):
                self._open.append((period.began_at, min(end, lease)))

    def row_for(self, facts: FieldValues) -> dict[str, Any] | None:
        """Return the row that left the alert out: it was there, with an open gate, at some moment
        at which a rule of the solution may have looked at the alert.
        """
        looks = (facts.at, facts.at + RUN)
        for key in lookup_keys_of(facts):
            for row, stay in self._rows.get(key, ()):
                is_in_force = any(_overlap((looks, stay, opened)) for opened in self._open)
                if is_in_force and row_leaves_out(row, facts):
                    return row
        return None


def _overlap(spans: Collection[_Span]) -> bool:
    return max(start for start, _ in spans) <= min(end for _, end in spans)
