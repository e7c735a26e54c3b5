"""What the web process logs, in the format of all others."""

from typing import Any

from gunicorn.glogging import Logger

from portal.runtime import env
from portal.runtime.logs import ConsoleLines, JsonLines


class WebLogger(Logger):  # type: ignore[misc]  # gunicorn is untyped
    """gunicorn's own log and a line for each request, as all other logs. Of an address only the
    path is logged: what people search for comes behind it.
    """

    def setup(self, cfg: Any) -> None:
        """Keep gunicorn's handlers, in our format."""
        super().setup(cfg)
        is_json = env.choice("LOG_FORMAT", "json", ("json", "console")) == "json"
        for handler in self.error_log.handlers + self.access_log.handlers:
            handler.setFormatter(JsonLines() if is_json else ConsoleLines())

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        """Log one request; the time is the application's, without that of its client."""
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        status = str(resp.status).partition(" ")[0]
        fields = {
            "method": method,
            "path": path[:500],
            "status": int(status) if status.isdecimal() else 0,
            "bytes": resp.sent,
            "ms": round(request_time.total_seconds() * 1000),
            "peer": environ.get("REMOTE_ADDR", ""),
            "forwarded_for": environ.get("HTTP_X_FORWARDED_FOR", "")[:200],
        }
        parts = (method, path[:500], status)
        self.access_log.info("%s %s %s", *parts, extra={"fields": fields})
