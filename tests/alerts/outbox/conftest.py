"""A Sentinel in memory, a workspace, and a clock that moves only when told."""

import uuid
from datetime import timedelta

import pytest

from alerts.outbox.engine.merge import base_for
from alerts.outbox.services.deliver import deliver_one
from alerts.outbox.services.enqueue import PendingWrite, enqueue_changes
from portal.accounts.models import User
from tests.alerts.outbox.bench import Bench
from tests.conftest import NOON
from tests.decided import allow_every_row
from tests.factories.changes import enqueue_comment, enqueue_update
from tests.factories.incidents import make_workspace
from tests.memory_sentinel import MemorySentinel
from tests.reuse import reuse_rows


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


@reuse_rows
def workspace(db):
    return make_workspace()


@pytest.fixture
def sentinel():
    return MemorySentinel()


class Desk:
    """Owes and delivers as a person's click and a worker would."""

    def __init__(self, workspace, sentinel):
        self.workspace, self.sentinel, self.pauses = workspace, sentinel, []

    @property
    def person(self):
        """Whoever decides here, where a test names nobody."""
        values = {"name": "Nina Roth", "email": "nina@plant.example"}
        return User.objects.filter(email=values["email"]).first() or User.objects.create(**values)

    def enqueue(self, name, patch, **arguments):
        properties = self.sentinel.incidents[name]["properties"]
        where = {"workspace_id": self.workspace.pk, "incident_name": name}
        who = {"act": uuid.uuid4(), "by": self.person, "by_label": "Sam Keller", "now": NOON}
        return enqueue_update(
            patch=patch, base=base_for(patch, properties), **where, **who | arguments
        )

    def enqueue_of_rules(self, name, patch, kind):
        """Owe what rules do: in no person's name, and checked again."""
        base = base_for(patch, self.sentinel.incidents[name]["properties"])
        wish = PendingWrite(self.workspace.pk, name, patch, base, patch_kind=kind)
        subject = {"incident": 1, "versions": {}, "alerts": []}
        who = {"act": uuid.uuid4(), "by": None, "by_label": "R-12", "now": NOON}
        return enqueue_changes(wishes=[wish], check_args=subject, **who)[0]

    def say(self, name, message, **arguments):
        where = {"workspace_id": self.workspace.pk, "incident_name": name}
        who = {"act": uuid.uuid4(), "by": self.person, "by_label": "Sam Keller", "now": NOON}
        return enqueue_comment(message=message, **where, **who | arguments)

    def deliver(self, **arguments):
        return deliver_one(
            now=NOON, connect=lambda *_: self.sentinel, pause=self.pauses.append, **arguments
        )

    def deliver_all(self):
        done = []
        while one := self.deliver():
            done.append(one.outcome)
        return done

    def properties(self, name):
        return self.sentinel.incidents[name]["properties"]


@pytest.fixture
def desk(workspace, sentinel, clock):
    return Desk(workspace, sentinel)


@pytest.fixture
def bench(workspace, sentinel, clock, monkeypatch):
    allow_every_row(monkeypatch)
    return Bench(workspace, sentinel)
