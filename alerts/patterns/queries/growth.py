"""What a pattern covers beyond the rule that was made of it: the plant has gone on since."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from alerts.patterns.engine.next_version import (
    is_only_a_list_longer,
    new_names_among,
    with_exceptions_of,
)
from alerts.patterns.engine.rule_text import rule_for
from alerts.patterns.models import Pattern
from alerts.reviews.models import VerdictKind
from alerts.reviews.queries.questions import evidence_in_force
from alerts.rules.match import holds
from alerts.rules.rule import NotARule, RuleDefinition
from alerts.rules.sql import Sql, rule_condition_sql
from alerts.suppression.backtesting.history_sql import TimeSpan, fetch_rows, in_period
from alerts.suppression.drafting.drift_questions import names_not_the_same
from alerts.suppression.models import Ending, LedgerAct, LedgerEntry, RuleVersion, VersionState
from alerts.suppression.queries import facts_by_incident

MIN_GROWTH: Final = 5  # incidents that a next version adds; fewer are not worth two signatures
MAX_LOST_SHARE: Final = 0.02  # of what the rule matched lately, which the next one would not
LATELY: Final = timedelta(days=28)
MAX_AGE: Final = timedelta(days=90)  # of what is new, before it was mined
_VERDICTS: Final = """
SELECT DISTINCT n.annotation_id FROM incidents_alerts a
  JOIN reviews_verdict_alerts n ON n.alert_id = a.id
 WHERE {growth}
"""
_NAMES: Final = """
SELECT DISTINCT name FROM incidents_alerts a,
       unnest(ARRAY[a.source_device, a.source_address, a.destination_device, a.destination_address]
              || a.any_device || a.any_address) name
 WHERE {growth} AND lower(name) = ANY(%s)
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


def keeps_lines(pattern: Pattern, version: RuleVersion) -> bool:
    """Whether the pattern only makes a list of the version longer: another line may be narrower
    because people wanted it so.
    """
    try:
        return is_only_a_list_longer(version.definition, _rule_of(pattern, version))
    except NotARule:
        return False


def names_refused(pattern: Pattern, version: RuleVersion) -> Sequence[str]:
    """Return who is new in the pattern though OT has called them something else, when asked whether
    the plant had changed: by name on a list, or in what a group covers.
    """
    refused = names_not_the_same(version.site_ids)
    if not refused:
        return ()
    rule = _rule_of(pattern, version)
    listed = new_names_among(refused, live=version.definition, rule=rule)
    growth = _lately(pattern, growth_sql(pattern, version))
    params = (*growth.params, [name.lower() for name in refused])
    covered = [row[0] for row in fetch_rows(_NAMES.format(growth=growth.text), params)]
    return sorted({*listed, *covered})


def leaves_out_harm(pattern: Pattern, version: RuleVersion) -> bool:
    """Whether the pattern covers nothing of the true positives that the version's trial labelled,
    and nothing more than the version does of which nobody has called an alert harmless.
    """
    lines = LedgerEntry.objects.filter(
        version=version, act=LedgerAct.TAGGED, ending=Ending.TRUE_POSITIVE
    )
    ids = set(lines.values_list("incident", flat=True))
    rule = _rule_of(pattern, version)
    # As things were then, too: work that was withdrawn since had put the alert inside.
    for harm in (facts_by_incident(ids), facts_by_incident(ids, as_of_alert=True)):
        if not all(harm.get(incident) for incident in ids):
            return False  # its alerts were removed: nobody can see any more what to leave out
        if any(holds(rule, facts) for alerts in harm.values() for facts in alerts.values()):
            return False
    growth = _lately(pattern, growth_sql(pattern, version))
    has_grown = fetch_rows(
        f"SELECT EXISTS (SELECT FROM incidents_alerts a WHERE {growth.text})", growth.params
    )
    return not has_grown[0][0] or is_growth_judged(pattern, version)


def growth_sql(pattern: Pattern, version: RuleVersion) -> Sql:
    """Return the condition for alerts that the next version would cover and this one does not. What
    this one excepts is no growth.
    """
    new = rule_condition_sql(_rule_of(pattern, version))
    old = _version_sql(version)
    return Sql(f"({new.text}) AND ({old.text}) IS NOT TRUE", (*new.params, *old.params))


def is_growth_judged(pattern: Pattern, version: RuleVersion) -> bool:
    """Whether somebody has called an alert harmless that only the pattern covers. Verdicts on what
    the rule closes already are no word about what is new.
    """
    growth = _lately(pattern, growth_sql(pattern, version))
    ids = [row[0] for row in fetch_rows(_VERDICTS.format(growth=growth.text), growth.params)]
    harmless = (VerdictKind.ROUTINE, VerdictKind.MAINTENANCE)
    return bool(ids) and evidence_in_force().filter(pk__in=ids, kind__in=harmless).exists()


def loses_much(pattern: Pattern, version: RuleVersion, *, now: datetime) -> bool:
    """Whether the pattern no longer covers what the version has matched lately."""
    old, new = _version_sql(version), rule_condition_sql(_rule_of(pattern, version))
    matched = in_period(TimeSpan(now - LATELY, now), old)
    ((total, lost),) = fetch_rows(
        f"SELECT count(*), count(*) FILTER (WHERE ({new.text}) IS NOT TRUE)"
        f" FROM incidents_alerts a WHERE {matched.text}",
        (*new.params, *matched.params),
    )
    return bool(lost > MAX_LOST_SHARE * total)


def _lately(pattern: Pattern, scope: Sql) -> Sql:
    """The condition held to alerts of the pattern's workspace of the last months."""
    return Sql(
        f"a.workspace_id = %s AND a.at >= %s AND ({scope.text})",
        (pattern.workspace_id, pattern.mined_at - MAX_AGE, *scope.params),
    )


def _rule_of(pattern: Pattern, version: RuleVersion) -> RuleDefinition:
    rule = rule_for(pattern.process, time_zone=pattern.time_zone, now=pattern.mined_at)
    try:
        return with_exceptions_of(version.definition, rule)
    except NotARule:
        return rule


def _version_sql(version: RuleVersion) -> Sql:
    try:
        return rule_condition_sql(version.definition)
    except NotARule:  # it covers nothing, as far as anybody can say
        return Sql("FALSE", ())
