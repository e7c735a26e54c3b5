"""What a draft still lacks before it can be proposed."""

from datetime import datetime, timedelta, tzinfo

from django.utils.translation import get_language

from alerts.reviews.engine.causes import causes_for
from alerts.suppression.drafting.enforcement_choice import reasons_against_enforcement
from alerts.suppression.drafting.places import reach_of_rule
from alerts.suppression.engine.guards.lifecycle import MAX_DAYS, MAX_DAYS_BOXED
from alerts.suppression.engine.guards.never import needs_hours
from alerts.suppression.engine.rule import (
    Rule,
    pinned,
    reasons_against_clause,
    reasons_against_rule,
)
from alerts.suppression.models import RuleVersion
from alerts.suppression.signing.propose import (
    reasons_against_grounds,
    reasons_against_rule_now,
)
from alerts.suppression.web.words import all_in_words


def reasons_not_to_propose(version: RuleVersion, said: Rule | None, *, now: datetime) -> list[str]:
    """The sentences the service would refuse with, as far as they do not need the back-test."""
    if said is None:
        return []
    reach = reach_of_rule(said)
    reasons = reasons_against_rule_now(said, reach=reach, now=now)
    if not reasons_against_rule(said):
        reasons += reasons_against_grounds(version, said=said)
        reasons += reasons_against_enforcement(said)
    beside = {  # these stand at their line
        text for clause in said.clauses for text in all_in_words(reasons_against_clause(clause))
    }
    return [text for text in all_in_words(dict.fromkeys(reasons)) if text not in beside]


def last_day(said: Rule | None, now: datetime, zone: tzinfo) -> str:
    """The latest end that the guard allows, as a date field takes it."""
    most = MAX_DAYS_BOXED if said and needs_hours(said) else MAX_DAYS
    return ((now + timedelta(days=most)).astimezone(zone) - timedelta(days=1)).date().isoformat()


def causes_that_fit(said: Rule | None) -> list[str]:
    """Names of causes that OT gives for these alert types."""
    language = get_language() or "en"
    titles = pinned(said.all_of, "alert_type") if said else ()
    found = [
        cause.label(language)
        for title in titles
        for verdict in ("routine", "maintenance")
        for cause in causes_for(title, verdict)
        if cause.kind != "other"
    ]
    return list(dict.fromkeys(found))
