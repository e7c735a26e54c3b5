"""What may be attached: told by its bytes, bounded, by the SOC of the incident, on record."""

import hashlib

import pytest

from alerts.captures.models import Capture
from alerts.captures.queries import bytes_of
from alerts.captures.services import CannotAttachCapture
from alerts.incidents.models import IncidentStatus
from portal.audit.models import Entry

pytestmark = pytest.mark.django_db
PCAPNG = b"\x0a\x0d\x0d\x0a"


def test_a_capture_is_kept_byte_by_byte_and_waits_in_quarantine(attach, water, monkeypatch):
    monkeypatch.setattr("alerts.captures.services.PIECE", 1000)
    capture = attach(water)
    assert capture.is_in_quarantine
    assert b"".join(bytes_of(capture)) == water
    assert capture.parts.count() == len(water) // 1000 + 1
    entry = Entry.objects.get(action="captures.capture.attached")
    assert entry.details["sha256"] == hashlib.sha256(water).hexdigest()
    assert entry.details["bytes"] == capture.size == len(water)
    assert capture.incident.timeline.get().code == "capture"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "The file is empty"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "first bytes are neither"),
        (b"\x1f\x8b\x08\x00packed", "Unpack it first"),
        (b"PK\x03\x04packed", "Unpack it first"),
        (b"\xd4\xc3\xb2", "first bytes are neither"),
    ],
)
def test_the_bytes_say_what_it_is_and_not_the_name(attach, data, why):
    with pytest.raises(CannotAttachCapture, match=why):
        attach(data, "capture.pcap")
    assert not Capture.objects.exists()
    assert not Entry.objects.filter(action__startswith="captures.").exists()


def test_what_is_too_large_or_too_much_is_refused(attach, water, settings):
    settings.CAPTURE_MAX_MB = 1
    with pytest.raises(CannotAttachCapture, match="larger than 1 MB"):
        attach(water + bytes(1024 * 1024))
    settings.CAPTURES_TOTAL_MB = 0
    with pytest.raises(CannotAttachCapture, match="All captures together"):
        attach(water)
    assert not Capture.objects.exists()


def test_the_same_file_is_attached_once_and_an_incident_has_not_too_many(
    attach, water, monkeypatch
):
    attach(water, "first.pcap")
    with pytest.raises(CannotAttachCapture, match=r"already attached as first\.pcap"):
        attach(water, "second.pcap")
    monkeypatch.setattr("alerts.captures.services.MAX_PER_INCIDENT", 1)
    with pytest.raises(CannotAttachCapture, match="at most 1 captures"):
        attach(water + b"\0")


def test_only_the_soc_of_the_incident_attaches(attach, water, oda, mia, incident):
    for person in (oda, mia):
        with pytest.raises(CannotAttachCapture):
            attach(water, by=person)
    incident.gone_at, incident.status = incident.created_at, IncidentStatus.CLOSED
    incident.save()
    with pytest.raises(CannotAttachCapture, match="deleted in Sentinel"):
        attach(water)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/cron.d/x.pcap", "x.pcap"),
        ("a\r\nSet-Cookie: b.pcapng", "aSet-Cookie: b.pcapng"),
        ("\u202egnp.pcap", "gnp.pcap"),
        ("", "capture.pcapng"),
        ("x" * 300, "x" * 120),
    ],
)
def test_odd_names_become_one_plain_line(attach, name, kept):
    assert attach(PCAPNG + bytes(24), name).name == kept


def test_a_note_is_kept_as_one_line_with_its_slashes(attach, water):
    capture = attach(water, note=" Cabinet 3/4,\r\nport 7\u202e ")
    assert capture.note == "Cabinet 3/4, port 7"
