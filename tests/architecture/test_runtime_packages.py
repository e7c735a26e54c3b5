"""What runs in production needs only requirements.lock: packages for tests must not be missed."""

import re
import subprocess
import sys

from tests.architecture.tree import HOME

BLOCK = """
import importlib.metadata as md, sys
names = {name.lower().replace("_", "-") for name in sys.argv[1].split(",")}
tops = {top for top, owners in md.packages_distributions().items()
        if {owner.lower().replace("_", "-") for owner in owners} <= names}
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in tops:
            raise ModuleNotFoundError(f"{name} is installed for tests only", name=name)
sys.meta_path.insert(0, Refuse())
import django
django.setup()
import kombu.transport.redis, gunicorn.app.wsgiapp, alerts.simulator.running, alerts.demo.__main__
from portal.celery import app
app.loader.import_default_modules()
app.finalize()
from django.core.management import get_commands, load_command_class
from django.urls import get_resolver
get_resolver().url_patterns
for name, owner in get_commands().items():
    if owner.split(".")[0] in {"portal", "alerts", "training"}:
        load_command_class(owner, name)
"""


def locked(file):
    return set(re.findall(r"^([\w.-]+)==", (HOME / file).read_text(), re.M))


def test_everything_that_runs_is_imported_without_the_packages_for_tests():
    for_tests = locked("requirements-dev.lock") - locked("requirements.lock")
    assert "pytest" in for_tests
    done = subprocess.run(
        [sys.executable, "-c", BLOCK, ",".join(sorted(for_tests))],
        cwd=HOME, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
