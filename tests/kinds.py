"""The kinds of tests that `make test` leaves out, and where the tests of each kind are.

A test that opens a Chromium has the mark `browser`, in whatever folder. A test that measures a row
of the fault matrix is in tests/faults, with all others that harm processes of their own. What tries
the whole product for a row of the abuse matrix is in tests/abuse; what tries one room for such a
row is beside the room's other tests, and `make test` runs it. `make fast` takes of these what asks
for no server.
"""

from collections.abc import Iterable, Iterator

import pytest

FAULTS = "tests/faults/"


def wrong_kinds(items: Iterable[pytest.Item]) -> Iterator[str]:
    """Yield a sentence for each test that `make test` would run, or leave out, by mistake."""
    for item in items:
        opens = "chromium" in getattr(item, "fixturenames", ())
        is_marked = item.get_closest_marker("browser") is not None
        if opens and not is_marked:
            yield f"{item.nodeid} opens a browser: mark it with pytest.mark.browser."
        if is_marked and not opens:
            yield f"{item.nodeid} is marked as a test in a browser and opens none."
        if item.get_closest_marker("fault") and not item.nodeid.startswith(FAULTS):
            yield f"{item.nodeid} measures a row of the fault matrix: move it to {FAULTS}."


def needs_servers(item: pytest.Item) -> bool:
    """Whether a test works on the database or the broker."""
    asked = "servers" in getattr(item, "fixturenames", ())
    return asked or item.get_closest_marker("django_db") is not None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Nothing is run where a test is of the wrong kind."""
    if wrong := list(wrong_kinds(items)):
        raise pytest.UsageError("\n".join(wrong))
    if config.getoption("--without-servers"):
        left_out = [item for item in items if needs_servers(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not needs_servers(item)]
