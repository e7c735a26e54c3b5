"""The numbers of the pages over REST, for any stretch of time and group by group."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import Http404

from alerts.dashboards.engine.periods import INTERVALS, MAX_PERIODS, Span
from alerts.dashboards.measures import MEASURES, WEEK, Measure
from alerts.dashboards.policies import READ_NUMBERS
from alerts.dashboards.queries.coverage import coverage_by_workspace
from alerts.dashboards.queries.numbers import WEEKS
from alerts.dashboards.queries.series import GROUPINGS, Number, Series, series_of
from alerts.dashboards.queries.sync import syncs_visible_to
from portal.api.kinds import FRACTION, MOMENT, NUMBER, TEXT, Kind, one_word, shaped
from portal.api.problems import BadInput
from portal.api.views import Api, Parameter, facts_alone


def _said(kind: Kind, says: str) -> dict[str, Any]:
    return {**kind.schema, "description": says}


MEASURE = shaped(name=TEXT, label=TEXT, unit=TEXT, definition=TEXT)
POINT: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "from": _said(MOMENT, "the period begins after this moment"),
        "to": _said(MOMENT, "and ends with this one"),
        "value": _said(
            FRACTION.or_null(), "null where nothing was measured, or too much was not read"
        ),
        "count": _said(NUMBER, "how many incidents or questions it is made of"),
        "missing_seconds": _said(NUMBER, "how much of the period was not read from Sentinel"),
    },
    "required": ["from", "to", "value", "count", "missing_seconds"],
}
METRIC: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        **MEASURE.schema["properties"],
        "from": MOMENT.schema,
        "to": MOMENT.schema,
        "interval": TEXT.schema,
        "group_by": TEXT.or_null().schema,
        "series": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "group": _said(
                        TEXT.or_null(),
                        "null without `group_by`; empty for incidents without a site",
                    ),
                    "value": _said(FRACTION.or_null(), "of the whole stretch of time"),
                    "count": NUMBER.schema,
                    "points": {"type": "array", "items": POINT},
                },
                "required": ["group", "value", "count", "points"],
            },
        },
    },
}
QUERY = (
    Parameter("from", MOMENT, "the beginning; without it twelve weeks before `to`"),
    Parameter("to", MOMENT, "the end; without it now"),
    Parameter("interval", one_word(*INTERVALS), "the length of a period; without it a week"),
    Parameter(
        "group_by",
        one_word(*GROUPINGS),
        "a number for each; an incident counts at every site that it touches, so sites may add up "
        "to more than the whole",
    ),
)


class Metrics(Api):
    """Numbers over time, defined as on the pages."""

    tag = "metrics"

    @facts_alone(
        {"type": "object", "properties": {"results": MEASURE.many().schema}}, roles=READ_NUMBERS
    )
    def measures(self) -> dict[str, Any]:
        """What can be asked for, and what each number means."""
        return {"results": [_described(measure) for measure in MEASURES.values()]}

    @facts_alone(METRIC, roles=READ_NUMBERS, query=QUERY)
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
            **_described(MEASURES[name]),
            "from": span.start,
            "to": span.end,
            "interval": interval,
            "group_by": group_by or None,
            "series": [_series(each) for each in found],
        }


def _span(start: datetime | None, end: datetime, interval: str) -> Span:
    span = Span(start or _weeks_before(end), end, INTERVALS[interval])
    if span.start >= span.end:
        raise BadInput("from: It must be earlier than `to`.", {"from": ["It must be earlier."]})
    if span.count > MAX_PERIODS:
        says = f"That is {span.count} periods; ask for {MAX_PERIODS} at most."
        raise BadInput(f"interval: {says}", {"interval": [says]})
    return span


def _weeks_before(end: datetime) -> datetime:
    try:
        return end - WEEKS * WEEK
    except OverflowError:
        says = f"There are no {WEEKS} weeks before it."
        raise BadInput(f"to: {says}", {"to": [says]}) from None


def _described(measure: Measure) -> dict[str, Any]:
    return {
        "name": measure.name,
        "label": str(measure.label),
        "unit": measure.unit,
        "definition": str(measure.definition),
    }


def _series(series: Series) -> dict[str, Any]:
    return {
        "group": series.group,
        **_number(series.total),
        "points": [
            {
                "from": point.period.start,
                "to": point.period.end,
                **_number(point.number),
                "missing_seconds": round(point.missing.total_seconds()),
            }
            for point in series.points
        ],
    }


def _number(number: Number) -> dict[str, Any]:
    return {"value": number.value, "count": number.count}
