"""Where the head of the chain goes outside (`AUDIT_ANCHOR`): a log line, syslog, or a file."""

import hashlib
import logging
import sys
import time
from pathlib import Path

from django.conf import settings

from portal.audit.engine import Anchor, AnchorsRead, anchors_in
from portal.errors import Refused
from portal.runtime.sinks import send_line

STANDARD_INPUT = Path("-")

log = logging.getLogger(__name__)  # of settings.LOGGING: heard at every LOG_LEVEL


def keep_outside(anchor: Anchor, *, is_restored: bool = False) -> str:
    """Write the head, or where a restored record ends, where the database cannot reach it. Where
    that fails the log has it. Returns the line.
    """
    place = settings.AUDIT_ANCHOR
    at = time.time_ns() // 1000  # by our own clock: the database's is in its owner's hands
    line = anchor.restored_line(_key(), at=at) if is_restored else anchor.line(_key(), at=at)
    try:
        send_line(line, place, log=log)
    except OSError as error:
        log.error("%s (could not be kept at %s: %s)", line, place.geturl(), error)
    return line


def read_anchors(file: Path | None = None) -> AnchorsRead:
    """Return the heads in this file, or in the one that `AUDIT_ANCHOR` names and that is there;
    `-` is standard input.
    """
    own = Path(settings.AUDIT_ANCHOR.path) if settings.AUDIT_ANCHOR.scheme == "file" else None
    path = file or own
    if path is None or (file is None and not path.exists()):
        return AnchorsRead()
    if file == STANDARD_INPUT:
        return anchors_in(sys.stdin, _key())
    try:
        with path.open(encoding="utf-8", errors="replace") as opened:
            return anchors_in(opened, _key())
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error


def _key() -> bytes:
    """Return the mark of our lines, which needs the SECRET_KEY."""
    return hashlib.sha256(f"portal.audit.anchors {settings.SECRET_KEY}".encode()).digest()
