"""S3 and S4: how long a rule lives, and when its trial is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.suppression.engine.guards.never import needs_hours
from alerts.suppression.engine.rule import Rule
from alerts.suppression.engine.words import Sentence

USUAL_DAYS, MOST_DAYS = 90, 180
USUAL_DAYS_BOXED, MOST_DAYS_BOXED = 30, 90
QUOTA, QUOTA_SHARE = 512, 0.9
TRIAL: Final = timedelta(days=7)
TRIAL_MATCHES: Final = 10


def usual_end(rule: Rule, *, now: datetime) -> datetime:
    """The end that is offered where nobody chose one."""
    return now + timedelta(days=USUAL_DAYS_BOXED if needs_hours(rule) else USUAL_DAYS)


def reasons_against_expiry(rule: Rule, *, now: datetime) -> list[Sentence]:
    """Whether the rule ends, and soon enough."""
    if rule.expires_at is None:
        return [Sentence("life.none")]
    if rule.expires_at <= now:
        return [Sentence("life.past")]
    most = MOST_DAYS_BOXED if needs_hours(rule) else MOST_DAYS
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What the canary of a version did. `period` is the rule's rhythm, None where it has none."""

    began_at: datetime
    matches: int
    true_positives: int
    period: timedelta | None = None


def reasons_against_promotion(trial: Trial, *, now: datetime) -> list[Sentence]:
    """S4: at least seven days, and ten matches or two full periods, and not one true positive."""
    ran = now - trial.began_at
    reasons = []
    if ran < TRIAL:
        reasons.append(Sentence("canary.days", days=ran.days, most=TRIAL.days))
    twice_around = trial.period is not None and ran >= 2 * trial.period
    if trial.matches < TRIAL_MATCHES and not twice_around:
        reasons.append(Sentence("canary.matches", count=trial.matches, most=TRIAL_MATCHES))
    if trial.true_positives > 0:
        reasons.append(Sentence("canary.true_positive", count=trial.true_positives))
    return reasons
