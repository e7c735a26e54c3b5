"""The heartbeat: one line a minute outside (`HEARTBEAT`), as long as the auditor found no fault.

Whoever watches the line raises the alarm when it stays away. Nothing is sent twice or later: a
heartbeat that did not go out is missing.
"""

import logging
from datetime import datetime

from django.conf import settings

from portal.jobs.auditor import AUDITED, MAX_AGE
from portal.jobs.queries import notes_of
from portal.jobs.services import keep_note
from portal.runtime.sinks import send_line

SENT = "heartbeat.sent"  # the kind of the note

log = logging.getLogger(__name__)


def send_heartbeat(*, now: datetime) -> bool:
    """Send one line for the auditor's latest look, if that is new and found no fault. `now` is
    `clock.unshifted()`. Returns whether a line went out.
    """
    place = settings.HEARTBEAT
    note = next(iter(notes_of(AUDITED)), None)
    if place is None or note is None or note.at is None or now - note.at > MAX_AGE:
        return False
    sent = next(iter(notes_of(SENT)), None)
    look = note.at.isoformat()
    if note.payload.get("faults") or (sent and sent.payload.get("look") == look):
        return False
    sick = len(note.payload.get("sick", {}))
    line = f"tagout heartbeat at={look} workspaces={note.payload.get('watched', 0)} sick={sick}"
    try:
        send_line(line, place, log=log)
    except OSError as error:
        log.error("The heartbeat could not be sent to %s: %s", place.geturl(), error)
        return False
    keep_note(kind=SENT, key="installation", now=now, payload={"look": look})
    return True
