"""Since when work of a file counts as known, and by whose word."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.planned_work.engine.calendar_file import read_calendar
from alerts.planned_work.engine.csv_file import read_csv
from alerts.planned_work.engine.origin import FileTimes, OriginKind, work_origin

DAY = timedelta(days=1)
START = datetime(2026, 9, 24, 6, 0, tzinfo=UTC)
IMPORTED = START + 68 * DAY
BEFORE, AFTER = START - 3 * DAY, START + DAY


@pytest.mark.parametrize(
    ("times", "is_recurring", "at", "by"),
    [
        (FileTimes(created_at=BEFORE), False, BEFORE, OriginKind.CALENDAR),
        (FileTimes(created_at=BEFORE, stamped_at=IMPORTED), False, BEFORE, OriginKind.CALENDAR),
        # Written down late: what came before that nobody knew of.
        (FileTimes(created_at=AFTER), False, AFTER, OriginKind.CALENDAR),
        # Moved to this day afterwards: as it stands it is known since then.
        (FileTimes(created_at=BEFORE, changed_at=AFTER), False, AFTER, OriginKind.CALENDAR),
        (FileTimes(created_at=BEFORE, changed_at=AFTER), True, BEFORE, OriginKind.CALENDAR),
        (FileTimes(created_at=BEFORE - DAY, changed_at=BEFORE), False, BEFORE, OriginKind.CALENDAR),
        # A date of creation that is yet to come is none, and nothing else is believed then.
        (
            FileTimes(created_at=IMPORTED + DAY, stamped_at=BEFORE),
            False,
            IMPORTED,
            OriginKind.TAGOUT,
        ),
        (FileTimes(stamped_at=BEFORE), False, BEFORE, OriginKind.CALENDAR),
        (FileTimes(stamped_at=IMPORTED), False, START, OriginKind.START),  # of the export
        (FileTimes(), False, START, OriginKind.START),
        (FileTimes(), True, START, OriginKind.START),
    ],
)
def test_the_word_of_a_file_about_what_had_begun(times, is_recurring, at, by):
    found = work_origin(times, starts_at=START, is_recurring=is_recurring, stored_at=IMPORTED)
    assert found == (at, by)


def test_what_is_yet_to_come_is_known_since_tagout_has_it():
    times = FileTimes(created_at=BEFORE - 90 * DAY)
    for stored_at in (START, BEFORE):
        found = work_origin(times, starts_at=START, is_recurring=False, stored_at=stored_at)
        assert found == (stored_at, OriginKind.TAGOUT)


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("CREATED:20260503T071500Z", datetime(2026, 5, 3, 7, 15, tzinfo=UTC)),
        ("CREATED;TZID=Europe/Warsaw:20260503T091500", datetime(2026, 5, 3, 7, 15, tzinfo=UTC)),
        ("CREATED:00001231T000000Z", None),  # some calendars write this where they do not know
        ("CREATED:yesterday", None),
        ("CREATED", None),
        ("CREATED;:20260503T071500Z", None),
        ("CREATED:20260503", None),
        ("X-CREATED:20260503T071500Z", None),
    ],
)
def test_a_calendar_says_when_it_wrote_something_down(line, at):
    lines = ("UID:a", "SUMMARY:Visit", "DTSTART:20260924T060000Z", "DURATION:PT4H", line)
    text = "\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"])
    read = read_calendar(text, time_zone="UTC")
    assert not read.errors
    assert read.entries[0].times == FileTimes(created_at=at)


def test_a_column_of_a_csv_file_says_so_on_the_plants_clock_and_names_no_other_work():
    text = "title,kind,starts,ends,created\nVisit,firmware,2026-09-24 08:00,2026-09-24 09:00,{}\n"
    (dated,) = read_csv(text.format("2026-05-03 09:15"), time_zone="Europe/Warsaw").entries
    (undated,) = read_csv(text.format(""), time_zone="Europe/Warsaw").entries
    assert dated.times.created_at == datetime(2026, 5, 3, 7, 15, tzinfo=UTC)
    assert undated.times == FileTimes()
    assert dated.uid == undated.uid
    for year in ("0001", "1899", "1970", "9999"):  # what programs write that do not know
        for zone in ("Europe/Warsaw", "America/New_York"):
            read = read_csv(text.format(f"{year}-01-01 00:00"), time_zone=zone)
            assert not read.errors
            assert read.entries[0].times == FileTimes()
    (error,) = read_csv(text.format("soon"), time_zone="UTC").errors
    assert (error.line, error.column) == (2, "created")
