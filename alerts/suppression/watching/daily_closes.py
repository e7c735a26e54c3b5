"""What rules did to incidents day by day, as the ledger has it."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from alerts.suppression.models import Ending, LedgerAct, LedgerEntry

CLOSED = Q(act=LedgerAct.CLOSED) & ~Q(ending=Ending.NOT_SENT)
LABELLED = Q(act=LedgerAct.TAGGED, kept_open=[]) & ~Q(ending=Ending.NOT_SENT)


@dataclass(frozen=True, slots=True)
class DayCount:
    """Incidents that came on one day: those closed, and those labelled in a trial instead."""

    closed: int
    labelled: int


def counts_by_day(
    entries: QuerySet[LedgerEntry], *, since: datetime, zone: tzinfo
) -> dict[date, DayCount]:
    """Return what these lines count of the incidents that came on each day since then, as a
    back-test counts them; days without one are left out.
    """
    lines: QuerySet[Any] = entries.filter(incident__created_at__gte=since).order_by()
    rows = lines.values_list(TruncDate("incident__created_at", tzinfo=zone)).annotate(
        closed=Count("pk", filter=CLOSED), labelled=Count("pk", filter=LABELLED)
    )
    return {day: DayCount(closed, labelled) for day, closed, labelled in rows}


def closed_by_day_and_rule(
    entries: QuerySet[LedgerEntry], *, since: datetime, zone: tzinfo
) -> dict[date, dict[int, int]]:
    """Return how many incidents each rule, by its number, closed on each day since then."""
    lines: QuerySet[Any] = entries.filter(CLOSED, at__gte=since).order_by()
    rows = lines.values_list(TruncDate("at", tzinfo=zone), "rule__number").annotate(n=Count("pk"))
    found: dict[date, dict[int, int]] = {}
    for day, rule, n in rows:
        found.setdefault(day, {})[rule] = n
    return found
