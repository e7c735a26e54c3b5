"""The numbers of leads and managers in words: cards with a line, sites and workspaces apart."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext, ngettext

from alerts.dashboards.engine.periods import Coverage, covered_by_all
from alerts.dashboards.measures import Measure, MeasureKind
from alerts.dashboards.queries.effect import Arrivals
from alerts.dashboards.queries.numbers import Numbers, PlaceNumbers
from alerts.dashboards.queries.series import Series, SeriesPoint
from alerts.dashboards.queries.sync import Sync
from alerts.dashboards.web.effect import effect_address, effect_headline, effect_sums
from alerts.dashboards.web.links import answered_address, queue_address
from alerts.dashboards.web.wording import classification, decision_rates, share_words, span_words
from alerts.reviews.queries.second_opinions import Agreement, AwaitedOpinions
from portal.ui.moments import READER, date_of, reader_clock
from portal.ui.pieces import LinePoint
from portal.ui.words import length, number, percent

# Shown with other numbers, not as cards of their own.
_BESIDE_CARDS = (
    MeasureKind.DECISIONS_A_THOUSAND,
    MeasureKind.CAME,
    MeasureKind.CAME_BY_RULE,
)
type Trends = Sequence[tuple[Measure, Series]]


def numbers_in_words(
    numbers: Numbers,
    trends: Trends,
    *,
    syncs: Sequence[Sync],
    covered: Mapping[int, Coverage],
    now: datetime,
) -> dict[str, Any]:
    """All that the section of the page shows."""
    days_left = covered_by_all(list(covered.values())).days_until_a_week(now)
    return {
        "it": numbers,
        "days_left": days_left,
        "reads_history": any(sync.history_percent is not None for sync in syncs),
        "cards": [
            _card(numbers, measure, series, days_left) | _of_decisions(measure, trends)
            for measure, series in trends
            if measure.kind not in _BESIDE_CARDS
        ],
        "effect": _effect(trends),
        "measures": [measure for measure, _ in trends],
        "closed": [(classification(closed.classification), closed.n) for closed in numbers.closed],
        "sites": [_place(place) for place in numbers.sites],
        "workspaces": [_place(place) for place in numbers.workspaces],
        "agreement": _agreement(numbers.agreement),
        "awaited": [_awaited(row, now) for row in numbers.awaited],
    }


def _effect(trends: Trends) -> dict[str, str]:
    """What rules took off people in the latest week: the sums of the page that has more."""
    latest = {measure.kind: series.points[-1].number.value for measure, series in trends}
    came, by_rule = latest[MeasureKind.CAME], latest[MeasureKind.CAME_BY_RULE]
    week = Arrivals(int(came or 0), int(by_rule or 0))
    return {
        "headline": effect_headline(week),
        "sums": effect_sums(week, weeks=1) if week.came else "",
        "href": effect_address(None),
    }


def _agreement(agreement: Agreement) -> str:
    """How often a second person saw an answer as the first did; empty where nobody was asked."""
    if not agreement.asked:
        return ""
    words = ngettext(
        "%(agreed)s of %(n)s second opinion agreed with the first answer (%(share)s).",
        "%(agreed)s of %(n)s second opinions agreed with the first answer (%(share)s).",
        agreement.asked,
    ) % {
        "agreed": number(agreement.agreed),
        "n": number(agreement.asked),
        "share": percent(agreement.agreed / agreement.asked, 0),
    }
    if not agreement.harmless_asked:
        return words
    harmless = gettext("About harmless answers: %(agreed)s of %(n)s.") % {
        "agreed": number(agreement.harmless_agreed),
        "n": number(agreement.harmless_asked),
    }
    return f"{words} {harmless}"


def _awaited(row: AwaitedOpinions, now: datetime) -> dict[str, Any]:
    """Return the second opinions that a site awaits, and how long the first of them is late."""
    return {"it": row, "late_for": span_words(now - row.due_since if row.due_since else None)}


def _of_decisions(measure: Measure, trends: Trends) -> dict[str, Any]:
    """Return what the card of decisions shows of a week, a shift and a thousand incidents."""
    if measure.kind is not MeasureKind.DECISIONS:
        return {}
    latest = {other.kind: series.points[-1] for other, series in trends}
    week = latest[MeasureKind.DECISIONS]
    return {
        "hint": decision_rates(
            week, a_thousand=latest[MeasureKind.DECISIONS_A_THOUSAND].number.value
        )
    }


def _card(numbers: Numbers, measure: Measure, series: Series, days_left: int) -> dict[str, Any]:
    now, before = series.points[-1], series.points[-2]
    values = [point.number.value for point in series.points if point.number.value is not None]
    highest = measure_words(measure, max(values)) if values else ""
    return {
        "name": measure.name,
        "label": measure.label,
        "definition": measure.definition,
        "value": measure_words(
            measure, numbers.open if measure.kind is MeasureKind.OPEN else now.number.value
        ),
        "hint": _hint(numbers, measure, now, before),
        "href": _list_behind(measure),
        "points": [] if days_left else [_line_point(measure, point) for point in series.points],
        "highest": gettext("highest: %(n)s") % {"n": highest} if highest else "",
        "title": _title(measure, series, highest),
    }


def measure_words(measure: Measure, value: float | None) -> str:
    """A measure's value as people write it; a dash where there is none."""
    if value is None:
        return "–"
    if measure.kind is MeasureKind.TIME_TO_ANSWER:
        return span_words(timedelta(seconds=value))
    return percent(value / 100, 0) if measure.unit == "percent" else number(value)


