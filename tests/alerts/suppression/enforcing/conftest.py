from datetime import timedelta

import pytest

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.suppression.enforcing.floor import Floor
from tests.conftest import NOON
from tests.factories.incidents import make_site, make_workspace
from tests.memory_sentinel import MemorySentinel


class Clock:
    """The unshifted clock of a test."""

    def __init__(self):
        self.at = NOON

    def go(self, **by):
        self.at += timedelta(**by)


@pytest.fixture
def floor(db, monkeypatch, noon, make_person):
    clock, workspace, site = Clock(), make_workspace(), make_site()
    monkeypatch.setattr("portal.clock.unshifted", lambda: clock.at)
    people = (
        make_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid)),
        make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid)),
    )
    return Floor(workspace, MemorySentinel(starts_at=NOON), clock, people)
