from datetime import timedelta

import pytest

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.suppression.enforcing.attacks import BY_PLC, watch
from tests.alerts.suppression.enforcing.floor import Floor
from tests.conftest import NOON, add_person
from tests.factories.incidents import make_site, make_workspace
from tests.memory_sentinel import MemorySentinel
from tests.reuse import reuse_rows


class Clock:
    """The unshifted clock of a test."""

    def __init__(self):
        self.at = NOON

    def go(self, **by):
        self.at += timedelta(**by)


@reuse_rows
def floor_at_noon(db):
    """A floor whose clocks are not in force: other rows that tests share are written on it."""
    workspace, site = make_workspace(), make_site()
    people = (
        add_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid)),
        add_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid)),
    )
    return Floor(workspace, MemorySentinel(starts_at=NOON), Clock(), people)


@pytest.fixture
def floor(floor_at_noon, noon, monkeypatch):
    """The same, with its clocks in force."""
    monkeypatch.setattr("portal.clock.unshifted", lambda: floor_at_noon.clock.at)
    return floor_at_noon


@reuse_rows
def closed_by_rule(floor_at_noon):
    """R-12 has closed what EWS-07 does to PLC-21; R-13 covers both PLCs, whoever asks."""
    floor = floor_at_noon
    with floor.clocks():
        floor.version = floor.rule(number=12)
        floor.other = floor.rule(BY_PLC, number=13)
        floor.target = floor.incident()
        floor.decide()
        floor.deliver()
        assert watch(floor) == 0
    return floor


@pytest.fixture
def closed(closed_by_rule, floor):
    return floor
