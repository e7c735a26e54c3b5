"""Send lines to a place out of reach of who can rewrite the database: log, syslog or a file."""

import logging
import os
import socket
from pathlib import Path
from urllib.parse import SplitResult

_PORT = 514
_AUTH_INFO = 4 * 8 + 6  # facility and severity (RFC 3164)


def send_line(line: str, place: SplitResult, *, log: logging.Logger) -> None:
    """Send one line to a place as settings name it; raises OSError where that fails."""
    if place.scheme == "syslog":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.sendto(
                f"<{_AUTH_INFO}>{line}".encode(), (place.hostname or "", place.port or _PORT)
            )
    elif place.scheme == "file":
        with Path(place.path).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    else:
        log.info(line)
