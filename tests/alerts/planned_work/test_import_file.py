"""Planned work from files: line-exact errors, nothing half done, twice changes nothing."""

import json
import time
from contextlib import closing
from datetime import timedelta
from itertools import chain, repeat

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from alerts.planned_work.models import NamedDevice, Occurrence, PlannedWork, Revision
from alerts.planned_work.services import import_file
from alerts.planned_work.services.import_file import CannotImportWork, import_works
from alerts.planned_work.services.plan import BEHIND
from portal.audit.models import Entry
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


START = "DTSTART;TZID=Europe/Warsaw:20261124T080000"
NAMED = "X-TAGOUT-DEVICE:ENG-WS-04"


def event(
    *lines, uid="a", summary="Drive firmware", start=START, length="DURATION:PT5H", device=NAMED
):
    parts = ["BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{summary}", start, length, device, *lines]
    return "\r\n".join([*(line for line in parts if line), "END:VEVENT"])


CSV_OF_THREE = b"""title,kind,starts,ends,devices
Firmware,firmware,2026-11-28 08:00,2026-11-28 09:00,ENG-WS-04
Firmware again,firmware,2026-11-28 10:00,2026-11-28 11:00,ENG-WS-04
Firmware once more,firmware,2026-11-28 12:00,2026-11-28 13:00,ENG-WS-04
"""


def calendar(*events):
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", ""]).encode()


@pytest.fixture
def take_over(site, oda, devices):
    def run(data, *, name="plan.ics", now=NOON, **more):
        return import_works(data=data, name=name, site=site, by=oda, now=now, **more)

    return run


def refused(take_over, data, **more):
    with pytest.raises(CannotImportWork) as caught:
        take_over(data, **more)
    assert not PlannedWork.objects.exists()
    return caught.value.reasons


def test_a_calendar_is_taken_over_with_its_devices_and_times(take_over):
    report = take_over(
        calendar(
            event(
                "X-TAGOUT-KIND:Firmware update",
                "X-TAGOUT-FROM:ENG-WS-04",
                "X-TAGOUT-TO:10.20.4.40",
                "X-TAGOUT-WORK-ORDER:WO-4711",
                device="",
            ),
            event("RRULE:FREQ=WEEKLY;BYDAY=TU", uid="b", summary="Backup\\, Tuesdays"),
        )
    )
    assert report.as_json() == {
        "new": 2,
        "changed": 0,
        "unchanged": 0,
        "cancelled": 0,
        "over": 0,
        "occurrences": 15,
    }
    first, second = Revision.objects.order_by("pk")
    assert (first.kind, first.work_order, second.title) == (
        "firmware",
        "WO-4711",
        "Backup, Tuesdays",
    )
    assert set(first.devices.values_list("side", "name")) == {
        ("from", "ENG-WS-04"),
        ("to", "PLC-PL2-07"),
    }
    assert Entry.objects.filter(action="planned_work.file.imported").count() == 1


def test_the_same_file_again_changes_nothing(take_over):
    data = calendar(event(), event("RRULE:FREQ=DAILY", uid="b"))
    take_over(data)
    counts = Occurrence.objects.count(), Revision.objects.count()
    report = take_over(data)
    assert (report.new, report.changed, report.unchanged) == (0, 0, 2)
    assert (Occurrence.objects.count(), Revision.objects.count()) == counts


def test_an_event_that_was_changed_or_cancelled_in_its_calendar_is_so_here(take_over):
    take_over(calendar(event(), event(uid="b")))
    report = take_over(calendar(event(length="DURATION:PT6H"), event("STATUS:CANCELLED", uid="b")))
    assert (report.changed, report.cancelled) == (1, 1)
    assert PlannedWork.objects.get(uid="b").state == "cancelled"


def test_every_error_has_its_line_and_nothing_is_stored(take_over):
    reasons = refused(
        take_over,
        calendar(
            event(),
            event(uid="b", start="DTSTART;TZID=Mars/Olympus:20261124T080000"),
            event("RRULE:FREQ=MINUTELY", uid="c"),
            event(uid="d", length="DTEND;TZID=Europe/Warsaw:20261123T080000"),
            event(uid="e", start="DTSTART:20261399T080000"),
            event(uid="a"),
            event(uid="f", summary=""),
        ),
    )
    lines = [reason.split(":")[0] for reason in reasons]
    assert lines == ["Line 13", "Line 23", "Line 29", "Line 35", "Line 40", "Line 48"]
    assert "“Mars/Olympus” is not a time zone" in reasons[0]
    assert "is in line 3 too" in reasons[4]


