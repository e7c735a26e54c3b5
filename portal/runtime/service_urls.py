"""The far ends in the settings: our own address, the database, the broker, the mail server."""

import re
import socket
from collections.abc import Collection
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote

from portal.errors import Misconfigured
from portal.runtime import env

_DATABASE_PARAMETERS = ("sslmode", "sslrootcert", "sslcert", "sslkey")
_BROKER_PARAMETERS = (
    "ssl_cert_reqs",
    "ssl_ca_certs",
    "ssl_certfile",
    "ssl_keyfile",
    "ssl_check_hostname",
)
_MAIL_PARAMETERS = ("tls",)
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# A server whose packets get lost, and that refuses nothing, is given up after so many seconds: one
# that is not reached, one that is silent, one that does not confirm what was sent to it.
CONNECT_SECONDS = 5
KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT = 10, 5, 3
UNCONFIRMED_MS = 20_000
ABANDONED_MS = 90_000  # longer than any task may run


def public_url() -> SplitResult:
    """Where people reach us."""
    parts = env.address("PUBLIC_URL", "http://localhost:8000", ("http", "https"))
    if not parts.hostname:
        raise Misconfigured("PUBLIC_URL names no host: https://tagout.plant.example.")
    return parts


def database() -> dict[str, object]:
    """Return the settings of PostgreSQL as Django expects them."""
    here = "postgresql://localhost/tagout"
    parts = env.address("DATABASE_URL", here, ("postgresql", "postgres"))
    host = unquote(parts.hostname or "")
    options = _parameters("DATABASE_URL", parts, _DATABASE_PARAMETERS)
    if parts.netloc.rpartition("@")[2].startswith("%2F"):
        host = unquote(parts.netloc.rpartition("@")[2])  # a folder of sockets; keep its letter case
    if not parts.path.lstrip("/"):
        raise Misconfigured("DATABASE_URL names no database: postgresql://user@host:5432/name.")
    if (mode := options.get("sslmode", "prefer")) not in _SSL_MODES:
        modes = ", ".join(_SSL_MODES)
        raise Misconfigured(f"DATABASE_URL says sslmode={mode[:20]!r}: use one of {modes}.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "options": f"-c statement_timeout={env.whole_number('STATEMENT_TIMEOUT_MS', 15000)}"
            f" -c lock_timeout={env.whole_number('LOCK_TIMEOUT_MS', 3000)} -c timezone=UTC"
            # The server, too, gives up who is silent: packets lost, it would keep a transaction
            # open, and its rows locked, for as long as TCP is patient: two hours.
            f" -c idle_in_transaction_session_timeout={ABANDONED_MS}"
            f" -c tcp_keepalives_idle={KEEPALIVE_IDLE}"
            f" -c tcp_keepalives_interval={KEEPALIVE_INTERVAL}"
            f" -c tcp_keepalives_count={KEEPALIVE_COUNT}",
            "application_name": env.text("TAGOUT_PROCESS", "tagout"),
            "connect_timeout": CONNECT_SECONDS,
            "keepalives": 1,
            "keepalives_idle": KEEPALIVE_IDLE,
            "keepalives_interval": KEEPALIVE_INTERVAL,
            "keepalives_count": KEEPALIVE_COUNT,
            "tcp_user_timeout": UNCONFIRMED_MS,
            **options,
        },
    }


def _parameters(name: str, parts: SplitResult, allowed: Collection[str]) -> dict[str, str]:
    """Return the parameters of a URL. One that means nothing here is refused, because whoever wrote
    it counts on it; it is named only if it looks like a name, and not like a part of a password.
    """
    values = parse_qs(parts.query, keep_blank_values=True)
    for parameter in values:
        if parameter not in allowed:
            found = repr(parameter) if re.fullmatch(r"[a-z_]{1,40}", parameter) else "one"
            raise Misconfigured(
                f"{name} has a parameter that is not supported, {found}: remove it. "
                + (f"Supported are {', '.join(allowed)}." if allowed else "None is supported.")
            )
    return {parameter: texts[0] for parameter, texts in values.items()}


