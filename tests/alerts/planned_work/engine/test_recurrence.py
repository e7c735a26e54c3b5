"""When planned work takes place, on the clock of its plant and within bounds."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from alerts.planned_work.engine.errors import PlanError
from alerts.planned_work.engine.recurrence import (
    MAX_OCCURRENCES,
    Schedule,
    check_schedule,
    occurrences,
    takes_place,
    time_zone_named,
)

HOUR = timedelta(hours=1)
AUTUMN = datetime(2026, 10, 1, tzinfo=UTC)
WINTER = datetime(2027, 1, 1, tzinfo=UTC)


def nightly(
    rule="FREQ=DAILY", *, start=datetime(2026, 10, 20, 2, 30), zone="Europe/Warsaw", **more
):
    return Schedule(start, 2 * HOUR, zone, rule, **more)


def starts(schedule, since=AUTUMN, until=WINTER):
    return [
        f"{span.starts_at:%m-%d %H:%M}" for span in occurrences(schedule, since=since, until=until)
    ]


def test_work_follows_the_clock_on_the_wall_over_the_change_to_winter_time():
    found = starts(nightly("FREQ=DAILY;COUNT=8"))
    assert found[4:7] == ["10-24 00:30", "10-25 00:30", "10-26 01:30"]


def test_an_hour_that_summer_time_leaves_out_moves_forward():
    schedule = nightly("FREQ=DAILY;COUNT=3", start=datetime(2026, 3, 28, 2, 30))
    found = starts(schedule, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    assert found == ["03-28 01:30", "03-29 01:30", "03-30 00:30"]


def test_each_time_lasts_equally_long_also_on_the_night_of_the_change():
    spans = occurrences(nightly(), since=AUTUMN, until=WINTER)
    assert {span.ends_at - span.starts_at for span in spans} == {2 * HOUR}


@pytest.mark.parametrize(
    ("rule", "first", "count"),
    [
        ("FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261031T225959Z", "10-20 00:30", 4),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", "10-20 00:30", 3),
        ("FREQ=DAILY;INTERVAL=10", "10-20 00:30", 8),
        ("FREQ=DAILY;UNTIL=20261021", "10-20 00:30", 2),
        ("freq=weekly;byday=tu;count=2", "10-20 00:30", 2),
    ],
)
def test_recurrences_of_rfc_5545(rule, first, count):
    found = starts(nightly(rule))
    assert (found[0], len(found)) == (first, count)


def test_dates_may_be_added_left_out_and_moved():
    schedule = nightly(
        "FREQ=DAILY;COUNT=3",
        also=(datetime(2026, 10, 30, 12, 0),),
        except_at=(datetime(2026, 10, 21, 2, 30),),
        moved=((datetime(2026, 10, 21, 9, 0), HOUR),),
    )
    assert starts(schedule) == ["10-20 00:30", "10-21 07:00", "10-22 00:30", "10-30 11:00"]


def test_an_endless_recurrence_ends_at_the_horizon():
    schedule = nightly(start=datetime(2001, 1, 1, 3, 0))
    began = time.process_time()
    assert len(occurrences(schedule, since=AUTUMN, until=AUTUMN + timedelta(days=90))) == 90
    assert time.process_time() - began < 1


def test_a_recurrence_that_never_comes_ends_too():
    schedule = nightly("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", start=datetime(2001, 1, 1, 3, 0))
    began = time.process_time()
    assert not takes_place(schedule, since=AUTUMN, until=AUTUMN + timedelta(days=800))
    assert time.process_time() - began < 1  # a file may hold thousands of these


@pytest.mark.parametrize("end", ["99991231", "99991231T235959", "99991231T235959Z", "21000101"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_recurrence_until_the_end_of_all_calendars_is_one_without_an_end(end, zone):
    endless = starts(nightly("FREQ=DAILY", zone=zone))
    assert starts(nightly(f"FREQ=DAILY;UNTIL={end}", zone=zone)) == endless


def test_a_leap_day_is_a_leap_day():
    schedule = nightly("FREQ=YEARLY", start=datetime(2024, 2, 29, 3, 0), zone="UTC")
    spans = occurrences(schedule, since=AUTUMN, until=datetime(2033, 1, 1, tzinfo=UTC))
    assert [f"{span.starts_at:%Y-%m-%d}" for span in spans] == ["2028-02-29", "2032-02-29"]


def test_too_many_times_are_refused():
    hours = ",".join(map(str, range(24)))
    with pytest.raises(PlanError, match=f"more than {MAX_OCCURRENCES} times in 92 days"):
        occurrences(nightly(f"FREQ=DAILY;BYHOUR={hours}"), since=AUTUMN, until=WINTER)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("FREQ=SECONDLY", "repeats too often"),
        ("FREQ=MINUTELY;INTERVAL=5", "repeats too often"),
        ("FREQ=HOURLY", "repeats too often"),
        ("FREQ=DAILY;BYMINUTE=0,1", "not a valid value of BYMINUTE"),
        ("FREQ=DAILY;BYSECOND=5", "not a valid value of BYSECOND"),
        ("FREQ=YEARLY;BYMONTH=13", "“13” is not a valid value of BYMONTH"),
        ("FREQ=YEARLY;BYMONTHDAY=0", "not a valid value of BYMONTHDAY"),
        ("FREQ=YEARLY;BYYEARDAY=367", "not a valid value of BYYEARDAY"),
        ("FREQ=YEARLY;BYWEEKNO=60", "not a valid value of BYWEEKNO"),
        ("FREQ=DAILY;BYEASTER=1", "“BYEASTER” is not a part"),
        ("FREQ=DAILY;INTERVAL=0", "not a valid value of INTERVAL"),
        ("FREQ=DAILY;COUNT=99999", "not a valid value of COUNT"),
        ("FREQ=DAILY;FREQ=WEEKLY", "not a recurrence"),
        ("every Tuesday", "not a recurrence"),
        ("", None),
    ],
)
def test_a_recurrence_says_what_is_wrong_with_it(rule, sentence):
    if sentence is None:
        return check_schedule(nightly(rule))
    with pytest.raises(PlanError, match=sentence):
        check_schedule(nightly(rule))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"length": timedelta(0)}, "ends before it begins"),
        ({"length": timedelta(days=32)}, "longer than 31 days"),
        ({"starts_at": datetime(1969, 1, 1)}, "too far away"),
        ({"time_zone": "CET"}, "not a time zone"),
    ],
)
def test_a_schedule_says_what_is_wrong_with_it(change, sentence):
    values = {"starts_at": datetime(2026, 10, 20), "length": HOUR, "time_zone": "UTC"} | change
    with pytest.raises(PlanError, match=sentence):
        check_schedule(Schedule(**values))


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Warsaw", "Europe/Warsaw"),
        ("europe/warsaw", "Europe/Warsaw"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/Europe/Lisbon", "Europe/Lisbon"),
        ("GMT", "UTC"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
    ],
)
def test_time_zones_are_known_by_the_names_that_calendars_use(text, zone):
    assert time_zone_named(text) == zone


def test_an_odd_time_zone_is_refused():
    with pytest.raises(PlanError, match="Customized Time Zone"):
        time_zone_named("Customized Time Zone")


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;COUNT=10",
        "FREQ=DAILY;INTERVAL=3;COUNT=4",
        "FREQ=WEEKLY;COUNT=2",
        "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=6",
        "FREQ=DAILY;UNTIL=20261029",
    ],
)
def test_work_that_has_ended_does_not_come_again_in_a_later_window(rule):
    june = datetime(2027, 6, 1, tzinfo=UTC)
    assert occurrences(nightly(rule), since=june, until=june + timedelta(days=30)) == []


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=DAILY;COUNT=40",
        "FREQ=WEEKLY;INTERVAL=2",
        "FREQ=WEEKLY;BYDAY=MO,FR;COUNT=9",
        "FREQ=WEEKLY;BYDAY=SU;UNTIL=20261201",
        "FREQ=MONTHLY;BYDAY=-1FR",
    ],
)
def test_a_window_that_begins_late_shows_what_the_whole_shows_of_it(rule):
    whole = occurrences(nightly(rule), since=AUTUMN, until=WINTER)
    for day in range(0, 92, 7):
        since = AUTUMN + timedelta(days=day)
        late = occurrences(nightly(rule), since=since, until=WINTER)
        assert late == [span for span in whole if span.ends_at > since], since