def test_devices_that_are_not_known_or_not_one_are_told_with_their_line(take_over, site, devices):
    utilities = site.zones.create(name="Utilities")
    devices["PLC-PL2-07"].__class__.objects.create(
        zone=utilities, address="10.20.4.15", first_seen_at=NOON, latest_seen_at=NOON
    )
    reasons = refused(
        take_over,
        calendar(
            event(device="X-TAGOUT-DEVICE:GHOST-1"),
            event(uid="b", device="X-TAGOUT-DEVICE:10.20.4.15"),
            event(uid="c", device=""),
            event("LOCATION:Gdańsk / Nowhere", uid="d", device=""),
        ),
    )
    assert "Gdańsk has no device “GHOST-1”" in reasons[0]
    assert "is more than one device" in reasons[1]
    assert "Name the devices" in reasons[2]
    assert "has no zone “Nowhere”" in reasons[3]


def test_zone_and_address_name_a_device_that_no_alert_has_shown(take_over):
    take_over(calendar(event(device="X-TAGOUT-DEVICE:Packaging 2 / 10.20.4.99")))
    assert NamedDevice.objects.get().address == "10.20.4.99"


def test_a_whole_zone_is_named_by_its_place(take_over):
    take_over(calendar(event("LOCATION:Gdańsk / Packaging 2", device="")))
    assert Revision.objects.get().zone.name == "Packaging 2"


def test_work_that_is_long_over_is_counted_and_left_out(take_over):
    report = take_over(calendar(event(start="DTSTART:20200101T080000Z"), event(uid="b")))
    assert (report.new, report.over) == (1, 1)


@pytest.mark.parametrize("name", ["plan.ics", "plan.csv"])
def test_a_file_with_too_many_works_is_refused_at_the_first_that_is_too_many(take_over, name):
    works = [event(uid=uid) for uid in "abc"]
    data = calendar(*works) if name == "plan.ics" else CSV_OF_THREE
    (reason,) = refused(take_over, data, name=name, max_entries=2)
    line = 17 if name == "plan.ics" else 4
    assert reason.startswith(f"Line {line}: The file names more than 2 works. Divide it")


@pytest.mark.parametrize(
    "line", ["EXDATE:99991231T235959Z", "RDATE:00010101T000000", "DTEND:99991231T235959Z"]
)
def test_a_moment_beyond_all_calendars_names_its_line(take_over, line):
    length = "" if line.startswith("DTEND") else "DURATION:PT5H"
    (reason,) = refused(take_over, calendar(event(line, length=length)))
    number = 9 if length else 8
    assert reason.startswith(f"Line {number}: ")
    assert "is too far away" in reason


def test_a_file_with_far_too_many_times_is_refused(take_over, monkeypatch):
    monkeypatch.setattr("alerts.planned_work.services.import_file.MAX_OCCURRENCES", 100)
    reasons = refused(
        take_over, calendar(event("RRULE:FREQ=DAILY"), event("RRULE:FREQ=DAILY", uid="b"))
    )
    assert "more than 100 times" in reasons[0]


SHIFTS = event("RRULE:FREQ=DAILY;BYHOUR=6,14,22", start="DTSTART:20251101T060000Z")


def test_work_that_took_place_too_often_in_a_year_comes_with_its_last_five_weeks(take_over):
    """1,374 times in a year and three months: one work may have a thousand."""
    report = take_over(calendar(SHIFTS))
    assert (report.new, 370 < report.occurrences < 390) == (1, True)
    first = Occurrence.objects.earliest("starts_at")
    assert NOON - BEHIND - timedelta(days=1) < first.starts_at < NOON - BEHIND + timedelta(days=1)


def test_history_is_no_reason_to_refuse_a_file(take_over, monkeypatch):
    monkeypatch.setattr("alerts.planned_work.services.import_file.MAX_OCCURRENCES", 400)
    monkeypatch.setattr("alerts.planned_work.services.import_file.MAX_PAST", 300)
    start = "DTSTART:20251101T060000Z"
    works = [event("RRULE:FREQ=DAILY", start=start, uid=uid) for uid in ("a", "b", "c")]
    assert take_over(calendar(*works)).new == 3  # 127 each, but for their history
    counts = [Occurrence.objects.filter(work__uid=uid).count() for uid in ("a", "b", "c")]
    assert counts[0] > 450 and counts[1] == counts[2] < 130


