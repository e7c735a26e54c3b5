"""The WSGI door, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from portal.errors import settings_or_exit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
settings_or_exit(4)  # with which gunicorn starts no second worker that would say the same
application = get_wsgi_application()
