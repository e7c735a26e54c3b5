"""Name the suite's own PostgreSQL before Django reads its settings; tests/servers.py starts it."""

import gc
import os
from pathlib import Path

import pytest

gc.disable()  # until all is imported and collected: looking for garbage is a quarter of that
home = Path(__file__).resolve().parent
os.environ["DATA_DIR"] = os.environ.get("TAGOUT_TEST_DATA") or str(home / ".data" / "tests")
os.environ.pop("SECRET_KEY", None)
if os.environ.get("TAGOUT_TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["TAGOUT_TEST_DATABASE_URL"]
data = Path(os.environ["DATA_DIR"])
(data / "static").mkdir(parents=True, exist_ok=True)

import embedded  # noqa: E402  (the environment comes first)

if not embedded.is_set("DATABASE_URL"):
    os.environ["DATABASE_URL"] = embedded.database_url(data)
    os.environ["TAGOUT_EMBEDDED"] = "1"
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(data / "hypothesis"))
os.environ["DJANGO_SETTINGS_MODULE"] = "alerts.demo.settings"

from portal.compile_messages import compile_messages  # noqa: E402  (tests read the words as users do)

compile_messages()

import django  # noqa: E402  (only now is there a database to name)

django.setup()

pytest_plugins = [
    "tests.abuse.matrix",
    "tests.browser",
    "tests.faults.matrix",
    "tests.kinds",
    "tests.reuse",
    "tests.rewriting",
    "tests.servers",
    "tests.worker_roles",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """A short form, and the long ones of faults, abuse, pairs of rules and facts, captures."""
    parser.addoption("--without-servers", action="store_true", help="no database, no broker")
    parser.addoption("--long-faults", action="store_true", help="full numbers of the fault matrix")
    parser.addoption("--long-history", action="store_true", help="read 200,000 incidents back")
    parser.addoption("--fault-table", action="store_true", help="end with the fault matrix")
    parser.addoption("--long-abuse", action="store_true", help="full numbers of the abuse matrix")
    parser.addoption("--write-rights", action="store_true", help="write tests/rights.toml")
    parser.addoption("--long-api", action="store_true", help="the API against Schemathesis")
    parser.addoption(
        "--long-fuzz", action="store_true", help="100,000 mutated captures instead of 400"
    )
    parser.addoption(
        "--all-pairs", action="store_true", help="100,000 pairs of rule and facts instead of 12,000"
    )
