"""Servers start only for tests that ask for them."""

import os
import subprocess
import sys

from tests.architecture.tree import HOME
from tests.servers import migrations_digest

PURE = "tests/alerts/incidents/test_tokens.py"


def test_a_run_of_pure_tests_starts_no_server(tmp_path):
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_URL", "REDIS_URL", "TAGOUT_", "PYTEST_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", PURE],
        cwd=HOME,
        env=environment | {"TAGOUT_TEST_DATA": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert {path.name for path in tmp_path.iterdir()}.isdisjoint(
        {"postgres", "valkey", "in-use.lock"}
    )


def test_a_new_migration_makes_a_new_template(tmp_path, monkeypatch):
    folder = tmp_path / "portal" / "room" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_first.py").write_text("first")
    monkeypatch.setattr("tests.servers.HOME", tmp_path)
    before = migrations_digest()
    (folder / "0002_second.py").write_text("second")
    assert migrations_digest() != before
