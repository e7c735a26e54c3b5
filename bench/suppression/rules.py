"""Rules that were signed, as they live: trial, promotion, pauses, first members."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.patterns.engine.pattern import MinedPattern
from alerts.patterns.engine.sides import Rung
from alerts.rules.fields import FieldValues
from alerts.rules.guards.never import (
    holds_strict,
    is_strict,
    reasons_against_alert,
)
from alerts.rules.match import holds
from alerts.rules.rule import RuleDefinition
from alerts.rules.trial import TRIAL_ENDS, Trial, reasons_against_promotion

WEEK = timedelta(days=7)  # the rhythm of a rule with hours
PAUSE = timedelta(days=3)  # until both have looked at what stopped the rule, and signed again


@dataclass(slots=True)
class SignedRule:
    """One rule with its life. `members` are the names that its groups had when it was signed."""

    number: int
    pattern: MinedPattern
    rule: RuleDefinition
    signed_at: datetime
    credit: int = 0
    matches: int = 0
    closed: list[tuple[datetime, str]] = field(default_factory=list)
    paused_until: datetime | None = None
    retired_at: datetime | None = None
    live_at: datetime | None = None
    next_version: SignedRule | None = None  # this one stays until that one is live
    trial_of: SignedRule | None = None  # the version whose trial counts for this one
    newcomers: frozenset[str] = frozenset()  # listed devices that it did not cover

    def covers(self, facts: FieldValues) -> bool:
        """Whether the signed rule matches, and no guard speaks against closing this alert by it."""
        return holds(self.rule, facts) and not reasons_against_alert(facts, self.rule)

    def count_match(self, alerts: Iterable[FieldValues]) -> None:
        """Count what the rule tagged in its trial; soft alerts prove nothing of a strict rule."""
        if self.live_at is None and (not is_strict(self.rule) or holds_strict(alerts)):
            self.matches += 1

    def acts(self, now: datetime) -> bool:
        """Whether it tags or closes at all."""
        if self.next_version is not None and self.retired_at is None:
            self.retired_at = self.next_version.live_at
        return self.retired_at is None and (self.paused_until is None or self.paused_until <= now)

    @property
    def is_replaced(self) -> bool:
        """Whether a newer version of it is in its trial."""
        return self.next_version is not None and self.next_version.retired_at is None

    def is_live(self, now: datetime) -> bool:
        """Whether it closes; a trial that may end does so here."""
        if self.live_at is None and self.retired_at is None:
            trial = self._trial(now)
            late = now - self.signed_at >= TRIAL_ENDS
            if not reasons_against_promotion(trial, now=now) or (late and trial.counted):
                self.live_at = now
            elif late:
                self.retired_at = now
        return self.live_at is not None and self.acts(now)

    def _trial(self, now: datetime) -> Trial:
        has_hours = any(clause.field == "time" for clause in self.rule.all_of)
        return Trial(
            began_at=self.signed_at,
            matches=self.matches,
            true_positives=0,
            period=WEEK if has_hours else None,
            credit=self.credit,
            is_kept=self.trial_of is not None and self.trial_of.is_live(now),
        )

    def new_members(self, facts: FieldValues) -> list[str]:
        """Return the ends that its groups cover although they were not there when it was signed."""
        names = []
        for side, name in (
            (self.pattern.source, facts.source_device or facts.source_address),
            (self.pattern.destination, facts.destination_device or facts.destination_address),
        ):
            is_grouped = side.rung in (Rung.GROUP, Rung.ZONE, Rung.SITE)
            if (is_grouped and name not in side.members) or name.casefold() in self.newcomers:
                names.append(name)
        return names


def count_rules(living: Iterable[SignedRule]) -> int:
    """Return how many rules these are: a rule and the version of it that is in trial are one."""
    rules = list(living)
    pending = {id(rule.next_version) for rule in rules if rule.is_replaced}
    return sum(id(rule) not in pending for rule in rules)
