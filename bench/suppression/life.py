"""Months of a company with Tagout: what happens at the plant, what Tagout's workers do about it,
and what people do, a quarter of a day at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from alerts.intake.services.details import fetch_details
from alerts.intake.services.history import read_history
from alerts.intake.services.pace import Budget, Pace
from alerts.intake.services.poll import pull_changes
from alerts.outbox.services.deliver import deliver_one
from alerts.patterns.queries.plan import StepState
from alerts.patterns.services.decide import rule_of_pattern
from alerts.patterns.services.mine_patterns import mine_patterns
from alerts.planned_work.services.occurrences import work_out_ahead
from alerts.planned_work.services.work import ask_about_overruns
from alerts.reviews.services.second_opinions import run_second_opinions
from alerts.rules.rule import RuleDefinition
from alerts.suppression.enforcing.decide import decide_new_incidents
from alerts.suppression.watching.closed_incidents import watch_closed_incidents
from alerts.suppression.watching.watch import watch_rules
from bench.suppression.account import Account
from bench.suppression.bench_clock import BenchClock
from bench.suppression.company import Company
from bench.suppression.desk import Desk
from bench.suppression.leads import SITTING, Leads
from simulator.scenarios.records import Answer, Incident
from simulator.scenarios.scenario import Scenario

QUESTIONS = timedelta(days=7)  # from Tagout's first day to the first signatures
STEP = timedelta(hours=6)
DAY = timedelta(days=1)
MORNING, MIDDAY = 6, 12  # UTC: the steps in which leads work, and in which Tagout asks OT
SEED = b"bench"


class _NoWait(Pace):
    """The plant's Sentinel is in this process: nobody need be spared."""

    def wait(self) -> None:
        """Go on at once."""


@dataclass(slots=True)
class LifeRecord:
    """What is left to be measured once the days are over."""

    company: Company
    desk: Desk
    leads: Leads
    until: datetime
    ready: dict[str, list[RuleDefinition]] = field(default_factory=dict)  # at the first signatures
    account: Account | None = None  # of what still reaches people, where it was asked for


def live_through(
    scenario: Scenario, *, days: int | None = None, account: Account | None = None
) -> LifeRecord:
    """Live from Tagout's first day to the end of the scenario, or for so many days after the first
    signatures. The database holds what became of it.
    """
    begins = scenario.split_at - QUESTIONS
    until = scenario.split_at + timedelta(days=days) if days is not None else scenario.ends_at
    clock = BenchClock(scenario.starts_at)
    with clock.running():
        life = _Life(scenario, clock, until)
        life.life_record.account = account
        life.begin(begins)
        now = begins
        while now < until:
            now += STEP
            with transaction.atomic():  # a commit empties a dozen temporary tables
                life.pass_time(now)
            if now.hour == MORNING and (now - begins).days % 7 == 0:
                _analyse()
    return life.life_record


class _Life:
    def __init__(self, scenario: Scenario, clock: BenchClock, until: datetime) -> None:
        self.scenario, self.clock = scenario, clock
        company = Company(scenario, now=scenario.starts_at)
        self.company, self.desk, self.leads = company, Desk(company), Leads(company)
        self.life_record = LifeRecord(company, self.desk, self.leads, until)
        self.next_sitting = scenario.split_at
        self.incidents: Iterator[Incident] = iter(())
        self.answers: Iterator[Answer] = iter(())
        self.coming: Incident | None = None
        self.saying: Answer | None = None

    def begin(self, now: datetime) -> None:
        """Tagout's first day: what was before is read, and what people had said is taken over."""
        day = self.scenario.starts_at
        while day <= now:
            self.company.bring_up_to_date(day)
            day += DAY
        self.clock.set_to(now)
        self.desk.take_over_history(now)
        for workspace, sentinel in self._workspaces():
            read_history(workspace=workspace, client=sentinel, now=now)
        self.desk.read_log()
        self._fetch_details()
        past = [answer for answer in self.scenario.answers if answer.at < now]
        self.company.keep_past_verdicts(past, now=now)
        self.incidents = iter([i for i in self.scenario.incidents if i.at >= now])
        self.answers = iter(
            sorted((a for a in self.scenario.answers if a.at >= now), key=lambda a: a.at)
        )
        self.coming, self.saying = next(self.incidents, None), next(self.answers, None)
        _analyse()

    def pass_time(self, now: datetime) -> None:
        """Let a quarter of a day pass, then have everybody work."""
        self.clock.set_to(now)
        for _, sentinel in self._workspaces():
            sentinel.now = now
        self.desk.close_due(now)
        self.desk.read_log()
        while self.coming is not None and self.coming.at <= now:
            self.company.sentinel_of(self.coming.site).add(self.coming)
            self.coming = next(self.incidents, None)
        self.company.bring_up_to_date(now)
        self._work(now)
        if now.hour == MIDDAY:  # in the working hours of every site
            run_second_opinions(seed=SEED, now=now)
        account = self.life_record.account
        if account is not None:
            account.ask(now)
        if now.hour == MORNING:
            self._work_at_night(now)
            if account is not None:
                account.ask_patterns(now)
        self.desk.read_questions(now)
        self.desk.answer_due(now)
        self.desk.answer_drift(now)
        while self.saying is not None and self.saying.at <= now:
            self.desk.judge(self.saying, now)
            self.saying = next(self.answers, None)
        self.desk.look_at_queue(now)
        self.desk.investigate(now)

    def _work(self, now: datetime) -> None:
        """What the workers do all the time, until all is sent."""
        for workspace, sentinel in self._workspaces():
            pull_changes(workspace=workspace, client=sentinel, now=now)
        self._fetch_details()
        watch_closed_incidents(now=now)
        decide_new_incidents(now=now)
        self.clock.set_to(now + timedelta(minutes=1))
        while deliver_one(now=now, connect=self._client_of, pause=lambda _seconds: None):
            pass
        watch_rules(now=now)

    def _work_at_night(self, now: datetime) -> None:
        """What comes once a day, and the leads' morning."""
        ask_about_overruns(now=now)
        work_out_ahead(now=now)
        self.desk.decide_suspicions(now)
        mine_patterns(now=now)
        if now >= self.scenario.split_at:
            if not self.life_record.ready:
                self._note_ready(now)
            self.leads.look_after_rules(now)
            if now >= self.next_sitting:
                self.leads.sit_together(now)
                self.next_sitting += SITTING
        self.leads.ask(now)

    def _note_ready(self, now: datetime) -> None:
        self.life_record.ready = {
            name: [
                rule_of_pattern(step.pattern, now=now) for step in plan.steps_in(StepState.READY)
            ]
            for name, plan in self.leads.plans()
        }

    def _fetch_details(self) -> None:
        for workspace, sentinel in self._workspaces():
            fetch_details(
                workspace=workspace,
                client=sentinel,
                pace=_NoWait(),
                budget=Budget(),
                clock=lambda: self.clock.now,
            )

    def _workspaces(self) -> list[tuple[Any, Any]]:
        sentinels = self.company.sentinels
        return [(row, sentinels[row.pk]) for row in self.company.workspaces.values()]

    def _client_of(self, workspace: Any, _purpose: str) -> Any:
        return self.company.sentinels[workspace.pk]


def _analyse() -> None:
    """As autovacuum does, which the bench's database does without."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
