"""The processes are started once for all tests of this folder; each test says what it needs."""

from pathlib import Path

import pytest

from simulator.running import running_simulator
from tests.faults.outbox import SimulatedService
from tests.faults.processes.stack import Servers, Stack
from tests.servers import make_template


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """These tests come first. They take longest and stand in a row: at the end of a parallel run
    the other processes would wait for them, or take some over and start everything again.
    """
    here = Path(__file__).parent
    items.sort(key=lambda item: here not in item.path.parents)


@pytest.fixture(scope="package")
def stack(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        template = make_template()
        with running_simulator() as running:
            servers = Servers(folder / "servers")
            servers.fill(template)
            with servers.in_use():
                stack = Stack(folder, servers, SimulatedService(running, patch))
                try:
                    stack.have(beats=2)
                    stack.web.collect_static()
                    stack.web.start()
                    stack.populate()
                    yield stack
                finally:
                    stack.stop()
