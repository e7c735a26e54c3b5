"""Planned work of before Tagout: back-tests and patterns read it from when its calendar wrote it
down; enforcement, and what people had called suspicious, it never touches.
"""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from alerts.incidents.models import Alert, Incident, PlannedAlert
from alerts.incidents.page.overview import planned_checks
from alerts.planned_work.models import Occurrence, PlannedWork
from alerts.planned_work.queries import (
    AlertCounts,
    box_spans,
    counts_of,
    expected_types,
    marks_of,
)
from alerts.planned_work.services.import_file import import_works
from alerts.planned_work.services.work import change_work, extend_work, finish_work
from alerts.planned_work.web.wording import origin_words
from alerts.rules import sql
from alerts.rules.match import holds
from alerts.suppression.queries import facts_of
from tests.alerts.suppression.samples import clause, rule
from tests.conftest import NOON
from tests.program import Program

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
VISIT = datetime(2026, 9, 24, 8, 0, tzinfo=UTC)  # 66 days before
INSIDE = VISIT + timedelta(hours=1)
FIRMWARE = rule(clause("site", "is", "Gdańsk"), clause("planned_work", "within", "firmware"))
BEFORE = "CREATED:20260920T070000Z"
LATE = "CREATED:20260924T083000Z"  # half an hour into the visit
FUTURE = "CREATED:20300101T000000Z"


SOFT = {"alert_type": "Unauthorized Modbus Operation", "title": "Unauthorized Modbus Operation"}


@pytest.fixture
def imported(site, oda, devices):
    """`imported(created, …)` takes over one visit of ENG-WS-04 to PLC-PL2-07 in September."""

    def take_over(created="", *lines, by=oda, now=NOON, start="20260924T080000Z", uid="visit"):
        event = [
            *("BEGIN:VCALENDAR", "BEGIN:VEVENT", f"UID:{uid}", "SUMMARY:Drive firmware"),
            *(f"DTSTART:{start}", "DURATION:PT4H", "X-TAGOUT-KIND:firmware"),
            *("X-TAGOUT-FROM:ENG-WS-04", "X-TAGOUT-TO:PLC-PL2-07"),
            *filter(None, (created, *lines)),
            *("END:VEVENT", "END:VCALENDAR"),
        ]
        data = "\r\n".join(event).encode()
        return import_works(data=data, name="plan.ics", site=site, by=by, now=now)

    return take_over


def matches():
    """Whether a rule within the work matches the alert now, and as of the alert in a back-test."""
    (alert,) = Alert.objects.all()
    piece = sql.rule_condition_sql(FIRMWARE)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT a.id FROM incidents_alert a WHERE {piece.text}", piece.params)
        found = [row[0] for row in cursor.fetchall()]
    then = facts_of([alert.pk], as_of_alert=True)[alert.pk]
    assert holds(FIRMWARE, then) == (found == [alert.pk])
    return holds(FIRMWARE, facts_of([alert.pk])[alert.pk]), found == [alert.pk]


@pytest.mark.parametrize(
    ("created", "in_history", "origin"),
    [(BEFORE, True, "calendar"), ("", True, "start"), (LATE, True, "calendar")],
)
def test_history_has_it_and_enforcement_does_not(happen, imported, created, in_history, origin):
    happen(INSIDE, **SOFT)
    report = imported(created)
    assert (report.new, report.over) == (1, 0)  # five weeks were the limit before
    assert matches() == (False, in_history)
    occurrence = Occurrence.objects.get()
    assert (occurrence.origin, occurrence.recorded_at) == (origin, NOON)


@pytest.mark.parametrize(
    "lines",
    [
        (BEFORE,),
        (BEFORE, "LAST-MODIFIED:20261101T000000Z"),
        ("DTSTAMP:20260923T000000Z",),
    ],
)
def test_the_page_names_a_stamp_or_a_change_no_creation(imported, lines):
    imported(*lines)
    words = origin_words(Occurrence.objects.get(), zone=UTC, now=NOON)
    assert words.startswith("from the calendar, written down ")


