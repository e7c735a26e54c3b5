"""A workspace with a plant behind it, the two who sign, and a Sentinel in memory."""

from datetime import timedelta

import pytest

from alerts.outbox.services import deliver_one_rule
from alerts.sentinel.client.memory import MemorySentinel
from tests import cast
from tests.alerts.suppression.deploying.plant import furnish
from tests.conftest import NOON
from tests.factories.incidents import make_site, make_workspace


class Clocks:
    """Business time and the unshifted clock, moved together."""

    def __init__(self):
        self.at = NOON

    def go(self, **by):
        self.at += timedelta(**by)
        return self.at


@pytest.fixture
def clock(monkeypatch):
    clock = Clocks()
    monkeypatch.setattr("portal.clock.now", lambda: clock.at)
    monkeypatch.setattr("portal.clock.unshifted", lambda: clock.at)
    return clock


@pytest.fixture
def site(db):
    return make_site()


@pytest.fixture
def workspace(site):
    made = make_workspace()
    furnish(made, site)
    return made


@pytest.fixture
def oda(make_person, site):
    return make_person(cast.ODA, ("ot-engineer", "site", site.uuid))


@pytest.fixture
def leo(make_person, workspace):
    return make_person(cast.LEO, ("soc-lead", "workspace", workspace.uuid))


class Far:
    """A Sentinel in memory and all deliveries to it."""

    def __init__(self, clock):
        self.sentinel, self.clock = MemorySentinel(), clock

    def deliver(self):
        done = []
        while one := deliver_one_rule(
            now=self.clock.at, connect=lambda *_: self.sentinel, pause=lambda _: None
        ):
            done.append(one)
        return done

    @property
    def rules(self):
        """What stands there, by display name."""
        return {
            rule["properties"]["displayName"]: rule["properties"]
            for rule in self.sentinel.rules.values()
        }

    @property
    def gate(self):
        return self._of("Tagout gate")

    @property
    def rule(self):
        return self._of("Tagout R-")

    def _of(self, prefix):
        found = [rule for name, rule in self.rules.items() if name.startswith(prefix)]
        assert len(found) <= 1
        return found[0] if found else None


@pytest.fixture
def far(clock):
    return Far(clock)
