"""The forecast of a weekday: the range and the mean of its days in the back-test."""

from datetime import date, timedelta

from alerts.rules.forecast import DayForecast, forecast_by_weekday

MONDAY = date(2026, 9, 7)


def days(n, *, of=lambda day: 0):
    return [(MONDAY + timedelta(days=at), of(at)) for at in range(n)]


def test_each_weekday_has_the_range_of_its_own_days():
    found = forecast_by_weekday(
        days(37, of=lambda at: at // 7 if at % 7 == 1 else 0), history_days=90
    )
    assert found[1] == DayForecast(0, 4, 2.0)  # five Tuesdays: 0, 1, 2, 3, 4
    assert found[2] == DayForecast(0, 0, 0.0)


def test_days_that_are_not_whole_and_those_before_history_are_left_out():
    ends = days(37, of=lambda at: 99 if at in (0, 36) else 1)
    assert {forecast.high for forecast in forecast_by_weekday(ends, history_days=90).values()} == {
        1
    }
    late = days(60, of=lambda at: 0 if at < 25 else 2)
    assert {forecast.low for forecast in forecast_by_weekday(late, history_days=34).values()} == {2}


def test_less_than_four_weeks_of_whole_days_forecast_nothing():
    assert forecast_by_weekday(days(29), history_days=90) == {}
    assert forecast_by_weekday(days(91), history_days=28) == {}
    assert forecast_by_weekday([], history_days=90) == {}
