"""The WSGI door, for gunicorn, which loads it once and then forks (`--preload`): nothing here may
ask the database or start a thread.
"""

import os
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

from portal.runtime.garbage import collect_rarely
from portal.runtime.read_settings import settings_or_exit

collect_rarely()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
settings_or_exit(4)
_django = get_wsgi_application()
import_module(settings.ROOT_URLCONF)  # all pages: else each process would at its first request
HEALTH = {"/healthz", "/readyz"}  # which answer in time also while the database does not


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer a request."""
    if environ["PATH_INFO"] in HEALTH:
        environ.pop("HTTP_COOKIE", None)  # of a session that would be read from the database
        return _django(environ, start_response)
    return _ready()(environ, start_response)


@cache
def _ready() -> WSGIHandler:
    """Return Django once this process has loaded the imported release of ATT&CK: at the first
    request, after the server has forked and when the database is there.
    """
    from portal.attack.releases import use_latest_release

    use_latest_release()
    return _django
