"""Where the head of the chain goes outside (`AUDIT_ANCHOR`): a log line, syslog, or a file."""

import logging
import os
import socket
from pathlib import Path

from django.conf import settings

from portal.audit.engine import Anchor, anchors_in
from portal.errors import Refused

_PORT = 514
_AUTH_INFO = 4 * 8 + 6  # facility and severity (RFC 3164)

log = logging.getLogger(__name__)  # of settings.LOGGING: heard at every LOG_LEVEL


def keep_outside(anchor: Anchor) -> None:
    """Write the head where the database cannot reach it. Where that fails it stands in the log."""
    place = settings.AUDIT_ANCHOR
    try:
        if place.scheme == "syslog":
            _to_syslog(anchor, place.hostname or "", place.port or _PORT)
        elif place.scheme == "file":
            _to_file(anchor, Path(place.path))
        else:
            log.info(anchor.line())
    except OSError as error:
        log.error("%s (could not be kept at %s: %s)", anchor.line(), place.geturl(), error)


def read_anchors(file: Path | None = None) -> list[Anchor]:
    """Return the heads in this file, or in the one that `AUDIT_ANCHOR` names and that is there."""
    own = Path(settings.AUDIT_ANCHOR.path) if settings.AUDIT_ANCHOR.scheme == "file" else None
    path = file or own
    if path is None or (file is None and not path.exists()):
        return []
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return anchors_in(lines)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error


def _to_syslog(anchor: Anchor, host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(f"<{_AUTH_INFO}>{anchor.line()}".encode(), (host, port))


def _to_file(anchor: Anchor, path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(anchor.line() + "\n")
        file.flush()
        os.fsync(file.fileno())
