"""S3 and S4: how long a rule lives, and when its trial is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.suppression.engine.guards.never import needs_hours
from alerts.suppression.engine.rule import Rule
from alerts.suppression.engine.words import Sentence

USUAL_DAYS, MAX_DAYS = 90, 180
USUAL_DAYS_BOXED, MAX_DAYS_BOXED = 30, 90
QUOTA, QUOTA_SHARE = 512, 0.9
TRIAL: Final = timedelta(days=7)
TRIAL_MATCHES: Final = 10
TRIAL_ENDS: Final = timedelta(days=28)  # of a trial that saw too little: both owners are asked
CREDIT_PERIOD: Final = timedelta(days=28)  # before the second signature
CREDIT_OCCURRENCES: Final = 2  # of planned work that a rule names, where they are longer ago
CREDIT_LONGEST: Final = timedelta(days=MAX_DAYS)  # how long ago they may be at most
MAX_CREDIT: Final = 8  # so that at least two matches of the ten are fresh


def usual_end(rule: Rule, *, now: datetime) -> datetime:
    """The end that is offered where nobody chose one."""
    return now + timedelta(days=USUAL_DAYS_BOXED if needs_hours(rule) else USUAL_DAYS)


def reasons_against_expiry(rule: Rule, *, now: datetime) -> list[Sentence]:
    """Whether the rule ends, and soon enough."""
    if rule.expires_at is None:
        return [Sentence("life.none")]
    if rule.expires_at <= now:
        return [Sentence("life.past")]
    most = MAX_DAYS_BOXED if needs_hours(rule) else MAX_DAYS
    if rule.expires_at > now + timedelta(days=most):
        return [Sentence("life.far", most=most)]
    return []


def reasons_against_living(rule: Rule, *, now: datetime) -> list[Sentence]:
    """Whether a rule may still act at this moment."""
    if rule.expires_at is None:
        return [Sentence("life.none")]
    return [Sentence("life.lapsed")] if rule.expires_at <= now else []


def reasons_against_another(*, automation_rules: int) -> list[Sentence]:
    """Whether the workspace has room for one more automation rule."""
    limit = int(QUOTA * QUOTA_SHARE)
    if automation_rules < limit:
        return []
    return [Sentence("life.quota", count=automation_rules, most=QUOTA, limit=limit)]


def credit_start(begun: Iterable[datetime], *, now: datetime) -> datetime:
    """Return since when a trial that begins now counts what was before it. `begun` is when the
    latest occurrences of the rule's planned work began: work of every two months would else never
    have a match to count.
    """
    latest = sorted(begun, reverse=True)[:CREDIT_OCCURRENCES]
    return max(min([now - CREDIT_PERIOD, *latest]), now - CREDIT_LONGEST)


def credit_wanted(matches_a_day: float) -> int:
    """Return how many matches of the weeks before let a trial end after its seven days, where so
    many come a day.
    """
    fresh = int(matches_a_day * TRIAL.days)
    return max(min(TRIAL_MATCHES - fresh, MAX_CREDIT), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What the canary of a version did. `period` is the rule's rhythm, None where it has none;
    `credit` are matches of the weeks before it that a person saw and found harmless. `is_kept`: the
    version that it replaces lives and its trial counts (`trial_carry_over`).
    """

    began_at: datetime
    matches: int
    true_positives: int
    period: timedelta | None = None
    credit: int = 0
    is_kept: bool = False

    @property
    def counted(self) -> int:
        """The matches that count towards the ten."""
        return self.matches + min(self.credit, MAX_CREDIT)


def reasons_against_promotion(
    trial: Trial, *, now: datetime, is_agreed: bool = False
) -> list[Sentence]:
    """S4: at least seven days, and ten matches or two full periods, and not one true positive. Of
    the ten up to eight may be from the 28 days before. After 28 days both owners may agree on the
    record (`is_agreed`) that fewer are enough.
    """
    ran = now - trial.began_at
    reasons = []
    if ran < TRIAL and not trial.is_kept:
        reasons.append(Sentence("canary.days", days=ran.days, most=TRIAL.days))
    twice_around = trial.period is not None and ran >= 2 * trial.period
    agreed = is_agreed and ran >= TRIAL_ENDS
    is_enough = trial.counted >= TRIAL_MATCHES or twice_around or agreed or trial.is_kept
    if not is_enough:
        reasons.append(Sentence("canary.matches", count=trial.counted, most=TRIAL_MATCHES))
    if trial.true_positives > 0:
        reasons.append(Sentence("canary.true_positive", count=trial.true_positives))
    return reasons


def is_unended(trial: Trial, *, now: datetime) -> bool:
    """Whether a trial has run for 28 days and may not end by itself: both owners are asked."""
    return now - trial.began_at >= TRIAL_ENDS and bool(reasons_against_promotion(trial, now=now))
