"""What the editor shows about a draft: what it lacks, who can enforce it, what history says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.utils.translation import get_language, gettext

from alerts.incidents.queries import sites_in_reach
from alerts.reviews.engine.causes import causes_for
from alerts.rules.compile_sentinel import undirected
from alerts.rules.guards.never import needs_hours
from alerts.rules.lifetime import MAX_DAYS, MAX_DAYS_BOXED
from alerts.rules.rule import (
    Clause,
    RuleDefinition,
    pinned,
    reasons_against_clause,
    reasons_against_rule,
)
from alerts.sentinel.queries import workspaces_visible_to
from alerts.suppression.backtesting.backtest import DraftPreview, preview_backtest
from alerts.suppression.backtesting.counts import PLACES
from alerts.suppression.drafting.enforcement_choice import (
    SENTINEL,
    reasons_against_enforcement,
    reasons_against_sentinel,
    with_possible_enforcement,
)
from alerts.suppression.drafting.rule_reach import reach_of_rule
from alerts.suppression.models import RuleVersion
from alerts.suppression.signing.compiled_forms import Forms, compiled_forms
from alerts.suppression.signing.propose import reasons_against_grounds, reasons_against_rule_now
from alerts.suppression.web.backtest import BackTestSummary, summarize_backtest
from alerts.suppression.web.forms import MEMBERS, Body
from alerts.suppression.web.wording import all_in_words
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.ui.words import number


def reasons_not_to_propose(
    version: RuleVersion, rule: RuleDefinition | None, *, now: datetime
) -> list[str]:
    """Return why the service would refuse the proposal, as far as that needs no back-test."""
    if rule is None:
        return []
    reach = reach_of_rule(rule)
    reasons = reasons_against_rule_now(rule, reach=reach, now=now)
    if not reasons_against_rule(rule):
        reasons += reasons_against_grounds(version, rule=rule)
        reasons += reasons_against_enforcement(rule)
    beside = {  # these stand at their line
        text for clause in rule.clauses for text in all_in_words(reasons_against_clause(clause))
    }
    return [text for text in all_in_words(dict.fromkeys(reasons)) if text not in beside]


def last_day(rule: RuleDefinition | None, now: datetime, zone: tzinfo) -> str:
    """Return the latest end that the guard allows, as a date field takes it."""
    max_days = MAX_DAYS_BOXED if rule and needs_hours(rule) else MAX_DAYS
    return (
        ((now + timedelta(days=max_days)).astimezone(zone) - timedelta(days=1)).date().isoformat()
    )


def causes_that_fit(rule: RuleDefinition | None) -> list[str]:
    """Return the names of the causes that OT gives for these alert types."""
    language = get_language() or "en"
    titles = pinned(rule.all_of, "alert_type") if rule else ()
    found = [
        cause.label(language)
        for title in titles
        for verdict in ("routine", "maintenance")
        for cause in causes_for(title, verdict)
        if cause.kind != "other"
    ]
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class InWorkspace:
    """What the rule becomes in one workspace's Sentinel: exact, wider or impossible, and why."""

    name: str
    verdict: str
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class Enforcement:
    """Whether Sentinel is offered beside Tagout's own worker, and why not. `can_be_rewritten`: it
    could hold the rule without direction and site.
    """

    workspaces: list[InWorkspace]
    is_sentinel_offered: bool
    is_sentinel_chosen: bool
    can_be_rewritten: bool = False


def enforcement_of(version: RuleVersion, rule: RuleDefinition | None) -> Enforcement:
    """Return who could enforce the draft. Sentinel is offered only where it holds exactly this rule
    in every workspace, of conditions that a probe has seen accepted.
    """
    is_chosen = version.enforcement == SENTINEL
    if rule is None or reasons_against_rule(rule):
        return Enforcement([], False, is_chosen)
    forms = compiled_forms(rule, rule=version.rule, workspace_ids=version.workspace_ids)
    is_offered = bool(forms) and all(form.verdict == "exact" for form in forms.values())
    return Enforcement(
        [_in_workspace(name, form) for name, form in forms.items()],
        is_offered,
        is_chosen,
        not is_offered and not reasons_against_sentinel(undirected(rule)),
    )


