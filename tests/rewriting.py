"""Processes of a parallel run rewrite the asserts of the suite once, not each for itself.

pytest keeps a rewritten module as bytecode. All processes begin at the same time and with the same
module, so that on a fresh clone none finds what another has written: two thirds of the time until
the first test. Each therefore imports a share of its own first.
"""

import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent


def modules_of_share(share: int, *, of: int) -> Iterator[str]:
    """Yield the names of the test modules that process number `share` imports first."""
    files = sorted((HOME / "tests").rglob("test_*.py"))
    for file in files[share::of]:
        yield ".".join(file.relative_to(HOME).with_suffix("").parts)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Import a share of the modules where the whole suite is run by several processes. What cannot
    be imported is told by the collection.
    """
    process = getattr(session.config, "workerinput", None)
    is_whole = session.config.args == session.config.getini("testpaths")
    if process is None or not is_whole or sys.dont_write_bytecode:
        return
    share, of = int(process["workerid"].removeprefix("gw")), process["workercount"]
    for name in modules_of_share(share, of=of):
        with suppress(Exception):
            import_module(name)
