"""A workspace with a plant behind it, the two who sign, and a Sentinel in memory."""

from datetime import timedelta

import pytest

from alerts.outbox.services.deliver_rules import deliver_one_rule
from alerts.rules.guards.signing import SigningSide
from alerts.suppression.deploying.watchlist_switch import propose_watchlist, sign_watchlist
from tests.alerts.suppression.deploying.plant import TYPE, furnish, signed
from tests.alerts.suppression.deploying.watchlists import Lists, pairs
from tests.clocks import clocks_set, set_clocks
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_workspace, new_alert
from tests.memory_sentinel import MemorySentinel
from tests.reuse import reuse_rows


class Clocks:
    """Business time and the unshifted clock, moved together."""

    def __init__(self):
        self.at = NOON

    def go(self, **by):
        self.at += timedelta(**by)
        return self.at

    def read(self):
        return self.at

    def in_force(self):
        """Both clocks are these for a while."""
        return clocks_set(business=self.read, unshifted=self.read)


@reuse_rows
def clocks(db):
    """At noon: rows that tests share are written at a moment of theirs, too."""
    return Clocks()


@pytest.fixture(autouse=True)
def clock(clocks, monkeypatch):
    set_clocks(monkeypatch, business=clocks.read, unshifted=clocks.read)
    return clocks


@reuse_rows
def workspace(site):
    made = make_workspace()
    furnish(made, site)
    return made


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


@reuse_rows
def far(clocks):
    return Far(clocks)


@reuse_rows
def version(workspace, site, oda, leo):
    return signed(pairs(), by=(oda, leo), workspaces=[workspace], sites=[site])


@reuse_rows
def request_on(clocks, version, workspace, oda, leo):
    with clocks.in_force():
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


@reuse_rows
def lists(far, clocks, workspace):
    return Lists(far, clocks, workspace)


@reuse_rows
def first_round(request_on, lists, clocks):
    """The rows and the open gate are in Sentinel since noon."""
    with clocks.in_force():
        lists.round()


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
