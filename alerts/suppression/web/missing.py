"""What a draft still lacks before it can be proposed, and where it could be enforced."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.utils.translation import get_language

from alerts.reviews.engine.causes import causes_for
from alerts.suppression.engine.clauses import pinned, reasons_against_clause
from alerts.suppression.engine.compile_sentinel import Reason
from alerts.suppression.engine.guards.life import MOST_DAYS, MOST_DAYS_BOXED
from alerts.suppression.engine.guards.never import needs_hours
from alerts.suppression.engine.rule import Rule, reasons_against_rule
from alerts.suppression.models import RuleVersion
from alerts.suppression.reads.forms import compiled_forms
from alerts.suppression.services.places import reach_of_rule
from alerts.suppression.services.propose import (
    reasons_against_grounds,
    reasons_against_rule_now,
)
from alerts.suppression.web.words import all_in_words, in_words, line_of


@dataclass(frozen=True, slots=True)
class InWorkspace:
    """What the rule becomes in one workspace's Sentinel: exact, wider or impossible, and why."""

    name: str
    verdict: str
    reasons: list[str]


def reasons_not_to_propose(version: RuleVersion, said: Rule | None, *, now: datetime) -> list[str]:
    """The sentences the service would refuse with, as far as they do not need the back-test."""
    if said is None:
        return []
    reach = reach_of_rule(said)
    reasons = reasons_against_rule_now(said, reach=reach, now=now)
    if not reasons_against_rule(said):
        reasons += reasons_against_grounds(version, said=said)
    beside = {  # these stand at their line
        text for clause in said.clauses for text in all_in_words(reasons_against_clause(clause))
    }
    return [text for text in all_in_words(dict.fromkeys(reasons)) if text not in beside]


def where_enforced(version: RuleVersion, said: Rule | None) -> list[InWorkspace]:
    """Each workspace that the rule reaches, with the compiler's answer."""
    if said is None or reasons_against_rule(said):
        return []
    found = compiled_forms(said, rule=version.rule, workspace_ids=version.workspace_ids)
    return [
        InWorkspace(
            name,
            form.verdict,
            list(dict.fromkeys(_reason(each) for each in form.compiled.reasons)),
        )
        for name, form in found.items()
    ]


def last_day(said: Rule | None, now: datetime, zone: tzinfo) -> str:
    """The latest end that the guard allows, as a date field takes it."""
    most = MOST_DAYS_BOXED if said and needs_hours(said) else MOST_DAYS
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


def _reason(reason: Reason) -> str:
    text = in_words(reason.why)
    return f"{line_of(reason.clause).label}: {text}" if reason.clause else text
