"""How many decisions people make: acts on what rows of the queue show, each counted once."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, Count, F, Min, QuerySet, Value
from django.db.models.expressions import Combinable

from alerts.dashboards.engine.periods import ReportSpan
from alerts.dashboards.queries.spans import PeriodNumber, SitesOrNone
from alerts.incidents.models import Incident
from alerts.incidents.queries import decision_lines
from alerts.reviews.queries.second_opinions import answered_opinions

# An act on many incidents is done in pieces. It is one decision, of the period of its first piece,
# so pieces are read from this long before the first period.
MAX_ACT_LENGTH: Final = timedelta(days=1)

_BY_PERIOD = """
    SELECT grp,
           width_bucket(decided_at - interval '1 microsecond', %s::timestamptz[]) - 1 AS period,
           count(*)
      FROM (SELECT act, grp, min(at) AS decided_at
              FROM ({acts}) AS lines(act, grp, at) GROUP BY act, grp) AS decisions
     WHERE decided_at > %s
     GROUP BY grp, period
"""


@dataclass(slots=True)
class GroupDecisions:
    """Decisions about a group, and incidents that came to be decided, by number of the period."""

    decisions: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    incidents: dict[int, int] = field(default_factory=lambda: defaultdict(int))


def decisions_by_group(
    incidents: QuerySet[Incident], span: ReportSpan, group_by: str
) -> dict[Any, GroupDecisions]:
    """Count decisions about these incidents, and those of them that came since their workspace
    was connected, by group and period. An act on several groups counts at each.
    """
    counts: dict[Any, GroupDecisions] = defaultdict(GroupDecisions)
    for group, at, n in _decided(incidents, span, group_by):
        counts[group].decisions[at] = n
    for group, at, n in _came(incidents, span, group_by):
        counts[group].incidents[at] = n
    return counts


def _decided(
    incidents: QuerySet[Incident], span: ReportSpan, group_by: str
) -> list[tuple[Any, int, int]]:
    since, until, chosen = span.start - MAX_ACT_LENGTH, span.end, incidents.order_by().values("pk")
    lines: QuerySet[Any] = decision_lines(since=since, until=until).filter(incident__in=chosen)
    opinions: QuerySet[Any] = answered_opinions(since=since, until=until).filter(
        second_opinion__verdict__incidents__in=chosen
    )
    acts = (
        lines.values_list("act", _group(group_by, "incident__")).annotate(at_=Min("at")),
        opinions.values_list(
            "uuid", _group(group_by, "second_opinion__verdict__incidents__"), "settled_at"
        ),
    )
    try:
        parts = [rows.query.sql_with_params() for rows in acts]
    except EmptyResultSet:
        return []
    borders = [span.start, *(period.end for period in span.periods)]
    values = [value for _, params in parts for value in params]
    sql = _BY_PERIOD.format(acts=" UNION ALL ".join(f"({part})" for part, _ in parts))
    with connection.cursor() as cursor:
        cursor.execute(sql, [borders, *values, span.start])
        rows: list[tuple[Any, int, int]] = cursor.fetchall()
    return rows


def _came(incidents: QuerySet[Incident], span: ReportSpan, group_by: str) -> QuerySet[Any]:
    came: QuerySet[Any] = incidents.filter(
        created_at__gt=span.start, created_at__lte=span.end, merged_into=None
    ).filter(created_at__gte=F("workspace__added_at"))
    rows = came.order_by().annotate(group=_group(group_by), period=PeriodNumber("created_at", span))
    counted: QuerySet[Any] = rows.values_list("group", "period").annotate(n=Count("pk"))
    return counted


def _group(group_by: str, prefix: str = "") -> Combinable:
    if group_by == "site":
        return SitesOrNone(f"{prefix}site_ids", output_field=BigIntegerField())
    return F(f"{prefix}{group_by}") if group_by else Value("")
