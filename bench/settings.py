"""Tagout's settings with one more address: the bare list beside its queue page."""

from portal.settings import *  # noqa: F403  (that is what settings on top of settings are)
from portal.settings import BASE_DIR, TEMPLATES

ROOT_URLCONF = "bench.addresses"
TEMPLATES[0]["DIRS"] = [*TEMPLATES[0]["DIRS"], BASE_DIR / "bench" / "templates"]
