import pytest

from tests.factories.incidents import NOON, make_workspace
from tests.memory_sentinel import MemorySentinel


@pytest.fixture
def workspace(db, monkeypatch):
    monkeypatch.setattr("portal.clock.now", lambda: NOON)
    return make_workspace()


@pytest.fixture
def sentinel():
    return MemorySentinel()
