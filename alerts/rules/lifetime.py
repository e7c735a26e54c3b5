"""S3: how long a rule lives, and how many automation rules a workspace may have."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.rules.guards.never import needs_hours
from alerts.rules.rule import RuleDefinition
from alerts.rules.sentence import Sentence

DEFAULT_DAYS, MAX_DAYS = 90, 180
DEFAULT_DAYS_BOXED, MAX_DAYS_BOXED = 30, 90
QUOTA, QUOTA_SHARE = 512, 0.9


def default_end(rule: RuleDefinition, *, now: datetime) -> datetime:
    """The end that is offered where nobody chose one."""
    return now + timedelta(days=DEFAULT_DAYS_BOXED if needs_hours(rule) else DEFAULT_DAYS)


def reasons_against_expiry(rule: RuleDefinition, *, now: datetime) -> list[Sentence]:
    """Whether the rule ends, and soon enough."""
    if rule.expires_at is None:
        return [Sentence("life.none")]
    if rule.expires_at <= now:
        return [Sentence("life.past")]
    most = MAX_DAYS_BOXED if needs_hours(rule) else MAX_DAYS
    if rule.expires_at > now + timedelta(days=most):
        return [Sentence("life.far", most=most)]
    return []


def reasons_against_acting_now(rule: RuleDefinition, *, now: datetime) -> list[Sentence]:
    """Whether a rule may still act at this moment."""
    if rule.expires_at is None:
        return [Sentence("life.none")]
    return [Sentence("life.lapsed")] if rule.expires_at <= now else []


def reasons_against_more_rules(automation_rules: int) -> list[Sentence]:
    """Whether the workspace has room for one more automation rule."""
    limit = int(QUOTA * QUOTA_SHARE)
    if automation_rules < limit:
        return []
    return [Sentence("life.quota", count=automation_rules, most=QUOTA, limit=limit)]
