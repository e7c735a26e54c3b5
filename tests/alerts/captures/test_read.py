"""Reading in the background: what comes out, what is said of bad files, what ends the reader."""

import struct
from datetime import timedelta

import pytest

from alerts.captures.models import CapturePart
from alerts.captures.queries import document_of, summaries_of
from alerts.captures.registry import CaptureReaderSource
from alerts.captures.services import read_next_capture
from portal import clock
from portal.audit.models import Entry
from tests.conftest import NOON
from training.labs.capture_reader import ProcessReader

pytestmark = pytest.mark.django_db
HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)


@pytest.fixture
def reader(wired):
    """`reader(seconds=1)` has the captures of this test read with other limits."""
    return lambda **limits: wired(CaptureReaderSource, CaptureReaderSource(ProcessReader(**limits)))


def test_it_leaves_quarantine_with_a_summary_its_operations_and_its_frames(attach, water):
    capture = attach(water, read=True)
    assert capture.is_readable
    summary = summaries_of([capture])[capture.pk]
    assert (summary["packets"], summary["frames_shown"]) == (148, 148)
    assert sum(row["writes"] for row in summary["conversations"]) == 4
    assert document_of(capture, CapturePart.Kind.OPERATIONS)["rows"]
    assert len(document_of(capture, CapturePart.Kind.FRAMES, 2)) == 48
    assert Entry.objects.filter(action="captures.capture.read").count() == 1
    assert not read_next_capture(unshifted=clock.unshifted(), now=NOON)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (HEAD[:10], "The file ends inside its header, at byte 10 of 24."),
        (HEAD[:20] + struct.pack("<I", 147), "Link type 147, at byte 20, is not supported"),
    ],
)
def test_a_file_that_cannot_be_read_is_kept_with_one_sentence(attach, data, why):
    capture = attach(data, read=True)
    assert not capture.is_readable and not capture.is_in_quarantine
    assert capture.trouble.startswith(why)
    assert set(capture.parts.values_list("kind", flat=True)) == {"file"}
    assert Entry.objects.get(action="captures.capture.unreadable").details["trouble"]


def test_a_length_that_lies_ends_the_reading_at_its_place(attach, water):
    capture = attach(water + struct.pack("<IIII", 0, 0, 0xFFFFFFF0, 60), read=True)
    summary = summaries_of([capture])[capture.pk]
    assert summary["packets"] == 148
    assert summary["problems"][0].startswith(f"Frame 149 says, at byte {len(water) + 8}, that")


def test_the_kernel_ends_a_reader_that_takes_too_long_or_too_much(attach, water, reader):
    many = water[:24] + water[24:] * 200
    reader(seconds=1)
    assert attach(many, read=True).trouble.startswith("Reading it takes longer than 1 seconds")
    reader(memory=1)
    capture = attach(many + b"\0", read=True)
    assert "memory" in capture.trouble or "The reader ended" in capture.trouble
    assert set(capture.parts.values_list("kind", flat=True)) == {"file"}


def test_a_file_that_brings_its_worker_down_is_given_up(attach, water, wired):
    class Deadly(ProcessReader):
        def read(self, path):
            raise SystemExit

    wired(CaptureReaderSource, CaptureReaderSource(Deadly()))
    capture, now = attach(water), clock.unshifted()
    for hours in range(4):
        with pytest.raises(SystemExit):
            read_next_capture(unshifted=now + timedelta(hours=hours), now=NOON)
    assert not read_next_capture(unshifted=now + timedelta(hours=5), now=NOON)
    capture.refresh_from_db()
    assert not capture.is_in_quarantine
    assert "worker died" in capture.why_unreadable
