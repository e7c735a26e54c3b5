"""A plant with a past, people who walk through its rules, and all of Tagout's workers by hand."""

import json
from datetime import timedelta
from io import StringIO

from django.core.management import call_command

from alerts.intake.tasks import fetch_due_details, poll_due_workspaces
from alerts.patterns.services.mine_patterns import mine_patterns
from alerts.readiness.services.check_workspace import check_workspace
from alerts.sentinel.client import client_for
from alerts.sentinel.models import Workspace
from alerts.suppression.tasks import (
    decide_new_incidents,
    renew_leases,
    watch_closed_incidents,
    watch_rules,
)
from portal import clock
from portal.accounts.models import User
from portal.jobs.services import age_waiting_work, move_clock
from simulator.clock import parse_time, to_moment
from tests import cast
from tests.journeys.past import WORKSPACE, clean, judge
from tests.journeys.world import World

WHILE = timedelta(minutes=3)


class Routine(World):
    """World after three months. Its simulator's clock stands still but for `pass_time`."""

    def __init__(self, simulator, mailbox):
        super().__init__(simulator.control, mailbox)
        self.plant = simulator.simulator.azure.plant
        self.nonce = 0

    def remember(self):
        """Tagout begins at the simulator's time, reads the past, and finds what is routine."""
        move_clock(by=self.now - clock.now())
        self.sync(WORKSPACE)
        self.look()
        judge(people=[self.person(cast.ODA), self.person(cast.OLAF)], now=clock.now())
        mine_patterns(now=clock.now())

    def look(self):
        """What is read of the workspace once a day, its analytics rules among it."""
        workspace = Workspace.objects.get(name=WORKSPACE)
        check_workspace(workspace, purpose="read", now=clock.now(), connect=client_for)

    @property
    def now(self):
        """The time at the plant."""
        return to_moment(parse_time(self.control.state()["now"]))

    @staticmethod
    def person(who):
        """One of the cast, as the demo knows them."""
        return User.objects.get(email=who.email)

    def read(self):
        """What the intake worker does."""
        self.sync(WORKSPACE)

    def comes(self, kind, **options):
        """Something happens at the plant; Tagout does not know it yet. Answers its name."""
        values = clean(self.plant, kind, self.now, first=self.nonce, **options)
        self.nonce = values["nonce"] + 1  # alike ones of one moment are still several
        return self.control.inject(kind=kind, options=values)["name"]

    def passes_without_us(self, duration):
        """Time goes by in Azure while nothing of Tagout runs."""
        self.control.advance(duration.total_seconds())

    def comes_back(self, duration):
        """Tagout is started again after such a while."""
        move_clock(by=duration)
        age_waiting_work(by=duration)

    def pass_time(self, duration):
        """Both clocks move, as in the demo; the workers' own waits are over."""
        call_command(
            "simulator", "advance", _spelled(duration), stdout=StringIO(), stderr=StringIO()
        )
        age_waiting_work(by=duration)

    def work(self):
        """A while later every worker has had its turn."""
        age_waiting_work(by=WHILE)
        poll_due_workspaces()
        self.fetch_details()
        watch_closed_incidents()
        watch_rules()
        decide_new_incidents()
        renew_leases()
        self.send()
        self.send()  # what the first one taught, such as what a workspace takes
        self.post()

    def fetch_details(self):
        """What the workers of intake do beside reading the list."""
        fetch_due_details()

    def send(self):
        """What the workers of the outbox do."""
        age_waiting_work(by=WHILE)
        call_command("deliver", stdout=StringIO())

    def properties(self, name):
        """An incident as it is in Sentinel, with its labels by name."""
        workspace = Workspace.objects.get(name=WORKSPACE)
        values = json.loads(client_for(workspace).get_incident(name))["properties"]
        return values | {"labels": [label["labelName"] for label in values["labels"]]}

    def subjects(self, person):
        """What a person found in the mail so far."""
        return [mail["Subject"] for mail in self.mailbox.to(person)]

    def puts(self, rule_name):
        """How often an automation rule was written in Sentinel."""
        entries = self.control.journal(path=str(rule_name))
        return sum(entry["method"] == "PUT" for entry in entries)


def _spelled(duration):
    return f"{round(duration.total_seconds())}s"
