"""Log lines as JSON: one event is one line, whatever is in it (reliability A35)."""

import json
import logging


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON; control characters cannot break out of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)
