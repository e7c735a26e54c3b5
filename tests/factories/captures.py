"""Captures of incidents as rows, without a file that was sent."""

import hashlib
from typing import Any

from alerts.captures.models import Capture, CapturePart
from alerts.incidents.models import Incident
from portal.accounts.models import User
from portal.jobs.models import State
from tests.factories.incidents import NOON


def make_capture(incident: Incident, *, by: User, data: bytes = b"", **columns: Any) -> Capture:
    """A capture out of quarantine, with the bytes of its file and nothing read of them."""
    kept = data or b"\xd4\xc3\xb2\xa1" + bytes(20)
    given = {
        "name": f"{incident.number}.pcap",
        "format": "pcap",
        "size": len(kept),
        "sha256": hashlib.sha256(kept).hexdigest(),
        "attached_at": NOON,
        "due_at": NOON,
        "state": State.DONE,
    }
    capture = Capture.objects.create(incident=incident, by=by, **given | columns)
    CapturePart.objects.create(capture=capture, kind=CapturePart.Kind.FILE, number=0, data=kept)
    return capture
