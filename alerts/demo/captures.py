"""The demo's captures: what somebody of the SOC took from a mirror port for a few incidents.

They are captures of the lessons (training/content/captures), each with an incident that tells the
same story, moved in time so that it begins before the first alert.
"""

import io
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from alerts.captures.models import Capture
from alerts.captures.services import attach_capture
from alerts.incidents.models import Incident, Status
from portal.accounts.models import User

LEAD = timedelta(seconds=45)  # between the first packet and the first alert
_HEADER, _RECORD = 24, struct.Struct("<IIII")  # of pcap, little endian


@dataclass(frozen=True, slots=True)
class Story:
    """A capture and the incidents that it would belong to: one of these alerts between two of these
    devices.
    """

    file: str
    alert_types: tuple[str, ...]
    devices: tuple[str, ...]
    note: str


STORIES = (
    Story(
        "operations-historian.pcap",
        ("Unauthorized OPC UA Request/Response", "OPC UA Service Request Failed"),
        ("HIST-GD-01", "SCADA-GD-01"),
        "Mirror port of the operations network",
    ),
    Story(
        "pump-two-restarts.pcap",
        ("Outstation Restarted", "Event Buffer Overflow in Outstation"),
        ("RTU-PMP-11", "RTU-PMP-12", "SCADA-GD-01"),
        "Mirror port at the pumping stations",
    ),
    Story(
        "water-two-writers.pcap",
        ("Controller Reset", "Unpermitted Usage of Modbus Function Code"),
        ("ENG-WS-03", "HMI-WTP-01", "PLC-WTP-01"),
        "Mirror port of the water works",
    ),
)


def attach_captures(*, folder: Path, by: User, now: datetime, unshifted: datetime) -> int:
    """Attach each capture to the latest incident of its story, an open one if there is any; return
    how many were attached. One that was attached stays where it is.
    """
    attached = 0
    for story in STORIES:
        incident = None if _is_attached(story.file) else _incident_of(story)
        if incident is None or incident.first_activity_at is None:
            continue
        data = moved_to((folder / story.file).read_bytes(), incident.first_activity_at - LEAD)
        attach_capture(
            incident_id=incident.pk,
            file=io.BytesIO(data),
            name=story.file,
            note=story.note,
            by=by,
            now=now,
            unshifted=unshifted,
        )
        attached += 1
    return attached


def _is_attached(name: str) -> bool:
    return Capture.objects.filter(name=name).exists()


def _incident_of(story: Story) -> Incident | None:
    found = Incident.objects.filter(
        alert_type__in=story.alert_types,
        source__in=story.devices,
        destination__in=story.devices,
    ).exclude(first_activity_at=None)
    latest = found.order_by("-first_activity_at", "pk")
    return latest.exclude(status=Status.CLOSED).first() or latest.first()


def moved_to(data: bytes, begin: datetime) -> bytes:
    """Return a pcap file with its packets moved in time, so that the first comes at `begin`."""
    moved, shift = bytearray(data), None
    for at in _record_offsets(data):
        seconds, *rest = _RECORD.unpack_from(data, at)
        shift = int(begin.timestamp()) - seconds if shift is None else shift
        _RECORD.pack_into(moved, at, seconds + shift, *rest)
    return bytes(moved)


def _record_offsets(data: bytes) -> Iterable[int]:
    at = _HEADER
    while at < len(data):
        yield at
        at += _RECORD.size + _RECORD.unpack_from(data, at)[2]
