"""How people of this bench plan, ask, propose and sign. They never see the truth."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts.patterns.engine.cells import AlertCell
from alerts.patterns.engine.evidence import MIN_JUDGED_SHARE, unit_of
from alerts.patterns.engine.mining import form_patterns
from alerts.patterns.engine.pattern import MinedPattern
from alerts.patterns.engine.plan import MAX_RULES, IncidentPart, IncidentShape, RuleStep, make_plan
from alerts.patterns.engine.rule_text import rule_for
from alerts.rules.guards.never import MAX_SHARE, holds_strict
from alerts.rules.guards.signing import reasons_against_draft
from alerts.rules.rule import RuleDefinition
from alerts.rules.trial import CREDIT_PERIOD, credit_wanted, trial_carry_over
from bench.suppression.rules import SignedRule, count_rules
from bench.suppression.world import PreparedAlert, World
from simulator.scenarios.records import Incident

PLANNING = timedelta(days=7)  # before the split, one round of mining and questions a day
QUESTIONS_A_DAY = 5  # to a person; everybody of a site gets each question of the plan
MAX_STEPS = 10  # of the plan whose trials are looked at in an evening
HISTORY = timedelta(days=60)
MIN_AGE = timedelta(days=14)  # of a rule that may make room for another
MIN_VERSION_GAIN = 3  # incidents of the last 28 days that a new version must add
MIN_OVERLAP = 0.8  # of the cells of a rule that a new version of it covers
MIN_ADVANTAGE = 1.2  # a new rule must add so much more than the one that makes room for it


@dataclass(slots=True)
class Effort:
    """What it cost people."""

    questions: int = 0
    second_opinions: int = 0


@dataclass(slots=True)
class Mined:
    """One round of mining at one site."""

    patterns: list[MinedPattern]
    cells: list[AlertCell]
    shapes: list[IncidentShape]
    places: dict[str, frozenset[int]]
    incidents: list[Incident]
    matched: dict[int, int] = field(default_factory=dict)


class Policy:
    """OT and SOC of one site."""

    def __init__(self, world: World, site: str) -> None:
        self.world, self.site = world, site
        self.effort = Effort()
        self.asked_at: datetime | None = None  # the last evening with questions
        self.questions_left = 0
        self.refused: Counter[str] = Counter()

    def mine_history(self, now: datetime) -> Mined:
        """Look at the last 60 days."""
        incidents = [
            incident
            for incident in self.world.scenario.incidents
            if incident.site == self.site and now - HISTORY <= incident.at < now
        ]
        cells, shapes, places = self.world.cells(incidents)
        return Mined(
            form_patterns(
                cells,
                self.world.inventory(self.site, now),
                self.world.device_names(self.site, now),
            ),
            cells,
            shapes,
            places,
            incidents,
        )

    def ask_for_the_plan(self, now: datetime, living: Sequence[SignedRule] = ()) -> Mined:
        """One evening: second opinions first, then the questions that move the curve most."""
        days = (now - self.asked_at).days if self.asked_at else 1
        self.asked_at, self.questions_left = now, QUESTIONS_A_DAY * days
        mined = self.mine_history(now)
        self.ask_second_opinions(mined, now)
        patterns_of_rules = [rebase(rule.pattern, mined) for rule in living]
        able = [pattern for pattern in mined.patterns if not pattern.obstacle]
        shapes = self.recent_shapes(mined, now)
        plan = make_plan(able, mined.cells, shapes, living=patterns_of_rules)
        lacking = [step for step in plan if not step.pattern.evidence.is_enough]
        for step in sorted(lacking, key=lambda step: -step.gain / answers_needed(step.pattern)):
            if not self._ask_about(step, mined, now):
                return mined
        enough = [step for step in plan if step.pattern.evidence.is_enough]
        slow = [step for step in enough if credit_wanted(step.gain / CREDIT_PERIOD.days)]
        for step in slow[:MAX_STEPS]:
            if not self._ask_for_the_trial(step, mined, now):
                break
        return mined

    def _ask_for_the_trial(self, step: RuleStep, mined: Mined, now: datetime) -> bool:
        """Ask about incidents of the weeks before, so that the trial may count them; False: nobody
        has time.
        """
        target = credit_wanted(step.gain / CREDIT_PERIOD.days)
        credit = self._credit(step.pattern, mined, now)
        inside = set(step.pattern.cells)
        for incident in reversed(mined.incidents):
            if credit >= target or incident.at < now - CREDIT_PERIOD:
                break
            if not mined.places[incident.id] <= inside:
                continue
            judgement = self.world.judgements[incident.id]
            if judgement.answers or judgement.is_closed_benign or judgement.is_true_positive:
                continue
            if not all(
                step.pattern.covers_time(
                    a.occurrence.slot, a.occurrence.utc_slot, a.occurrence.works
                )
                for a in self.world.alerts[incident.id]
            ):
                continue
            person = self._next_to_answer()
            if person is None:
                return False
            answer = self.world.scenario.ask(incident.id, now, person)
            judgement.answers.append((person, answer.verdict, answer.cause))
            self.effort.questions += 1
            credit += answer.verdict in ("routine", "maintenance")
        return True

    def ask_second_opinions(self, mined: Mined, now: datetime) -> None:
        """A lone suspicious verdict is shown to another person, then to the lead."""
        for incident in mined.incidents:
            judgement = self.world.judgements.get(incident.id)
            if judgement is None or not judgement.is_lone_suspicion:
                continue
            if judgement.is_true_positive:
                continue
            others = [
                person
                for person in self.world.people(self.site)
                if person not in {by for by, _, _ in judgement.answers}
            ]
            for person in others[:1] + others[-1:]:
                answer = self.world.scenario.ask(incident.id, now, person)
                judgement.answers.append((person, answer.verdict, answer.cause))
                self.effort.second_opinions += 1
                if sum(v == "suspicious" for _, v, _ in judgement.answers) != 1:
                    break
                if len(judgement.answers) > 2:
                    break

    def _ask_about(self, step: RuleStep, mined: Mined, now: datetime) -> bool:
        """Ask about the largest unjudged units of a pattern; False: nobody has time."""
        pattern = step.pattern
        by_group = len(pattern.destination.members) > 10
        missing = 0.6 - pattern.evidence.judged_share
        total = pattern.alerts or 1
        for unit, alerts in pattern.evidence.open_units[:6]:
            if missing <= 0 and pattern.evidence.harmless > 0:
                break
            incident = self._representative(pattern, unit, by_group, mined)
            if incident is None:
                continue
            person = self._next_to_answer()
            if person is None:
                return False
            answer = self.world.scenario.ask(incident.id, now, person)
            self.world.judgements[incident.id].answers.append(
                (person, answer.verdict, answer.cause)
            )
            self.effort.questions += 1
            if answer.verdict in ("routine", "maintenance"):
                missing -= alerts / total
        return True

    def _representative(
        self, pattern: MinedPattern, unit: object, by_group: bool, mined: Mined
    ) -> Incident | None:
        """The newest unjudged incident that lies wholly inside the pattern and this unit."""
        inside = set(pattern.cells)
        for incident in reversed(mined.incidents):
            places = mined.places[incident.id]
            if not places <= inside:
                continue
            judgement = self.world.judgements.get(incident.id)
            if judgement is not None and judgement.answers:
                continue
            if any(unit_of(mined.cells[at], by_group=by_group) == unit for at in places) and all(
                pattern.covers_time(a.occurrence.slot, a.occurrence.utc_slot, a.occurrence.works)
                for a in self.world.alerts[incident.id]
            ):
                return incident
        return None

    def _next_to_answer(self) -> str | None:
        """Whoever of OT answers next, one after the other; None: enough for these days."""
        if self.questions_left <= 0:
            return None
        self.questions_left -= 1
        people = self.world.people(self.site)
        return people[self.effort.questions % len(people)]

    def sign(
        self, mined: Mined, now: datetime, living: Sequence[SignedRule], numbers: int
    ) -> list[SignedRule]:
        """Propose and sign what the plan offers, as far as guards and evidence allow."""
        patterns_of_rules = [rebase(rule.pattern, mined) for rule in living]
        able = [p for p in mined.patterns if not p.obstacle and p.evidence.is_enough]
        ready = [p for p in able if not self._reasons(p, mined, now)]
        recent = self.recent_shapes(mined, now)
        room = MAX_RULES - count_rules(living)
        plan = make_plan(ready, mined.cells, recent, living=patterns_of_rules, max_rules=MAX_RULES)
        weak = deque(self.weakest(patterns_of_rules, living, mined, recent, now))
        signed: list[SignedRule] = []
        for step in plan:
            outgrown = self._outgrown(step.pattern, patterns_of_rules, living)
            while weak and weak[0][1].is_replaced:
                weak.popleft()
            if any(not rule.is_live(now) for rule in outgrown):
                continue  # a version in its trial is left to end it
            if outgrown and step.gain < MIN_VERSION_GAIN:
                continue
            is_version = bool(outgrown)
            if is_version:
                pass  # a version of a rule that is there already
            elif room > 0:
                room -= 1
            elif weak and weak[0][0] * MIN_ADVANTAGE < step.gain:
                outgrown = [weak.popleft()[1]]  # it stays until the other lives
            else:
                continue
            rule = self._rule(step.pattern, now)
            credit = self._credit(step.pattern, mined, now)
            number = numbers + len(signed)
            if is_version:
                number = min(r.number for r in outgrown)
            signed.append(SignedRule(number, step.pattern, rule, now, credit=credit))
            if is_version:
                keep_trial(signed[-1], outgrown, now)
            for older in outgrown:
                older.next_version = signed[-1]
        return signed

    @staticmethod
    def _outgrown(
        pattern: MinedPattern, patterns: Sequence[MinedPattern], living: Sequence[SignedRule]
    ) -> list[SignedRule]:
        """Rules of which the pattern is a new version: it covers nearly all that they cover now."""
        inside = set(pattern.cells)
        pending = {id(rule.next_version) for rule in living if rule.is_replaced}
        return [
            rule
            for rule, old in zip(living, patterns, strict=True)
            if old.cells
            and rule.retired_at is None
            and id(rule) not in pending
            and not rule.is_replaced
            and set(old.types) & set(pattern.types)
            and len(inside & set(old.cells)) >= MIN_OVERLAP * len(old.cells)
        ]

    def recent_shapes(self, mined: Mined, now: datetime) -> list[IncidentShape]:
        """The incidents of the last 28 days: what a rule would take off the SOC now."""
        shapes: Counter[frozenset[IncidentPart]] = Counter()
        places = {key: at for at, cell in enumerate(mined.cells) for key in cell.key.either_way()}
        for incident in mined.incidents:
            if incident.at >= now - CREDIT_PERIOD:
                shapes[
                    frozenset(
                        IncidentPart(
                            places[alert.key],
                            alert.occurrence.slot,
                            alert.occurrence.utc_slot,
                            alert.occurrence.works,
                        )
                        for alert in self.world.alerts[incident.id]
                    )
                ] += 1
        return [IncidentShape(parts, n) for parts, n in shapes.items()]

    def weakest(
        self,
        patterns: Sequence[MinedPattern],
        living: Sequence[SignedRule],
        mined: Mined,
        shapes: Sequence[IncidentShape],
        now: datetime,
    ) -> list[tuple[int, SignedRule]]:
        """Rules older than two weeks with what each adds to the others now, the weakest first."""
        steps = make_plan(patterns, mined.cells, shapes, max_rules=len(patterns))
        gains = {id(step.pattern): step.gain for step in steps}
        pending = {id(rule.next_version) for rule in living if rule.is_replaced}
        rows = [
            (gains.get(id(pattern), 0), rule)
            for pattern, rule in zip(patterns, living, strict=True)
            if rule.signed_at <= now - MIN_AGE and not rule.is_replaced and id(rule) not in pending
        ]
        return sorted(rows, key=lambda row: (row[0], row[1].number))

    def _rule(self, pattern: MinedPattern, now: datetime) -> RuleDefinition:
        zone = self.world.time_zone(self.site)
        return rule_for(pattern, time_zone=zone, now=now, reason="routine", evidence=("a",))

    def _reasons(self, pattern: MinedPattern, mined: Mined, now: datetime) -> list[str]:
        """What guards hold against the rule, and what the back-test finds."""
        rule = self._rule(pattern, now)
        zones = [self.world.time_zone(self.site), "UTC"]
        reasons = [
            r.code for r in reasons_against_draft(rule, now=now, plant_zones=zones, criticality={})
        ]
        matched, stops = self._back_test(pattern, mined)
        if matched > MAX_SHARE * len(mined.incidents):
            reasons.append("wide.share")
        if stops:
            reasons.append("stops")
        self.refused.update(reasons)
        return reasons

    def _back_test(self, pattern: MinedPattern, mined: Mined) -> tuple[int, int]:
        """How many incidents have a match, and how many of those somebody called suspicious."""
        inside, matched, stops = set(pattern.cells), 0, 0
        for incident in mined.incidents:
            if mined.places[incident.id].isdisjoint(inside):
                continue
            if not any(
                pattern.covers(
                    _cell_of(a),
                    a.occurrence.slot,
                    a.occurrence.utc_slot,
                    a.occurrence.works,
                )
                for a in self.world.alerts[incident.id]
            ):
                continue
            matched += 1
            judgement = self.world.judgements.get(incident.id)
            stops += judgement is not None and (
                judgement.verdict == "suspicious" or judgement.is_true_positive
            )
        return matched, stops

    def _credit(self, pattern: MinedPattern, mined: Mined, now: datetime) -> int:
        """Incidents of the 28 days before that it would have closed and a person found harmless."""
        inside, credit = set(pattern.cells), 0
        for incident in mined.incidents:
            if incident.at < now - CREDIT_PERIOD or not mined.places[incident.id] <= inside:
                continue
            alerts = self.world.alerts[incident.id]
            if pattern.is_strict and not holds_strict(alert.facts for alert in alerts):
                continue
            judgement = self.world.judgements.get(incident.id)
            credit += judgement is not None and (
                judgement.is_closed_benign or judgement.verdict in ("routine", "maintenance")
            )
        return credit


def answers_needed(pattern: MinedPattern) -> int:
    """How many more answers, each about another unit, hold enough of its alerts."""
    share, needed = pattern.evidence.judged_share, 0
    for _, alerts in pattern.evidence.open_units:
        if share >= MIN_JUDGED_SHARE:
            break
        share += alerts / (pattern.alerts or 1)
        needed += 1
    return max(needed, 1)


def keep_trial(rule: SignedRule, olders: Sequence[SignedRule], now: datetime) -> None:
    """Let a version keep the trial of the one that it replaces, where the guard says so."""
    for older in olders:
        carry_over = trial_carry_over(older.rule, rule.rule) if older.is_live(now) else None
        if carry_over is not None:
            rule.trial_of, rule.newcomers = older, carry_over.newcomers
            return


def rebase(pattern: MinedPattern, mined: Mined) -> MinedPattern:
    """Return the pattern of a rule with the places of its cells in a newer round of mining."""
    cells = (at for at, cell in enumerate(mined.cells) if pattern.covers_cell(cell))
    return replace(pattern, cells=tuple(cells))


def _cell_of(alert: PreparedAlert) -> AlertCell:
    return AlertCell(alert.key, severity=alert.facts.severity)


def days_between(start: datetime, end: datetime) -> list[datetime]:
    """The midnights from start up to, not including, end."""
    return [start + timedelta(days=n) for n in range((end - start).days)]