def test_what_came_before_the_calendar_had_it_is_not_inside(happen, imported):
    happen(VISIT + timedelta(minutes=10), **SOFT)
    imported(LATE)
    assert matches() == (False, False)


def test_a_date_of_creation_in_the_future_is_not_believed(happen, imported):
    happen(INSIDE, **SOFT)
    imported(FUTURE)
    assert matches() == (False, False)
    occurrence = Occurrence.objects.get()
    assert (occurrence.origin, occurrence.known_from) == ("tagout", NOON)


def test_what_was_moved_onto_the_alert_afterwards_is_not_believed(happen, imported):
    happen(INSIDE, **SOFT)
    imported(BEFORE, "LAST-MODIFIED:20261101T000000Z")
    assert matches() == (False, False)


def test_a_program_with_a_token_is_not_believed(happen, imported, oda):
    happen(INSIDE, **SOFT)
    oda.via_token = Program(oda, "work:write").token
    imported(BEFORE, by=oda)
    assert matches() == (False, False)


@pytest.mark.parametrize(
    "columns", [{"ot_state": "suspicious"}, {"classification": "TruePositive"}]
)
def test_no_file_explains_what_people_had_called_suspicious(happen, imported, columns):
    incident = happen(INSIDE, **SOFT)
    Incident.objects.filter(pk=incident.pk).update(**columns)
    imported(BEFORE)
    assert not PlannedAlert.objects.exists()
    assert matches() == (False, False)


def test_an_open_incident_of_before_is_not_closed_by_work_that_came_after_it(happen, imported):
    """Somebody with the right to plan writes a visit over an attack that just happened."""
    at = NOON - timedelta(minutes=30)
    happen(at, **SOFT)
    imported("CREATED:20260101T000000Z", start=f"{NOON - timedelta(hours=1):%Y%m%dT%H%M%SZ}")
    assert Occurrence.objects.get().starts_at <= at
    assert matches()[0] is False


def test_it_neither_sinks_nor_explains_an_incident_that_was_there_before(happen, imported):
    at, start = NOON - timedelta(minutes=30), f"{NOON - timedelta(hours=1):%Y%m%dT%H%M%SZ}"
    incident = happen(at)
    imported(BEFORE, "X-TAGOUT-WORK-ORDER:WO-1", start=start)
    priority = incident.priority
    incident.refresh_from_db()
    assert PlannedAlert.objects.get().is_after_fact
    assert incident.priority == priority
    assert not [code for code, *_ in incident.priority_parts if code == "planned-work"]
    assert planned_checks(incident, now=NOON, zone=UTC) == []
    (occurrence,) = Occurrence.objects.all()
    assert counts_of([occurrence]) == {}
    assert marks_of([occurrence]) == []
    assert expected_types(occurrence) == []
    later = happen(NOON + timedelta(minutes=5))
    assert [check.is_expected for check in planned_checks(later, now=NOON, zone=UTC)] == [True]
    assert counts_of([occurrence])[occurrence.uuid] == AlertCounts(1, 0)


@pytest.mark.parametrize("act", ["extend", "finish"])
def test_neither_extending_nor_ending_it_makes_it_older_than_its_file(happen, imported, oda, act):
    happen(NOON - timedelta(minutes=30), **SOFT)
    imported(BEFORE, start=f"{NOON - timedelta(hours=1):%Y%m%dT%H%M%SZ}")
    pk, now = Occurrence.objects.get().pk, NOON + timedelta(minutes=5)
    if act == "extend":
        extend_work(occurrence_id=pk, until=NOON + timedelta(hours=8), by=oda, now=now)
    else:
        finish_work(occurrence_id=pk, by=oda, now=now)
    assert matches()[0] is False
    latest = Occurrence.objects.get(known_until=None)
    assert (latest.recorded_at, latest.stored_at) == (now, NOON)


