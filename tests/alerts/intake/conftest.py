import pytest

from alerts.sentinel.client.memory import MemorySentinel
from tests.factories.incidents import NOON, make_workspace


@pytest.fixture
def workspace(db, monkeypatch):
    monkeypatch.setattr("portal.clock.now", lambda: NOON)
    return make_workspace()


@pytest.fixture
def sentinel():
    return MemorySentinel()
