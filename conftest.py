"""Start the suite's own PostgreSQL and Valkey before Django reads its settings."""

import os
import tempfile
from pathlib import Path

import pytest

from portal import embedded

home = Path(__file__).resolve().parent
os.environ["DATA_DIR"] = os.environ.get("TAGOUT_TEST_DATA") or str(home / ".data" / "tests")
os.environ.pop("SECRET_KEY", None)
if os.environ.get("TAGOUT_TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["TAGOUT_TEST_DATABASE_URL"]
(Path(os.environ["DATA_DIR"]) / "static").mkdir(parents=True, exist_ok=True)
embedded.ensure_environment(Path(os.environ["DATA_DIR"]), durable=False)
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", tempfile.mkdtemp(prefix="hypothesis-"))
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"

from portal.words import compile_catalogues  # noqa: E402  (tests read the words as users do)

compile_catalogues()

import django  # noqa: E402  (only now is there a database to name)

django.setup()

from hypothesis import HealthCheck  # noqa: E402  (it reads where to keep examples at import)
from hypothesis import settings as hypothesis_settings  # noqa: E402  (as above)

# A loaded machine is slow, not wrong: examples are judged by what they show, not by the clock.
hypothesis_settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("house")

pytest_plugins = ["tests.browser"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long-faults`: the fault matrix with its full numbers; `--all-pairs`: rules and facts."""
    parser.addoption("--long-faults", action="store_true", help="full numbers of the fault matrix")
    parser.addoption(
        "--all-pairs", action="store_true", help="100,000 pairs of rule and facts instead of 12,000"
    )
