"""A workspace comes to the Defender portal at any moment while a signed rule lives there: the rules
of Sentinel and Tagout's worker go on, people work in Sentinel, answers get lost. Nothing but what
the rule covers is ever closed, and no edit of a person is lost.
"""

import io
import random
from contextlib import suppress
from datetime import timedelta

from django.core.management import CommandError, call_command
from django.db import transaction

from alerts.outbox.models import WantedRule
from alerts.sentinel.client import client_for
from alerts.sentinel.client.port import SentinelError
from alerts.sentinel.services.reach import note_fresh
from alerts.sentinel.wire.incidents import read_incident_page
from alerts.suppression.deploying.leases import renew_leases
from alerts.suppression.enforcing.decide import decide_new_incidents
from portal import clock
from simulator.running import running_simulator
from tests.faults.outbox import deliver_all, let_holds_and_waits_pass
from tests.faults.test_rules_in_sentinel import SECRET, TITLE, Plant

STEPS, LONG_SEEDS = 40, 12
LOST = ({"drop": "after"}, {"drop": "before"}, {"status": 503})


class Move:
    """What happens around a rule, drawn from a seed, and the move at some moment of it."""

    def __init__(self, plant, seed):
        self.plant, self.rng = plant, random.Random(seed)
        self.covered, self.others, self.edited = set(), set(), {}

    def live(self):
        """Go through all steps, then let everybody finish."""
        acts = [self.polls, self.polls, self.something_else, self.edits, self.work, self.work]
        acts += [self.loses_an_answer]
        moves_at = self.rng.randrange(5, STEPS - 10)
        for step in range(STEPS):
            if step == moves_at:
                which = self.rng.choice(["open", "all", "none"])
                self.plant.control.onboard(self.plant.key, incidents=which)
            self.rng.choice(acts)()
        self.plant.control.clear_faults()
        for _ in range(3):
            self.work()

    def polls(self):
        """The historian does what the rule is about."""
        made = self.plant.control.inject(kind="historian-polling")
        self.covered |= {incident["name"] for incident in made["incidents"]}

    def something_else(self):
        """What the rule must not touch: another device, another type, or no alert at all."""
        control, title = (
            self.plant.control,
            self.rng.choice([TITLE, "Unauthorized PLC Programming"]),
        )
        match self.rng.randrange(4):
            case 0:
                with suppress(SentinelError):  # it is read back, and that answer may get lost
                    self.plant.from_device("ENG-WS-04")
            case 2:
                control.inject(kind="historian-polling", options={"also": ["Controller Stop"]})
            case 1:
                control.inject(kind="tuesday-download")
            case _:
                control.inject(workspace=self.plant.key, properties={"title": title})

    def edits(self):
        """A person marks an incident in Sentinel."""
        if self.covered:
            name = self.rng.choice(sorted(self.covered))
            label = f"by hand {len(self.edited)}"
            self.plant.control.edit(name, by="marta", add_labels=[label])
            self.edited.setdefault(name, []).append(label)

    def loses_an_answer(self):
        """One answer of Azure's gets lost."""
        self.plant.control.fault(
            path="/(incidents|automationRules)", method="PUT|GET", count=1, **self.rng.choice(LOST)
        )

    def work(self):
        """What the workers do in a minute."""
        let_holds_and_waits_pass()
        with suppress(CommandError):
            call_command("sync", self.plant.key, "--full", stdout=io.StringIO())
            note_fresh(workspace_id=self.plant.workspace.pk, now=clock.now())
        renew_leases(now=clock.now())
        with suppress(CommandError):
            self.plant.deliver()
        decide_new_incidents(now=clock.now() + timedelta(minutes=1))
        let_holds_and_waits_pass()
        deliver_all()

    def there(self):
        """What Sentinel has, by name."""
        page = read_incident_page(client_for(self.plant.workspace).list_incidents())
        return {item.name: item for item in page.items}


def test_nothing_is_closed_wrongly_and_no_edit_is_lost(db, make_person, monkeypatch, long):
    for seed in range(LONG_SEEDS) if long else (1,):
        with transaction.atomic():
            check_a_move(make_person, monkeypatch, seed)
            transaction.set_rollback(True)


def check_a_move(make_person, monkeypatch, seed):
    monkeypatch.setattr("alerts.intake.services.pace.Pace.wait", lambda self: None)
    with running_simulator() as pretend:
        monkeypatch.setenv(SECRET, pretend.application().secret)
        plant = Plant(pretend, make_person)
        plant.go_live()
        assert WantedRule.objects.get(kind="rule").is_as_wanted
        move = Move(plant, seed)
        move.live()
        there = move.there()
        closed = {name for name, row in there.items() if row.status == "Closed"}
        assert closed, "the rule did something"
        assert closed <= move.covered
        for name, labels in move.edited.items():
            assert set(labels) <= {label.name for label in there[name].labels}
