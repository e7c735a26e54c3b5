"""Sixty days in which rules act, guards speak, and people see what is left."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.incidents.engine.catalogue import alert_type_for
from bench.suppression.policy import PLANNING, Policy, days_between
from bench.suppression.rules import PAUSE, SignedRule
from bench.suppression.world import CRITICAL, PreparedAlert, World
from simulator.scenarios.records import Alert, Incident

LINK = timedelta(days=14)
CASE = timedelta(days=3)  # a true-positive case is open so long
HOLD = timedelta(hours=72)  # an undecided suspicion holds its devices so long
REPLAN = timedelta(days=3)
PRODUCTS = ("Azure Security Center for IoT", "Microsoft Defender for IoT")


@dataclass(slots=True)
class Outcome:
    """What became of each incident of the future."""

    closed: dict[str, list[int]] = field(default_factory=dict)  # incident to rules
    kept_open: dict[str, str] = field(default_factory=dict)  # why a covered one stayed open
    rules: dict[str, list[SignedRule]] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)


def live_through(world: World) -> Outcome:
    """Plan before the split, sign at it, and go through the days after it."""
    scenario = world.scenario
    load_history(world)
    outcome = Outcome()
    for site in world.sites:
        policy = outcome.policies[site] = Policy(world, site)
        for day in days_between(scenario.split_at - PLANNING, scenario.split_at):
            policy.ask_for_the_plan(day)
        mined = policy.mine_history(scenario.split_at)
        outcome.rules[site] = policy.sign(mined, scenario.split_at, [], 1)
        _Days(world, policy, outcome, outcome.rules[site]).run()
    return outcome


def load_history(world: World) -> None:
    """What people said and did before the split."""
    for answer in world.scenario.answers:
        judgement = world.judgements[answer.incident_id]
        judgement.answers.append((answer.person, answer.verdict, answer.cause))
    for closing in world.scenario.closings:
        _close(world, closing.incident_id, closing.classification)


def _close(world: World, incident_id: str, classification: str) -> None:
    judgement = world.judgements[incident_id]
    judgement.is_closed_benign = classification == "BenignPositive"
    judgement.is_true_positive = classification == "TruePositive"


class _Days:
    """The future of one site."""

    def __init__(
        self, world: World, policy: Policy, outcome: Outcome, rules: list[SignedRule]
    ) -> None:
        self.world, self.policy, self.outcome, self.rules = world, policy, outcome, rules
        self.hold_until: dict[tuple[str, str], datetime] = {}  # zone and address, until
        self.greeted: set[str] = set()  # new members that a person has seen
        self.pending: list[tuple[datetime, Incident, str]] = []

    def run(self) -> None:
        scenario = self.world.scenario
        next_plan = scenario.split_at + REPLAN
        for incident in scenario.incidents:
            if incident.site != self.policy.site or incident.at < scenario.split_at:
                continue
            self._catch_up(incident.at)
            while incident.at >= next_plan:
                self._plan_again(next_plan)
                next_plan += REPLAN
            self._decide(incident)

    def _plan_again(self, now: datetime) -> None:
        living = [rule for rule in self.rules if rule.retired_at is None]
        self.policy.ask_for_the_plan(now, living)
        mined = self.policy.mine_history(now)
        self.rules += self.policy.sign(mined, now, living, len(self.rules) + 1)

    def _decide(self, incident: Incident) -> None:
        now, alerts = incident.at, self.world.alerts[incident.id]
        acting = [rule for rule in self.rules if rule.acts(now)]
        covering = [[rule for rule in acting if rule.covers(alert.facts)] for alert in alerts]
        if not all(covering):
            self._show(incident)
            return
        newcomers = self._newcomers(alerts, covering)
        reason = self._guard_of(incident, now) or ("new member" if newcomers else "")
        live = [[rule for rule in rules if rule.is_live(now)] for rules in covering]
        if reason or not all(live):
            for rule in {id(r): r for rules in covering for r in rules}.values():
                rule.count_match(alert.facts for alert in alerts)
            self.outcome.kept_open[incident.id] = reason or "trial"
            self._show(incident)
            self.greeted |= newcomers
            return
        for rule in {id(r): r for rules in covering for r in rules}.values():
            rule.count_match(
                alert.facts for alert in alerts
            )  # a version beside the one that closes
        used = {rules[0].number: rules[0] for rules in live}
        for rule in used.values():
            rule.closed.append((now, incident.id))
        self.outcome.closed[incident.id] = sorted(used)

    def _newcomers(
        self, alerts: Sequence[PreparedAlert], covering: Sequence[Sequence[SignedRule]]
    ) -> set[str]:
        """Members that joined a group later and that nobody has seen; a rule that lists them by
        name needs no introduction.
        """
        names = set()
        for alert, rules in zip(alerts, covering, strict=True):
            by_rule = [set(rule.new_members(alert.facts)) for rule in rules]
            names |= set.intersection(*by_rule) if by_rule else set()
        return names - self.greeted

    def _guard_of(self, incident: Incident, now: datetime) -> str:
        for alert in incident.alerts:
            known_type = alert_type_for(alert.alert_type)
            if known_type is not None and known_type.guard == "never":
                return "never list"
            if alert.product_name and alert.product_name not in PRODUCTS:
                return "second product"
            if alert.source_criticality in CRITICAL or alert.destination_criticality in CRITICAL:
                return "protected device"
            for end in _ends(alert):
                if self.hold_until.get(end, now) > now:
                    return "held by a case or a suspicion"
        return ""

    def _show(self, incident: Incident) -> None:
        """It reaches the SOC, which triages it; sometimes OT is asked."""
        closing = self.world.scenario.triage(incident.id, incident.at)
        if closing is not None:
            self.pending.append((closing.at, incident, closing.classification))

    def _catch_up(self, now: datetime) -> None:
        due = [entry for entry in self.pending if entry[0] <= now]
        if not due:
            return
        self.pending = [entry for entry in self.pending if entry[0] > now]
        for at, incident, classification in due:
            _close(self.world, incident.id, classification)
            if classification == "TruePositive":
                self._roll_back(incident, at)

    def _roll_back(self, incident: Incident, now: datetime) -> None:
        """S7: a true positive holds its devices, and stops rules that closed what touches them."""
        ends = {end for alert in incident.alerts for end in _ends(alert)}
        for end in ends:
            self.hold_until[end] = now + CASE
        for rule in self.rules:
            for at, closed in rule.closed:
                if at < now - LINK:
                    continue
                other = self.world.scenario.by_id[closed]
                if ends & {end for alert in other.alerts for end in _ends(alert)}:
                    rule.paused_until = now + PAUSE
                    break


def _ends(alert: Alert) -> set[tuple[str, str]]:
    """Devices that an alert names: zone and address, never the address alone."""
    return {
        (zone, address)
        for zone, address in (
            (alert.source_zone, alert.source_address),
            (alert.destination_zone, alert.destination_address),
        )
        if address
    }