def test_what_is_to_come_has_the_time_of_a_file_before_its_history(take_over, monkeypatch):
    times = chain([0.0], repeat(2.0))
    monkeypatch.setattr(import_file.time, "thread_time", lambda: next(times))
    report = take_over(
        calendar(event("RRULE:FREQ=DAILY", start="DTSTART:20251101T060000Z")), max_seconds=5
    )
    assert (report.new, 120 < report.occurrences < 130) == (1, True)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\xff\xfe", "not text in UTF-8"),
        (b"hello", "does not begin with BEGIN:VCALENDAR"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n", "does not end"),
    ],
)
def test_what_is_no_calendar_is_refused(take_over, data, sentence):
    assert sentence in refused(take_over, data)[0]


CSV = "title,kind,starts,ends,devices,repeats\n"


def test_a_csv_file_is_taken_over_and_known_again(take_over):
    data = (CSV + "Backup,backup,2026-11-24 02:00,2026-11-24 04:00,ENG-WS-04,FREQ=DAILY\n").encode()
    assert take_over(data, name="plan.csv").new == 1
    assert take_over(data, name="plan.csv").unchanged == 1


def test_errors_in_a_csv_file_name_line_and_column(take_over):
    data = CSV + (
        "Backup,backup,2026-11-24 02:00,2026-11-24 04:00,ENG-WS-04,\n"
        "\n"
        "Party,party,2026-11-24 02:00,2026-11-24 04:00,ENG-WS-04,\n"
        "Backup,backup,yesterday,2026-11-24 04:00,ENG-WS-04,\n"
        "Backup,backup,2026-11-24 04:00,2026-11-24 02:00,ENG-WS-04,\n"
        "Backup,backup,2026-11-24 04:00,2026-11-24 05:00,ENG-WS-04,FREQ=SECONDLY\n"
        "Backup,backup\n"
    )
    reasons = refused(take_over, data.encode(), name="plan.csv")
    assert [reason.partition(": ")[0] for reason in reasons] == [
        "Line 4, column kind",
        "Line 5, column starts",
        "Line 6, column ends",
        "Line 7, column repeats",
        "Line 8",
    ]


def test_a_heading_says_what_is_missing_or_unknown(take_over):
    reasons = refused(take_over, b"title,kind,starts,colour\n", name="plan.csv")
    assert "Column “ends” is missing" in reasons[0]
    assert "Column “colour” is not known" in reasons[1]


def test_the_command_imports_and_a_dry_run_stores_nothing(tmp_path, capsys, site, devices, noon):
    file = tmp_path / "plan.ics"
    file.write_bytes(calendar(event()))
    call_command("planned_work", "import", str(file), "--site", "Gdańsk", "--dry-run", "--json")
    assert json.loads(capsys.readouterr().out)["new"] == 1
    assert not PlannedWork.objects.exists()
    call_command("planned_work", "import", str(file), "--site", "Gdańsk", "--json")
    assert PlannedWork.objects.get().made_by_label == "command line"


def test_the_command_says_what_is_wrong(tmp_path, site):
    file = tmp_path / "plan.ics"
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("planned_work", "import", str(file))
    file.write_bytes(calendar(event()))
    with pytest.raises(CommandError, match="Line 3: The work names no site"):
        call_command("planned_work", "import", str(file))
    with pytest.raises(CommandError, match="There is no site 'Nowhere'"):
        call_command("planned_work", "import", str(file), "--site", "Nowhere")


def test_recurrences_that_take_long_to_work_out_are_refused_where_others_wait(take_over):
    never = "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
    data = calendar(*(event(never, uid=f"never-{n}") for n in range(700)))
    began = time.thread_time()
    (sentence,) = refused(take_over, data, max_seconds=0.5)
    assert "needs more than" in sentence and "planned-work import" in sentence
    assert time.thread_time() - began < 3, "what is read before the first check is short"


def test_a_person_imports_one_file_at_a_time(take_over, oda):
    parameters = connection.get_connection_params()
    with closing(psycopg.connect(**parameters)) as another:
        lock = "SELECT pg_advisory_xact_lock(%s, %s)"
        another.execute(lock, (import_file._IMPORTS, oda.pk))
        (sentence,) = refused(take_over, calendar(event()))
        assert sentence == "Another file of yours is being imported. Wait until it is done."
        another.rollback()  # a closed connection would let go of the lock only in a while
    assert take_over(calendar(event())).new == 1
