"""`check --deploy`: names each setting that a production installation must give."""

import os
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

WANTED = {
    "DATABASE_URL": "The database is the embedded one. Set DATABASE_URL to a PostgreSQL 18 server.",
    "REDIS_URL": "The broker is the embedded one. Set REDIS_URL to a Redis-protocol server.",
    "SECRET_KEY": "The secret key is this data folder's own. Set SECRET_KEY, the same everywhere.",
    "ALLOWED_HOSTS": "Only localhost is served. Set ALLOWED_HOSTS to the names people use.",
    "TRUSTED_PROXIES": "Everybody would sign in from the address of the proxy in front. Set"
    " TRUSTED_PROXIES to how many proxies there are; 0 says that there is none.",
    "EMAIL_URL": "Mails go nowhere. Set EMAIL_URL to a mail server (smtp://…).",
}


@register(deploy=True)
def name_missing_settings(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """One warning a setting."""
    embedded = settings.EMBEDDED
    missing: list[CheckMessage] = [
        Warning(words, id=f"tagout.{name}")
        for name, words in WANTED.items()
        if not (os.environ.get(name) or os.environ.get(f"{name}_FILE"))
        or (embedded and name in {"DATABASE_URL", "REDIS_URL"})
    ]
    if not settings.PUBLIC_URL.startswith("https://"):
        missing.append(
            Warning(
                "PUBLIC_URL does not start with https://: cookies and mails would travel open.",
                id="tagout.PUBLIC_URL",
            )
        )
    return missing
