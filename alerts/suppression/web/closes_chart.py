"""Charts of what rules closed day by day: of one version with the forecast of its back-test, and of
all lines of a ledger by rule.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext, ngettext

from alerts.rules.forecast import DayForecast, forecast_by_weekday
from alerts.suppression.backtesting.history_sql import TimeSpan, days_counted
from alerts.suppression.models import ACTING, LedgerEntry, RuleVersion, Step, VersionState
from alerts.suppression.watching.daily_closes import (
    DayCount,
    closed_by_day_and_rule,
    counts_by_day,
)
from portal.ui.moments import READER, date_of, reader_clock
from portal.ui.stacked_chart import StackedBar, highest_of
from portal.ui.words import number

MAX_DAYS: Final = 60
LEDGER_DAYS: Final = 30
_NOTHING: Final = DayCount(0, 0)


@dataclass(frozen=True, slots=True)
class ClosesChart:
    """A chart and its words. `cells` are its table: the day, and its numbers."""

    title: str
    bars: Sequence[StackedBar]
    cells: Sequence[tuple[str, str]]
    first: str  # day
    last: str
    highest: str
    mark: float | None = None
    mark_words: str = ""
    stop: float | None = None
    stop_words: str = ""
    foot_words: str = ""
    top_words: str = ""
    band_words: str = ""
    notes: Sequence[str] = ()


def chart_of_version(
    version: RuleVersion,
    steps: Sequence[Step],
    entries: QuerySet[LedgerEntry],
    *,
    zones: Sequence[str],
    now: datetime,
) -> ClosesChart | None:
    """Return what a version closed on each day since its trial began, beside the forecast of its
    back-test; None where it never acted. Days are the plant's, as in the back-test.
    """
    acting = [step.at for step in steps if step.to_state in ACTING]
    if not acting:
        return None
    zone = ZoneInfo(zones[0]) if len(zones) == 1 else ZoneInfo("UTC")
    is_acting = version.state in ACTING
    end = now if is_acting else version.state_since
    last = end.astimezone(zone).date()
    began = min(acting).astimezone(zone).date()
    first = max(began, last - timedelta(days=MAX_DAYS - 1))
    counts = counts_by_day(entries.filter(version=version), since=_midnight(first, zone), zone=zone)
    forecasts, note = _forecasts(version)
    days = list(_days(first, last))
    live = min((step.at for step in steps if step.to_state == VersionState.LIVE), default=None)
    closed = sum(count.closed for count in counts.values())
    labelled = sum(count.labelled for count in counts.values())
    bars, cells = [], []
    for day in days:
        count, forecast = counts.get(day, _NOTHING), forecasts.get(day.weekday())
        words = _version_words(count, forecast)
        band = (forecast.low, forecast.high) if forecast else None
        bars.append(StackedBar(count.closed, count.labelled, _tip(day, words), band=band))
        cells.append((date_of(day), words))
    whole = [day for day in days if began < day < last]
    return ClosesChart(
        title=_closed_in_days(closed, len(days)),
        bars=bars,
        cells=cells,
        first=date_of(days[0], year=False),
        last=date_of(days[-1], year=False),
        highest=gettext("highest: %(n)s") % {"n": number(highest_of(bars))},
        mark=_place(live, first, zone) if live else None,
        mark_words=gettext("live since %(day)s") % {"day": date_of(live.astimezone(zone))}
        if live
        else "",
        stop=None if is_acting else _place(end, first, zone),
        stop_words=""
        if is_acting
        else gettext("stopped on %(day)s") % {"day": date_of(end.astimezone(zone))},
        foot_words=gettext("closed, %(n)s") % {"n": number(closed)},
        top_words=gettext("labelled in trial, %(n)s") % {"n": number(labelled)} if labelled else "",
        band_words=_band_words(forecasts),
        notes=[note, *_compared(whole, counts, forecasts)] if forecasts else [note],
    )


def _forecasts(version: RuleVersion) -> tuple[Mapping[int, DayForecast], str]:
    """Return the forecast of each weekday, and on what it rests or why there is none."""
    test = version.backtest
    per_day = test.body.get("closed_per_day", []) if test else []
    if not test or not per_day:
        return {}, gettext("No forecast: this back-test did not count incidents by day.")
    dated = [(date.fromisoformat(day), count) for day, count in per_day]
    forecasts = forecast_by_weekday(dated, history_days=test.history_days)
    if not forecasts:
        words = gettext(
            "No forecast: the back-test had %(days)s days of history, under four weeks."
        )
        return {}, words % {"days": number(test.history_days)}
    words = gettext(
        "Forecast: the fewest and the most that the rule alone would have closed on the same "
        "weekday, by a back-test of %(days)s days."
    )
    start, end = (datetime.fromisoformat(test.body[name]) for name in ("start", "end"))
    days = days_counted(TimeSpan(start, end).days, history_days=test.history_days)
    return forecasts, words % {"days": number(days)}


def _version_words(count: DayCount, forecast: DayForecast | None) -> str:
    words = [gettext("%(n)s closed") % {"n": number(count.closed)}]
    if count.labelled:
        words.append(gettext("%(n)s labelled in trial") % {"n": number(count.labelled)})
    if forecast:
        limits = {"low": number(forecast.low), "high": number(forecast.high)}
        words.append(gettext("forecast %(low)s to %(high)s") % limits)
    return ", ".join(words)


def _band_words(forecasts: Mapping[int, DayForecast]) -> str:
    if not forecasts:
        return ""
    return gettext("forecast, %(low)s to %(high)s a day") % {
        "low": number(min(forecast.low for forecast in forecasts.values())),
        "high": number(max(forecast.high for forecast in forecasts.values())),
    }


def _compared(
    days: Sequence[date], counts: Mapping[date, DayCount], forecasts: Mapping[int, DayForecast]
) -> Iterator[str]:
    """How the whole days compare with their forecast."""
    if not days:
        return
    came = [counts.get(day, _NOTHING) for day in days]
    sums = [count.closed + count.labelled for count in came]
    expected = [forecasts[day.weekday()] for day in days]
    inside = sum(
        forecast.low <= n <= forecast.high for n, forecast in zip(sums, expected, strict=True)
    )
    words = ngettext(
        "%(inside)s of %(n)s whole day was within its forecast: %(came)s came, the back-test "
        "expects %(expected)s.",
        "%(inside)s of %(n)s whole days were within their forecast: %(came)s came, the back-test "
        "expects %(expected)s.",
        len(days),
    )
    yield words % {
        "inside": number(inside),
        "n": number(len(days)),
        "came": number(sum(sums)),
        "expected": number(sum(forecast.mean for forecast in expected)),
    }


def chart_of_ledger(entries: QuerySet[LedgerEntry], *, now: datetime) -> ClosesChart | None:
    """Return what these lines closed on each of the last days since the first such line, the rule
    of most incidents at the foot; None where they closed nothing.
    """
    zone = reader_clock().zone(READER)
    last = now.astimezone(zone).date()
    since = last - timedelta(days=LEDGER_DAYS - 1)
    by_day = closed_by_day_and_rule(entries, since=_midnight(since, zone), zone=zone)
    if not by_day:
        return None
    days = list(_days(min(*by_day, last - timedelta(days=6)), last))
    totals = sum((Counter(by_rule) for by_rule in by_day.values()), Counter[int]())
    most = min(totals, key=lambda rule: (-totals[rule], rule))
    others = totals.total() - totals[most]
    bars, cells = [], []
    for day in days:
        by_rule = by_day.get(day, {})
        words, foot = _ledger_words(by_rule), by_rule.get(most, 0)
        bars.append(StackedBar(foot, sum(by_rule.values()) - foot, _tip(day, words)))
        if by_rule:
            cells.append((date_of(day), words))
    return ClosesChart(
        title=_closed_in_days(totals.total(), len(days)),
        bars=bars,
        cells=cells,
        first=date_of(days[0], year=False),
        last=date_of(days[-1], year=False),
        highest=gettext("highest: %(n)s") % {"n": number(highest_of(bars))},
        foot_words=_rule_words(most, totals[most]),
        top_words=_other_rules_words(len(totals) - 1, others) if others else "",
    )


def _ledger_words(by_rule: Mapping[int, int]) -> str:
    ordered = sorted(by_rule.items(), key=lambda rule: (-rule[1], rule[0]))
    total = gettext("%(n)s closed") % {"n": number(sum(by_rule.values()))}
    parts = ", ".join(f"R-{rule} {number(n)}" for rule, n in ordered)
    return f"{total} ({parts})" if parts else total


def _rule_words(rule: int, n: int) -> str:
    return f"R-{rule}, {number(n)}"


def _other_rules_words(rules: int, n: int) -> str:
    words = ngettext("%(rules)s other rule, %(n)s", "%(rules)s other rules, %(n)s", rules)
    return words % {"rules": number(rules), "n": number(n)}


def _closed_in_days(closed: int, days: int) -> str:
    words = ngettext("%(closed)s closed in %(n)s day", "%(closed)s closed in %(n)s days", days)
    return words % {"closed": number(closed), "n": number(days)}


def _tip(day: date, words: str) -> str:
    return f"{date_of(day, year=False)}: {words}"


def _days(first: date, last: date) -> Iterator[date]:
    return (date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1))


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


def _place(moment: datetime, first: date, zone: tzinfo) -> float | None:
    """Return where a moment is, in days from the left; None before the first."""
    at = (moment - _midnight(first, zone)) / timedelta(days=1)
    return at if at >= 0 else None
