"""A workspace comes to the Defender portal at any moment, and its reader and writer change sides at
any other, while people work on both ends and answers get lost: in the end both ends have the same.
"""

import json
import random
from contextlib import suppress
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from alerts.incidents.acts.close import close_incidents
from alerts.incidents.acts.triage import comment_on_incidents, label_incidents
from alerts.incidents.models import Incident
from alerts.outbox.models import Change, ChangeOutcome
from alerts.sentinel.client import client_for
from alerts.sentinel.services.workspaces import set_source
from alerts.sentinel.wire.incidents import read_incident_page
from portal import clock
from portal.errors import Refused
from portal.jobs.models import JobState
from simulator.running import running_simulator
from tests.faults.outbox import SimulatedService, deliver_all, let_holds_and_waits_pass

STEPS = 60
FAULTS = (
    {"drop": "before"},
    {"drop": "after"},
    {"status": 503},
    {"status": 500, "applied": True},
    {"body": "truncated"},
)
CLOSED = {
    "status": "Closed",
    "classification": "TruePositive",
    "classificationReason": "SuspiciousActivity",
}


class Life:
    """What happens on both ends, drawn from a seed."""

    def __init__(self, service, workspace, sam, seed):
        self.service, self.workspace, self.sam = service, workspace, sam
        self.control, self.rng = service.control, random.Random(seed)
        self.names, self.messages, self.merged = [], [], set()

    def live(self):
        """Onboarded at some step, read by Graph from some step on, and back and forth."""
        moves = {self.rng.randrange(10, 30): self.onboard}
        for step in sorted(self.rng.sample(range(15, STEPS), 4)):
            moves[step] = self.change_sides
        acts = [self.comes, self.comes, self.person, self.person, self.merge, self.fails]
        acts += [self.decide, self.decide, self.decide, self.sync, self.sync, self.deliver]
        for step in range(STEPS):
            moves.get(step, lambda: None)()
            self.rng.choice(acts)()
        self.control.clear_faults()
        for _ in range(4):
            self.sync()
            self.deliver()

    def onboard(self):
        self.control.onboard(self.workspace.name, incidents=self.rng.choice(["open", "all"]))

    def change_sides(self):
        self.workspace.refresh_from_db()
        set_source(
            name=self.workspace.name,
            source="arm" if self.workspace.source == "graph" else "graph",
            graph_endpoint=self.service.running.endpoint,
            by="tests",
            now=clock.now(),
        )

    def comes(self):
        properties = {"title": f"Happening {len(self.names)}", "severity": "Medium"}
        made = self.control.inject(workspace=self.workspace.name, properties=properties)
        self.names.append(made["name"])

    def person(self):
        """Somebody works in Sentinel, or in the portal."""
        change = self.rng.choice(
            [
                {"properties": {"severity": self.rng.choice(["High", "Low"])}},
                {"owner": self.rng.choice(["marta", "elif"])},
                {"add_labels": [f"by hand {self.rng.randrange(3)}"]},
                {"properties": {"status": "Active"}},
                {"properties": CLOSED},
            ]
        )
        if names := [name for name in self.names if name not in self.merged]:
            self.control.edit(self.rng.choice(names), by="marta", **change)

    def merge(self):
        """The portal joins two; before it is one, Sentinel does not."""
        rows = [
            row
            for row in self.control.portal()
            if row["status"] in ("active", "inProgress") and row["workspace"] == self.workspace.name
        ]
        if len(rows) > 6:
            loser, survivor = self.rng.sample([row["name"] for row in rows], 2)
            self.control.merge(loser, survivor)
            self.merged.add(loser)

    def fails(self):
        fault = self.rng.choice(FAULTS)
        method = self.rng.choice(["GET", "PUT", "PATCH", "POST"])
        path = rf"/incidents{self.rng.choice(['', '/', '/.*comments'])}"
        self.control.fault(path=path, method=method, count=1, **fault)

    def decide(self):
        """Sam labels, comments or closes what Tagout has."""
        rows = Incident.objects.filter(workspace=self.workspace).order_by("pk")
        ids = list(rows.values_list("pk", flat=True))
        if not ids:
            return
        whose = {"incident_ids": [self.rng.choice(ids)], "by": self.sam, "now": clock.now()}
        with suppress(Refused):
            match self.rng.randrange(3):
                case 0:
                    label_incidents(add=[f"Line {self.rng.randrange(4)}"], **whose)
                case 1:
                    message = f"Looked at {len(self.messages)} of {self.workspace.name}."
                    comment_on_incidents(message=message, **whose)
                    self.messages.append(message)
                case 2:
                    classification = "BenignPositive", "SuspiciousButExpected"
                    close_incidents(
                        classification=classification[0], reason=classification[1], **whose
                    )

    def sync(self):
        let_holds_and_waits_pass()
        with suppress(CommandError):
            call_command("sync", self.workspace.name, stdout=StringIO(), stderr=StringIO())

    def deliver(self):
        let_holds_and_waits_pass()
        deliver_all()

    def there(self):
        """What Sentinel has, by name."""
        self.workspace.refresh_from_db()
        client = client_for(self.workspace).resource_manager
        return {item.name: item for item in read_incident_page(client.list_incidents()).items}

    def comments_there(self):
        client = client_for(self.workspace).resource_manager
        return [
            comment["properties"]["message"]
            for name in self.names
            for comment in json.loads(client.list_comments(name))["value"]
        ]


@pytest.fixture
def service(monkeypatch):
    monkeypatch.setattr("alerts.intake.services.pace.Pace.wait", lambda self: None)
    with running_simulator() as running:
        yield SimulatedService(running, monkeypatch)


def test_both_ends_have_the_same_in_the_end(service, db, sam, long):
    for seed in range(len(service.running.workspaces)) if long else (1,):
        life = Life(service, service.register(seed), sam, seed)
        life.live()
        check_incidents(life)
        check_comments(life)


def check_incidents(life):
    there = life.there()
    rows = Incident.objects.filter(workspace=life.workspace)
    assert sorted(there) == sorted(row.name for row in rows) == sorted(life.names)
    for row in rows:
        theirs = there[row.name]
        assert (row.number, row.get_status_display()) == (theirs.number, theirs.status), row.name
        assert row.get_severity_display() == theirs.severity, row.name
        assert sorted(row.labels) == sorted(label.name for label in theirs.labels), row.name
    assert not Change.objects.filter(state=JobState.WAITING).exists()


def check_comments(life):
    comments = life.comments_there()
    for message in life.messages:
        n_there = sum(message in comment for comment in comments)
        change = Change.objects.get(message__contains=message)
        assert n_there == (change.outcome == ChangeOutcome.SENT), (message, change.note)
