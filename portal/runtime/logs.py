"""Log lines as JSON or for a terminal: one event is one line, whatever is in it (A35)."""

import json
import logging
import os
import re

# C0 and C1 controls, and what some terminals take for the end of a line
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON; control characters cannot break out of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; `fields`, where a record has them, are beside the message."""
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class ConsoleLines(logging.Formatter):
    """Formats a record for people at a terminal: the message is one line, whatever is in it. Only a
    traceback has lines of its own.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line with control characters escaped, as Python writes them in a literal."""
        return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], super().formatMessage(record))


def write_log_line(message: str, _file: object = None) -> None:
    """Write one line of the log from the handler of a signal, where logging may be in the middle
    of another.
    """
    record = logging.LogRecord("celery.worker", logging.INFO, "", 0, message, None, None)
    os.write(2, (JsonLines().format(record) + "\n").encode())
