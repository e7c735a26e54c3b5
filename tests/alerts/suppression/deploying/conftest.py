"""A workspace with a plant behind it, the two who sign, and a Sentinel in memory."""

from datetime import timedelta

import pytest

from alerts.outbox.services.deliver_rules import deliver_one_rule
from alerts.rules.guards.signing import SigningSide
from alerts.suppression.deploying.watchlist_switch import propose_watchlist, sign_watchlist
from tests import cast
from tests.alerts.suppression.deploying.plant import TYPE, furnish, signed
from tests.alerts.suppression.deploying.watchlists import Lists, pairs
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_site, make_workspace, new_alert
from tests.memory_sentinel import MemorySentinel


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


@pytest.fixture
def version(workspace, site, oda, leo):
    return signed(pairs(), by=(oda, leo), workspaces=[workspace], sites=[site])


@pytest.fixture
def request_on(version, workspace, oda, leo):
    request = propose_watchlist(workspace=workspace, side=SigningSide.OT, by=oda, now=NOON)
    for side, by in ((SigningSide.OT, oda), (SigningSide.SOC, leo)):
        sign_watchlist(
            request_id=request.pk,
            side=side,
            by=by,
            seen_hash=request.text_hash,
            proved_at=NOON,
            now=NOON,
        )
    request.refresh_from_db()
    return request


@pytest.fixture
def lists(far, clock, workspace):
    return Lists(far, clock, workspace)


@pytest.fixture
def raw(workspace, site):
    """`raw(…)` is an alert that no incident names, an hour after the list went on."""

    def made(**columns):
        beside = make_incident(workspace)
        values = {
            "site": site,
            "alert_type": TYPE,
            "severity": 3,
            "source_device": "HIST-GD-01",
            "destination_device": "PLC-21",
            "at": NOON + timedelta(hours=1),
        }
        alert = new_alert(beside, **values | columns)
        alert.save(force_insert=True)
        return alert

    return made
