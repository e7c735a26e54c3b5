"""A clock that moves only when told, and a SOC desk."""

from datetime import timedelta

import pytest

from tests import cast
from tests.alerts.incidents.decisions import SocDesk
from tests.conftest import NOON
from tests.factories.incidents import make_workspace
from tests.memory_sentinel import MemorySentinel


class Clock:
    """The unshifted clock of a test."""

    def __init__(self):
        self.at = NOON

    def go(self, **by):
        self.at += timedelta(**by)
        return self.at


@pytest.fixture
def clock(monkeypatch, noon):
    clock = Clock()
    monkeypatch.setattr("portal.clock.unshifted", lambda: clock.at)
    return clock


@pytest.fixture
def desk(db, clock):
    return SocDesk(make_workspace(), MemorySentinel(), clock)


@pytest.fixture
def sam(desk, make_person):
    return desk.soc(make_person, cast.SAM)
