"""What a pattern covers beyond the rule that was made of it: the plant has gone on since."""

from datetime import datetime, timedelta
from typing import Final

from alerts.patterns.engine.rule_text import rule_for
from alerts.patterns.models import Pattern
from alerts.reviews.models import VerdictKind
from alerts.reviews.queries.questions import evidence_in_force
from alerts.rules.rule import NotARule, RuleDefinition
from alerts.rules.sql import Sql, rule_condition_sql
from alerts.suppression.backtesting.history_sql import TimeSpan, fetch_rows, in_period
from alerts.suppression.models import RuleVersion, VersionState

MIN_GROWTH: Final = 5  # incidents that a next version adds; fewer are not worth two signatures
MAX_LOST_SHARE: Final = 0.02  # of what the rule matched lately, which the next one would not
LATELY: Final = timedelta(days=28)
_VERDICTS: Final = """
SELECT DISTINCT n.annotation_id FROM incidents_alerts a
  JOIN reviews_verdict_alerts n ON n.alert_id = a.id
 WHERE {growth}
"""


def is_outgrown(pattern: Pattern, version: RuleVersion, *, counted_at: datetime) -> bool:
    """Whether history, counted since this version acts, holds enough that only the pattern covers:
    what a step of the plan adds is on top of all rules that act.
    """
    return (
        version.state == VersionState.LIVE
        and version.state_since < counted_at
        and pattern.plan_gain >= MIN_GROWTH
    )


def growth_sql(pattern: Pattern, version: RuleVersion) -> Sql:
    """Return the condition for alerts that the pattern covers and the version does not."""
    new = rule_condition_sql(_rule_of(pattern))
    old = _version_sql(version)
    return Sql(f"({new.text}) AND ({old.text}) IS NOT TRUE", (*new.params, *old.params))


def is_growth_judged(pattern: Pattern, version: RuleVersion) -> bool:
    """Whether somebody has called an alert harmless that only the pattern covers. Verdicts on what
    the rule closes already are no word about what is new.
    """
    growth = growth_sql(pattern, version)
    ids = [row[0] for row in fetch_rows(_VERDICTS.format(growth=growth.text), growth.params)]
    harmless = (VerdictKind.ROUTINE, VerdictKind.MAINTENANCE)
    return bool(ids) and evidence_in_force().filter(pk__in=ids, kind__in=harmless).exists()


def loses_much(pattern: Pattern, version: RuleVersion, *, now: datetime) -> bool:
    """Whether the pattern no longer covers what the version has matched lately."""
    old, new = _version_sql(version), rule_condition_sql(_rule_of(pattern))
    matched = in_period(TimeSpan(now - LATELY, now), old)
    ((total, lost),) = fetch_rows(
        f"SELECT count(*), count(*) FILTER (WHERE ({new.text}) IS NOT TRUE)"
        f" FROM incidents_alerts a WHERE {matched.text}",
        (*new.params, *matched.params),
    )
    return bool(lost > MAX_LOST_SHARE * total)


def _rule_of(pattern: Pattern) -> RuleDefinition:
    return rule_for(pattern.process, time_zone=pattern.time_zone, now=pattern.mined_at)


def _version_sql(version: RuleVersion) -> Sql:
    try:
        return rule_condition_sql(version.definition)
    except NotARule:  # it covers nothing, as far as anybody can say
        return Sql("FALSE", ())