def _line_point(measure: Measure, point: SeriesPoint) -> LinePoint:
    end = point.period.end.astimezone(reader_clock().zone(READER))
    day = date_of(end, year=False)
    gap = ""
    if point.is_gap:
        gap = gettext("not counted yet") if measure.is_of_decisions else _gap_words(point.missing)
    return LinePoint(day, point.number.value, measure_words(measure, point.number.value), gap)


def _gap_words(missing: timedelta) -> str:
    return gettext("%(span)s not read from Sentinel") % {"span": length(missing)}


def _title(measure: Measure, series: Series, highest: str) -> str:
    """What the picture shows, for those who hear it."""
    names = {"label": measure.label, "n": number(len(series.points)), "highest": highest}
    if not highest:
        return gettext("%(label)s, %(n)s weeks: no numbers yet.") % names
    latest = measure_words(measure, series.points[-1].number.value)
    words = gettext("%(label)s, %(n)s weeks: %(latest)s in the latest, %(highest)s at most.")
    gaps = sum(point.is_gap for point in series.points)
    missing = ngettext("%(n)s week is missing.", "%(n)s weeks are missing.", gaps)
    whole = words % (names | {"latest": latest})
    return f"{whole} {missing % {'n': number(gaps)}}" if gaps else whole


def _hint(numbers: Numbers, measure: Measure, now: SeriesPoint, before: SeriesPoint) -> str:
    """Return how the number compares with others."""
    if measure.is_of_decisions:
        return ""
    if measure.kind is MeasureKind.TIME_TO_ANSWER:
        return _in_time(numbers)
    if measure.kind is MeasureKind.OPEN:
        return (
            "" if before.number.value is None else _change(numbers.open - int(before.number.value))
        )
    if now.is_gap:
        return _gap_words(now.missing)
    if measure.kind is MeasureKind.CLOSED_BY_RULE:
        if not numbers.closed_in_all:
            return gettext("nothing was closed")
        return gettext("%(share)s of all closed") % {
            "share": percent(numbers.closed_by_rule / numbers.closed_in_all, 0)
        }
    if before.number.value is None:
        return ""
    return gettext("the week before: %(n)s") % {"n": number(before.number.value)}


def _change(by: int) -> str:
    if not by:
        return gettext("as many as a week ago")
    if by > 0:
        words = ngettext("%(n)s more than a week ago", "%(n)s more than a week ago", by)
    else:
        words = ngettext("%(n)s fewer than a week ago", "%(n)s fewer than a week ago", -by)
    return words % {"n": number(abs(by))}


def _in_time(numbers: Numbers) -> str:
    if not numbers.answered.of:
        return gettext("no question was due")
    return gettext("%(kept)s of %(of)s in time (%(share)s)") % {
        "kept": number(numbers.answered.part),
        "of": number(numbers.answered.of),
        "share": share_words(numbers.answered),
    }


def _list_behind(measure: Measure) -> str:
    """The list that the number counts; none where nothing lists it."""
    if measure.is_of_decisions:
        return ""
    if measure.kind is MeasureKind.OPEN:
        return queue_address("open")
    if measure.kind is MeasureKind.TIME_TO_ANSWER:
        return answered_address()
    whom = "rule" if measure.kind is MeasureKind.CLOSED_BY_RULE else "people"
    return queue_address("closed", f"closed:{whom} closed:<7d")


def _place(place: PlaceNumbers) -> dict[str, Any]:
    query = f'{place.field}:"{place.name}"' if place.name else f"{place.field}:none"
    return {
        "place": place,
        "answered": share_words(place.answered),
        "links": {
            view: queue_address(view, query) for view in ("open", "needs", "waiting", "late")
        },
    }
