"""A capture of an incident in the viewer: who may, what it shows, what is on record."""

import json
import re
import struct
import zlib

import pytest

from alerts.captures.models import CaptureAccess, CapturePart
from portal.audit.models import Entry
from portal.jobs.models import JobState
from training.labs.reading_process import MAX_FRAMES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def see(client):
    def get(person, capture, query="", status=200):
        client.force_login(person)
        answer = client.get(f"/captures/{capture.uuid}/{query}")
        assert answer.status_code == status
        return answer.content.decode()

    return get


def test_it_shows_operations_by_device_names_one_frame_and_no_value(see, attach, water, oda):
    capture = attach(water, read=True)
    page = see(oda, capture, "?frame=52&at=61-1")
    assert "Frame 52 of 148" in page and "Write single register (6)" in page
    assert "HMI-WTP-01" in page and "PLC-WTP-01" in page and "10.20.10.12" in page
    assert '<span class="dump-picked">06 </span>' in page
    assert ">650<" not in page and "value hidden" in page
    assert "tshark" not in page
    shown = see(oda, capture, "?frame=52&values=shown")
    assert ">650<" in shown and "02 8a" in shown
    writes = see(oda, capture, "?kind=write")
    assert writes.count('class="op op-write"') == 4


def test_each_visit_and_each_look_at_values_is_on_record_once_an_hour(see, attach, water, oda, sam):
    capture = attach(water, read=True)
    for query in ("", "?frame=2", "?frame=3&values=shown", "?frame=4&values=shown"):
        see(oda, capture, query)
    see(sam, capture)
    kinds = CaptureAccess.objects.order_by("pk").values_list("by__name", "kind")
    assert list(kinds) == [
        ("Oda Nowak", "opened"),
        ("Oda Nowak", "values"),
        ("Sam Keller", "opened"),
    ]
    assert Entry.objects.filter(action="captures.capture.opened").count() == 2
    assert Entry.objects.filter(action="captures.capture.uncovered").count() == 1


def test_who_may_not_and_what_cannot_be_opened_is_said_in_a_sentence(see, attach, water, mia, sam):
    capture = attach(water)
    assert "in quarantine" in see(sam, capture, status=403)
    bad = attach(b"\xd4\xc3\xb2\xa1" + bytes(3))
    type(capture).objects.filter(pk=capture.pk).update(state=JobState.DONE)
    type(bad).objects.filter(pk=bad.pk).update(state=JobState.DONE, trouble="It ends at byte 7.")
    assert "Only OT, the SOC and auditors" in see(mia, capture, status=403)
    assert "It ends at byte 7." in see(sam, bad, status=409)
    assert not CaptureAccess.objects.exists()


def test_of_a_long_capture_the_first_frames_are_shown_and_that_is_said(see, attach, sam):
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)
    # At the end of time, and at its beginning: nothing may depend on a reasonable clock.
    frames = [
        struct.pack("<IIII", 0xFFFFFFFF * (n % 2), 0, 14, 14) + bytes(14) for n in range(6000)
    ]
    capture = attach(head + b"".join(frames), read=True)
    page = see(sam, capture)
    assert "first 5,000 of 6,000 frames" in re.sub(r"\s+", " ", page)
    assert f"Frame {MAX_FRAMES:,} of 5,000" in see(sam, capture, f"?frame={MAX_FRAMES}")
    assert "Frame 1 of 5,000" in see(sam, capture, "?frame=5001")
    assert capture.parts.filter(kind=CapturePart.Kind.FRAMES).count() == MAX_FRAMES // 50


def test_a_capture_without_a_frame_has_a_page_too(see, attach, sam):
    capture = attach(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1), read=True)
    assert "0 frames" in see(sam, capture)


def test_many_operations_are_turned_page_by_page(see, attach, water, sam):
    capture = attach(water, read=True)
    part = capture.parts.get(kind=CapturePart.Kind.OPERATIONS)
    document = json.loads(zlib.decompress(part.data))
    document["rows"] = [document["rows"][0] | {"first": n % 148 + 1} for n in range(450)]
    part.data = zlib.compress(json.dumps(document).encode())
    part.save()
    page = see(sam, capture)
    assert page.count('class="op op-') == 200 and "Page 1 of 3" in page and "page=2" in page
    page = see(sam, capture, "?page=3")
    assert page.count('class="op op-') == 50 and "page=2" in page and "page=4" not in page
    assert "Page 3 of 3" in see(sam, capture, "?page=99")
