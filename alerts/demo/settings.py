"""Settings of a source tree: production's and the commands of the demo, which no image has."""

from portal.settings import *  # noqa: F403  (settings on top of settings)
from portal.settings import INSTALLED_APPS as PRODUCTION_APPS

INSTALLED_APPS = ["alerts.demo", *PRODUCTION_APPS]