def without_lost_choice(body: Body, stored: Body) -> Body:
    """Return the body, enforced by Tagout's own worker where a change of its lines has made
    impossible what was chosen before. What is chosen only now stays, to be refused with its reason.
    """
    if body.get("enforcement") == SENTINEL == stored.get("enforcement"):
        return with_possible_enforcement(body)
    return body


def _in_workspace(name: str, form: Forms) -> InWorkspace:
    reasons = dict.fromkeys(reason.why for reason in form.compiled.reasons)
    return InWorkspace(name, form.verdict, all_in_words(reasons))


@dataclass(frozen=True, slots=True)
class DraftTest:
    """The panel. `left`: how many alerts are left after each line, by its place (all-0)."""

    left: Mapping[str, str]
    total: int | None
    summary: BackTestSummary | None
    reasons: list[str]
    problems: list[str]
    seconds: float


def test_draft(
    user: User, rule: RuleDefinition, *, now: datetime, body: Mapping[str, Any]
) -> DraftTest:
    """Run a draft over history, as far as this person sees the places that it names. Its places
    are held to from the first count on, so that no number tells of plants beyond one's reach.
    """
    if reach_of(user).everywhere:
        return draft_test(preview_backtest(rule=rule, now=now, by=user), body, rule=rule)
    places = [clause for clause in rule.all_of if clause.field in PLACES and clause.values]
    if problem := _reason_not_to_count(user, places):
        # OT sees sites, not workspaces: the rule is counted where all that it can meet lies there.
        places = _own_sites(user, rule) if places else []
        if not places:
            return DraftTest({}, None, None, [], [problem], 0.0)
    found = preview_backtest(rule=replace(rule, all_of=(*places, *rule.all_of)), now=now, by=user)
    if found.counts is not None:
        counts = replace(found.counts, after_each=found.counts.after_each[len(places) :])
        found = replace(found, counts=counts)
    return draft_test(found, body, rule=rule)


def _reason_not_to_count(user: User, places: Sequence[Clause]) -> str:
    if not places:
        return gettext("Name a site or a workspace, and the matching alerts are counted.")
    visible = {
        "site": set(sites_in_reach(user).values_list("name", flat=True)),
        "workspace": set(workspaces_visible_to(user).values_list("name", flat=True)),
    }
    if any(set(clause.texts) <= visible[clause.field] for clause in places):
        return ""
    return gettext(
        "You can see only some of these sites and workspaces, so their alerts are not "
        "counted for you."
    )


def _own_sites(user: User, rule: RuleDefinition) -> list[Clause]:
    """The sites that the rule can meet, as a line of a rule; none where one of them is unseen."""
    visible = dict(sites_in_reach(user).values_list("pk", "name"))
    site_ids = reach_of_rule(rule).site_ids
    if not site_ids or any(site not in visible for site in site_ids):
        return []
    names = sorted(visible[site] for site in site_ids)
    return [Clause("site", "is" if len(names) == 1 else "is_one_of", tuple(names))]


def draft_test(found: DraftPreview, body: Mapping[str, Any], *, rule: RuleDefinition) -> DraftTest:
    """Return a preview of the rule in words."""
    places = [
        f"{prefix}-{place}"
        for prefix, member in MEMBERS.items()
        for place, _line in enumerate(body.get(member, []))
    ]
    counts = found.counts.after_each if found.counts else ()
    left = {
        place: "–" if count is None else number(count)
        for place, count in zip(places, counts, strict=False)
    }
    return DraftTest(
        left=left,
        total=found.counts.total if found.counts else None,
        summary=summarize_backtest(found.body, rule=rule) if found.body else None,
        reasons=all_in_words(found.reasons),
        problems=all_in_words(found.problems),
        seconds=found.seconds,
    )
