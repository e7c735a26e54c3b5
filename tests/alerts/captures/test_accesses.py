"""Who opened a capture and who took it: the second time, the second person, the second kind."""

from datetime import timedelta

import pytest

from alerts.captures.models import CaptureAccess
from alerts.captures.services import note_access
from portal.audit.models import Entry
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
OPENED, DOWNLOADED = CaptureAccess.Kind.OPENED, CaptureAccess.Kind.DOWNLOADED
VALUES = CaptureAccess.Kind.VALUES


@pytest.fixture
def capture(attach, water):
    return attach(water, read=True)


@pytest.fixture
def note(capture):
    """`note(kind, by)`: somebody looks into it or takes it, some minutes after noon."""

    def make(kind, by, *, minutes=0, what=capture):
        note_access(capture=what, kind=kind, by=by, now=NOON + timedelta(minutes=minutes))

    return make


def on_record(past):
    entries = Entry.objects.filter(action=f"captures.capture.{past}").order_by("pk")
    return list(entries.values_list("actor__email", flat=True))


def test_the_second_download_is_on_record_too(note, oda):
    note(DOWNLOADED, oda)
    note(DOWNLOADED, oda, minutes=1)
    assert on_record("downloaded") == [oda.email, oda.email]
    assert CaptureAccess.objects.filter(kind=DOWNLOADED).count() == 2


def test_turning_pages_within_the_hour_is_one_visit_and_later_a_second(note, oda):
    for minutes in (0, 5, 59):
        note(OPENED, oda, minutes=minutes)
    assert on_record("opened") == [oda.email]
    note(OPENED, oda, minutes=61)
    assert on_record("opened") == [oda.email, oda.email]


def test_the_second_person_is_on_record_within_the_hour_of_the_first(note, oda, sam):
    note(OPENED, oda)
    note(OPENED, sam, minutes=1)
    assert on_record("opened") == [oda.email, sam.email]


def test_who_opened_it_is_on_record_for_uncovering_values_too(note, oda):
    note(OPENED, oda)
    note(VALUES, oda, minutes=1)
    assert on_record("uncovered") == [oda.email]


def test_the_second_capture_is_on_record_within_the_hour_of_the_first(
    capture, note, attach, oda, water
):
    other = attach(water + bytes(16), "second.pcap", read=True)
    note(OPENED, oda)
    note(OPENED, oda, minutes=1, what=other)
    assert on_record("opened") == [oda.email, oda.email]
