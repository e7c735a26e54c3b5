"""The numbers of the pages over REST, for any stretch of time and group by group."""

from datetime import datetime
from typing import Any

from django.http import Http404
from rest_framework.serializers import (
    CharField,
    DateTimeField,
    FloatField,
    IntegerField,
    Serializer,
    SerializerMethodField,
)

from alerts.dashboards.engine.periods import INTERVALS, MAX_PERIODS, ReportSpan
from alerts.dashboards.measures import MEASURES, WEEK
from alerts.dashboards.policies import READ_NUMBERS
from alerts.dashboards.queries.numbers import WEEKS
from alerts.dashboards.queries.series import GROUPINGS, SeriesPoint, series_of
from alerts.dashboards.queries.sync import coverage_by_workspace, syncs_visible_to
from portal.api.fields import QueryChoice, QueryMoment
from portal.api.problems import BadInput
from portal.api.views import Api, facts_alone


class MeasureSerializer(Serializer[Any]):
    """What a number means."""

    name = CharField()
    label = CharField()  # type: ignore[assignment]  # a member
    unit = CharField()
    definition = CharField()


class MeasuresSerializer(Serializer[Any]):
    """All numbers that there are."""

    results = MeasureSerializer(many=True)


class PointSerializer(Serializer[Any]):
    """The number of one period."""

    value = FloatField(
        source="number.value",
        allow_null=True,
        help_text="null where nothing was measured, or too much was not read",
    )
    count = IntegerField(
        source="number.count", help_text="how many incidents, questions or decisions it is made of"
    )
    missing_seconds = SerializerMethodField(
        help_text="how much of the period was not read from Sentinel; of decisions, how much was "
        "before the workspace was connected"
    )

    def get_missing_seconds(self, point: SeriesPoint) -> int:
        """Return whole seconds."""
        return round(point.missing.total_seconds())

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, `from` among them, which Python keeps for itself."""
        start = DateTimeField(
            source="period.start", help_text="the period begins after this moment"
        )
        end = DateTimeField(source="period.end", help_text="and ends with this one")
        return {"from": start, "to": end, **super().get_fields()}


class SeriesSerializer(Serializer[Any]):
    """A number over time, of one group."""

    group = CharField(
        allow_null=True, help_text="null without `group_by`; empty for incidents without a site"
    )
    value = FloatField(
        source="total.value", allow_null=True, help_text="of the whole stretch of time"
    )
    count = IntegerField(source="total.count")
    points = PointSerializer(many=True)


class MetricSerializer(MeasureSerializer):
    """A number over time."""

    interval = CharField()
    group_by = CharField(allow_null=True)
    series = SeriesSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, `from` among them, which Python keeps for itself."""
        return {**super().get_fields(), "from": DateTimeField(), "to": DateTimeField()}


QUERY: dict[str, Any] = {
    "from": QueryMoment(help_text="the beginning; without it twelve weeks before `to`"),
    "to": QueryMoment(help_text="the end; without it now"),
    "interval": QueryChoice(
        list(INTERVALS),
        help_text="the length of a period (a shift has eight hours); without it a week",
    ),
    "group_by": QueryChoice(
        list(GROUPINGS),
        help_text="a number for each; an incident counts at every site that it touches, so sites "
        "may add up to more than the whole",
    ),
}


class Metrics(Api):
    """Numbers over time, defined as on the pages."""

    tag = "metrics"

    @facts_alone(MeasuresSerializer, roles=READ_NUMBERS)
    def measures(self) -> dict[str, Any]:
        """What can be asked for, and what each number means."""
        return {"results": MEASURES.values()}

    @facts_alone(MetricSerializer, roles=READ_NUMBERS, query=QUERY)
    def show(
        self,
        name: str,
        from_: datetime | None = None,
        to: datetime | None = None,
        interval: str = "week",
        group_by: str = "",
    ) -> dict[str, Any]:
        """One number for each period, within what you may see."""
        if name not in MEASURES:
            raise Http404
        span = _span(from_, to or self.now, interval)
        (found,) = series_of(
            [MEASURES[name]],
            self.person,
            span=span,
            covered=coverage_by_workspace(syncs_visible_to(self.person, now=self.now)),
            group_by=group_by,
            now=self.now,
        )
        return {
            **MeasureSerializer(MEASURES[name]).data,
            "from": span.start,
            "to": span.end,
            "interval": interval,
            "group_by": group_by or None,
            "series": found,
        }


def _span(start: datetime | None, end: datetime, interval: str) -> ReportSpan:
    span = ReportSpan(start or _weeks_before(end), end, INTERVALS[interval])
    if span.start >= span.end:
        raise BadInput("from: It must be earlier than `to`.", {"from": ["It must be earlier."]})
    if span.count > MAX_PERIODS:
        sentence = f"That is {span.count} periods; ask for {MAX_PERIODS} at most."
        raise BadInput(f"interval: {sentence}", {"interval": [sentence]})
    return span


def _weeks_before(end: datetime) -> datetime:
    try:
        return end - WEEKS * WEEK
    except OverflowError:
        sentence = f"There are no {WEEKS} weeks before it."
        raise BadInput(f"to: {sentence}", {"to": [sentence]}) from None