def broker() -> str:
    """A server of the Redis protocol."""
    parts = env.address("REDIS_URL", "redis://127.0.0.1:6379/0", ("redis", "rediss"))
    if not parts.hostname or not re.fullmatch(r"/?[0-9]{0,4}", parts.path):
        raise Misconfigured("REDIS_URL must name a host and a number: redis://host:6379/0.")
    _parameters("REDIS_URL", parts, _BROKER_PARAMETERS if parts.scheme == "rediss" else ())
    return parts.geturl()


def broker_sockets() -> dict[str, object]:
    """Return the same bounds for connections to the broker, in the words of redis-py."""
    options = {"TCP_KEEPIDLE": KEEPALIVE_IDLE, "TCP_USER_TIMEOUT": UNCONFIRMED_MS}
    options |= {"TCP_KEEPINTVL": KEEPALIVE_INTERVAL, "TCP_KEEPCNT": KEEPALIVE_COUNT}
    return {
        "socket_timeout": CONNECT_SECONDS,
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_keepalive": True,
        "socket_keepalive_options": {
            getattr(socket, name): value for name, value in options.items() if hasattr(socket, name)
        },
    }


def mailer(default: str) -> dict[str, object]:
    """smtp://user:password@host:port (smtps:// and ?tls=1 for TLS), file:///folder, console."""
    parts = env.address("EMAIL_URL", default, ("smtp", "smtps", "file", "console", "locmem"))
    backend = "django.core.mail.backends."
    if parts.scheme in ("console", "locmem"):
        return {"BACKEND": f"{backend}{parts.scheme}.EmailBackend"}
    if parts.scheme == "file":
        if not parts.path.strip("/"):
            raise Misconfigured("EMAIL_URL names no folder: file:///var/mail/tagout.")
        return {
            "BACKEND": f"{backend}filebased.EmailBackend",
            "OPTIONS": {"file_path": unquote(parts.path)},
        }
    if not parts.hostname:
        raise Misconfigured("EMAIL_URL names no mail server: smtp://user:password@host:587?tls=1.")
    parameters = _parameters("EMAIL_URL", parts, _MAIL_PARAMETERS)
    return {
        "BACKEND": f"{backend}smtp.EmailBackend",
        "OPTIONS": {
            "host": parts.hostname,
            "port": parts.port or (465 if parts.scheme == "smtps" else 25),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_ssl": parts.scheme == "smtps",
            "use_tls": parameters.get("tls") == "1",
            "timeout": 10,
        },
    }


def mail_folder() -> Path | None:
    """Where mails lie that go into a folder, so that the demo can show them."""
    if not env.text("EMAIL_URL", "").startswith("file:"):
        return None
    return Path(unquote(env.address("EMAIL_URL", "", ("file",)).path))


def sender() -> str:
    """Who our mails come from."""
    value = env.text("EMAIL_FROM", "Tagout <tagout@localhost>")
    if not value.isprintable() or "@" not in parseaddr(value)[1]:
        raise Misconfigured(f"EMAIL_FROM is {value!r}: write Tagout <tagout@plant.example>.")
    return value


def heartbeat() -> SplitResult | None:
    """Where a line is sent each minute in which all is at work: as AUDIT_ANCHOR, or nowhere."""
    value = env.text("HEARTBEAT", "")
    return _outside("HEARTBEAT", value) if value else None


def audit_anchor() -> SplitResult:
    """Where the head of the audit record goes to: `log`, `syslog://host:514`, `file:///path`."""
    return _outside("AUDIT_ANCHOR", env.text("AUDIT_ANCHOR", "log"))


def _outside(name: str, value: str) -> SplitResult:
    if value == "log":
        return SplitResult("log", "", "", "", "")
    parts = env.address(name, value, ("syslog", "file"))
    if (parts.scheme == "syslog") != bool(parts.hostname) or (
        parts.scheme == "file" and not parts.path.strip("/")
    ):
        raise Misconfigured(f"{name} must be log, syslog://host:514 or file:///folder/file.")
    return parts
