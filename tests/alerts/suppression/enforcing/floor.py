"""A plant floor for tests: Sentinel in memory, intake and workers in the test's hand, and rules
that two people have signed.
"""

import itertools
from datetime import timedelta

from alerts.incidents.models import Incident
from alerts.intake.services.details import fetch_details
from alerts.intake.services.pace import Budget, Pace
from alerts.intake.services.poll import pull_changes
from alerts.outbox.services.deliver import deliver_one
from alerts.suppression.enforcing.decide import decide_new_incidents
from alerts.suppression.models import LedgerEntry, Rule
from tests.alerts.suppression.samples import clause, rule
from tests.clocks import clocks_set
from tests.conftest import NOON
from tests.factories.answers import alert, device
from tests.factories.rule_rows import signed_version

POLLING = "Function Code Raised Unauthorized Exception"  # neither never nor time-boxed
TYPE = clause("alert_type", "is", POLLING)
SITE = clause("site", "is", "Gdańsk")
SOURCE = clause("source_device", "is", "EWS-07")
MORNING = clause("time", "within", "Tue 06:00-08:00 Europe/Warsaw")
ROUTINE = rule(TYPE, SITE, SOURCE, title="Polling by EWS-07", reason="The station polls.")
DEVICES = (("EWS-07", "10.20.1.7"), ("PLC-21", "10.20.2.21"))
_numbers = itertools.count(1)


def routine(number=None, *, bag=None, **properties):
    """One alert that ROUTINE covers."""
    values = {"alertDisplayName": POLLING, "severity": "Medium"} | properties
    return alert(number or next(_numbers) + 1000, bag=bag, **values)


class Floor:
    """One workspace and everything around it."""

    def __init__(self, workspace, sentinel, clock, people):
        self.workspace, self.sentinel, self.clock = workspace, sentinel, clock
        self.oda, self.leo = people
        self.now = NOON

    def clocks(self):
        """Put its clocks in force for a while."""
        return clocks_set(business=lambda: NOON, unshifted=lambda: self.clock.at)

    def rule(
        self, definition=ROUTINE, *, state="live", number=None, since=None, rule_row=None, **columns
    ):
        """A version that both sides have signed."""
        since = since or NOON - timedelta(days=1)
        number = number or next(_numbers) + 100
        rule = rule_row or Rule.objects.create(number=number, made_by=self.oda, made_at=since)
        columns = {"workspace_ids": [self.workspace.pk]} | columns
        people = (self.oda, self.leo)
        return signed_version(definition, by=people, state=state, at=since, rule=rule, **columns)

    def incident(self, *alerts, devices=DEVICES, entities=(), at=None, **properties):
        """An incident in Sentinel with these alerts, read with all its details."""
        alerts = alerts or (routine(),)
        more = {"alertsCount": len(alerts), "alertProductNames": ["Azure Security Center for IoT"]}
        values = {"title": POLLING, "additionalData": more} | properties
        name = self.sentinel.add_incident(at=at or self.now - timedelta(minutes=10), **values)
        self.sentinel.alerts[name] = list(alerts)
        self.sentinel.entities[name] = [e for one in devices for e in device(*one)] + list(entities)
        self.read()
        return Incident.objects.get(name=name)

    def join(self, incident, *alerts):
        """More alerts join an incident in Sentinel."""
        self.sentinel.alerts[incident.name] += alerts
        more = self.properties(incident)["additionalData"]
        n = len(self.sentinel.alerts[incident.name])
        self.sentinel.edit(incident.name, additionalData=more | {"alertsCount": n})

    def read(self):
        """What intake does."""
        pull_changes(workspace=self.workspace, client=self.sentinel, now=self.now)
        self.details()

    def details(self):
        fetch_details(
            workspace=self.workspace,
            client=self.sentinel,
            pace=Pace(per_second=1000),
            budget=Budget(),
            clock=lambda: self.now,
        )

    def go(self, **by):
        """Time passes on all clocks."""
        self.clock.go(**by)
        self.sentinel.starts_at += timedelta(**by)
        self.now += timedelta(**by)

    def decide(self):
        self.clock.go(seconds=5)
        return decide_new_incidents(now=self.now)

    def deliver(self):
        done = []
        while one := deliver_one(
            now=self.now, connect=lambda *_: self.sentinel, pause=lambda _: None
        ):
            done.append(one)
        return done

    def properties(self, incident):
        return self.sentinel.incidents[incident.name]["properties"]

    def labels(self, incident):
        return [label["labelName"] for label in self.properties(incident)["labels"]]

    @property
    def ledger(self):
        return list(LedgerEntry.objects.order_by("pk"))
