"""Log lines as JSON: one event is one line, whatever is in it (reliability A35)."""

import json
import logging
import os


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON; control characters cannot break out of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; `fields`, where a record has them, stand beside the message."""
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


def say(message: str, _file: object = None) -> None:
    """Write one line of the log from the handler of a signal, where logging may be in the middle
    of another.
    """
    record = logging.LogRecord("celery.worker", logging.INFO, "", 0, message, None, None)
    os.write(2, (JsonLines().format(record) + "\n").encode())