def test_a_changed_file_makes_it_no_older_either(happen, imported):
    happen(NOON - timedelta(minutes=30), **SOFT)
    start = f"{NOON - timedelta(hours=1):%Y%m%dT%H%M%SZ}"
    imported(BEFORE, start=start)
    later = NOON + timedelta(minutes=5)
    assert imported(BEFORE, "X-TAGOUT-WORK-ORDER:WO-1", start=start, now=later).changed == 1
    assert matches()[0] is False


def test_nor_does_who_edits_it_on_its_page(happen, imported, plan, oda):
    happen(NOON - timedelta(minutes=30), **SOFT)
    imported(BEFORE, start=f"{NOON - timedelta(hours=1):%Y%m%dT%H%M%SZ}")
    work = PlannedWork.objects.get()
    for minutes, order in ((5, "WO-1"), (10, "WO-2")):
        now = NOON + timedelta(minutes=minutes)
        edited = plan(start=datetime(2026, 11, 24, 0, 0), hours=48, work_order=order)
        change_work(work_id=work.pk, plan=edited, by=oda, now=now)
        latest = Occurrence.objects.get(known_until=None)
        assert latest.starts_at < NOON - timedelta(minutes=30) < latest.ends_at
        assert (latest.recorded_at, latest.stored_at) == (now, NOON)
        assert matches()[0] is False
        assert PlannedAlert.objects.filter(known_until=None).get().is_after_fact


def test_the_same_work_holds_for_what_comes_after_it_came(happen, imported):
    imported(BEFORE, start=f"{NOON:%Y%m%dT%H%M%SZ}", now=NOON + timedelta(minutes=1))
    happen(NOON + timedelta(minutes=5), **SOFT)
    assert matches() == (True, True)


def test_it_boxes_history_only_where_the_calendar_says_so_and_never_a_close(happen, imported):
    happen(INSIDE)
    imported(BEFORE)
    (row,) = PlannedAlert.objects.all()
    assert (row.boxes, row.is_after_fact) == (True, True)
    (alert,) = Alert.objects.values_list("pk", flat=True)
    assert facts_of([alert], as_of_alert=True)[alert].planned_work_for_hours == ("firmware",)
    assert facts_of([alert])[alert].planned_work_for_hours == ()
    spans = box_spans(
        ["firmware"], site="Gdańsk", handles=[], start=VISIT, end=VISIT + DAY, known_at=INSIDE
    )
    assert spans == []


def test_it_boxes_nothing_where_only_its_start_is_known_or_it_recurs(happen, imported):
    happen(INSIDE, **SOFT)
    imported("")
    imported(BEFORE, "RRULE:FREQ=MONTHLY", uid="monthly")
    assert set(PlannedAlert.objects.values_list("boxes", flat=True)) == {False}


def test_a_work_that_begins_before_it_is_here_boxes_nothing_whatever_it_says(happen, imported):
    start = NOON - timedelta(hours=1)
    imported("CREATED:20260101T000000Z", start=f"{start:%Y%m%dT%H%M%SZ}")
    happen(NOON + timedelta(minutes=5), **SOFT)
    (alert,) = Alert.objects.values_list("pk", flat=True)
    assert facts_of([alert])[alert].planned_work == ("firmware",)
    assert facts_of([alert])[alert].planned_work_for_hours == ()
    assert facts_of([alert], as_of_alert=True)[alert].planned_work_for_hours == ()


def test_the_file_again_changes_nothing_and_a_changed_past_is_not_written_anew(happen, imported):
    happen(INSIDE, **SOFT)
    imported(BEFORE)
    assert imported(BEFORE).unchanged == 1
    assert imported(BEFORE, "X-TAGOUT-WORK-ORDER:WO-1").unchanged == 1
    assert Occurrence.objects.count() == 1
