"""How many decisions people make: acts on what rows of the queue show, each counted once."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, F, Min, QuerySet, Value
from django.db.models.expressions import Combinable

from alerts.dashboards.engine.periods import ReportSpan
from alerts.dashboards.queries.spans import SitesOrNone
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


def decisions_by_group(
    incidents: QuerySet[Incident],
    span: ReportSpan,
    group_by: str,
    *,
    recorded_since: datetime | None = None,
) -> dict[Any, dict[int, int]]:
    """Count decisions about these incidents, by group and number of the period. An act on several
    groups counts at each; none counts from before decisions are recorded.
    """
    since, until = span.start - MAX_ACT_LENGTH, span.end
    begin = max(span.start, recorded_since or span.start)
    lines: QuerySet[Any] = decision_lines(since=since, until=until)
    opinions: QuerySet[Any] = answered_opinions(since=since, until=until)
    if incidents.query.where:  # to who sees all, the index alone has the answer
        chosen = incidents.order_by().values("pk")
        lines = lines.filter(incident__in=chosen)
        opinions = opinions.filter(second_opinion__verdict__incidents__in=chosen)
    acts = (
        lines.values_list("act", _group(group_by, "incident__")).annotate(at_=Min("at")),
        opinions.values_list(
            "uuid", _group(group_by, "second_opinion__verdict__incidents__"), "settled_at"
        ),
    )
    try:
        parts = [rows.query.sql_with_params() for rows in acts]
    except EmptyResultSet:
        return {}
    borders = [span.start, *(period.end for period in span.periods)]
    values = [value for _, params in parts for value in params]
    sql = _BY_PERIOD.format(acts=" UNION ALL ".join(f"({part})" for part, _ in parts))
    with connection.cursor() as cursor:
        cursor.execute(sql, [borders, *values, begin])
        rows = cursor.fetchall()
    counts: dict[Any, dict[int, int]] = defaultdict(dict)
    for group, at, n in rows:
        counts[group][at] = n
    return counts


def _group(group_by: str, prefix: str) -> Combinable:
    if group_by == "site":
        return SitesOrNone(f"{prefix}site_ids", output_field=BigIntegerField())
    return F(f"{prefix}{group_by}") if group_by else Value("")
