"""Expressions that put rows into the periods of a span, and incidents at their sites."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db.models import DateTimeField, F, Func, IntegerField, Value

from alerts.dashboards.engine.periods import ReportSpan


class PeriodNumber(Func):
    """In which period of a span a moment lies, counted from 0; -1 before the span, and the number
    of periods after it. The borders that lie before a moment are counted by a search among them.
    """

    template = "(width_bucket(%(expressions)s) - 1)"
    output_field = IntegerField()

    def __init__(self, at: str, span: ReportSpan) -> None:
        borders = [span.start, *(period.end for period in span.periods)]
        super().__init__(
            F(at) - Value(timedelta(microseconds=1)),  # a border belongs to the period it ends
            Value(borders, output_field=ArrayField(DateTimeField())),
        )


class SitesOrNone(Func):
    """One row for each site of an incident, and one without a site where it has none."""

    template = (
        "unnest(CASE WHEN %(expressions)s = '{}' THEN ARRAY[NULL]::bigint[]"
        " ELSE %(expressions)s END)"
    )
