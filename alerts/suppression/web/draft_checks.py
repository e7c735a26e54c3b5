"""What the editor says about a draft: what it lacks, who can enforce it, what history says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.utils.translation import get_language, gettext

from alerts.reviews.engine.causes import causes_for
from alerts.sentinel.queries import workspaces_visible_to
from alerts.suppression.backtesting.backtest import Preview, preview
from alerts.suppression.backtesting.counts import PLACES
from alerts.suppression.deploying.compiled_forms import Forms, compiled_forms
from alerts.suppression.drafting.enforcement_choice import (
    SENTINEL,
    reasons_against_enforcement,
    reasons_against_sentinel,
    with_possible_enforcement,
)
from alerts.suppression.drafting.rule_reach import reach_of_rule
from alerts.suppression.drafting.suggestions import sites_in_reach
from alerts.suppression.engine.clauses import Clause, pinned, reasons_against_clause
from alerts.suppression.engine.guards.lifecycle import MAX_DAYS, MAX_DAYS_BOXED
from alerts.suppression.engine.guards.never import needs_hours
from alerts.suppression.engine.rule import Rule, reasons_against_rule
from alerts.suppression.engine.undirected import undirected
from alerts.suppression.models import RuleVersion
from alerts.suppression.signing.propose import reasons_against_grounds, reasons_against_rule_now
from alerts.suppression.web.backtest import Shown, shown
from alerts.suppression.web.forms import MEMBERS, Body
from alerts.suppression.web.words import all_in_words
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.ui.words import number


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


def enforcement_of(version: RuleVersion, said: Rule | None) -> Enforcement:
    """Return who could enforce the draft. Sentinel is offered only where it holds exactly this rule
    in every workspace, of conditions that a probe has seen accepted.
    """
    is_chosen = version.enforcement == SENTINEL
    if said is None or reasons_against_rule(said):
        return Enforcement([], False, is_chosen)
    forms = compiled_forms(said, rule=version.rule, workspace_ids=version.workspace_ids)
    is_offered = bool(forms) and all(each.verdict == "exact" for each in forms.values())
    return Enforcement(
        [_in_workspace(name, form) for name, form in forms.items()],
        is_offered,
        is_chosen,
        not is_offered and not reasons_against_sentinel(undirected(said)),
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
class Testing:
    """The panel. `left`: how many alerts are left after each line, by its place (all-0)."""

    left: Mapping[str, str]
    total: int | None
    shown: Shown | None
    reasons: list[str]
    problems: list[str]
    seconds: float


def test_for(user: User, said: Rule, *, now: datetime, body: Mapping[str, Any]) -> Testing:
    """Run a draft over history, as far as this person sees the places that it names. Its places
    are held to from the first count on, so that no number tells of plants beyond one's reach.
    """
    if reach_of(user).everywhere:
        return tested(preview(said=said, now=now, by=user), body, said=said)
    places = [clause for clause in said.all_of if clause.field in PLACES and clause.values]
    if problem := _against_places(user, places):
        # OT sees sites, not workspaces: the rule is counted where all that it can meet lies there.
        places = _own_sites(user, said) if places else []
        if not places:
            return Testing({}, None, None, [], [problem], 0.0)
    found = preview(said=replace(said, all_of=(*places, *said.all_of)), now=now, by=user)
    if found.counts is not None:
        counts = replace(found.counts, after_each=found.counts.after_each[len(places) :])
        found = replace(found, counts=counts)
    return tested(found, body, said=said)


def _against_places(user: User, places: Sequence[Clause]) -> str:
    if not places:
        return gettext("Name a site or a workspace, and the matching alerts are counted.")
    seen = {
        "site": set(sites_in_reach(user).values_list("name", flat=True)),
        "workspace": set(workspaces_visible_to(user).values_list("name", flat=True)),
    }
    if any(set(clause.texts) <= seen[clause.field] for clause in places):
        return ""
    return gettext(
        "You can see only some of these sites and workspaces, so their alerts are not "
        "counted for you."
    )


def _own_sites(user: User, said: Rule) -> list[Clause]:
    """The sites that the rule can meet, as a line of a rule; none where one of them is unseen."""
    seen = dict(sites_in_reach(user).values_list("pk", "name"))
    met = reach_of_rule(said).site_ids
    if not met or any(site not in seen for site in met):
        return []
    names = sorted(seen[site] for site in met)
    return [Clause("site", "is" if len(names) == 1 else "is_one_of", tuple(names))]


def tested(found: Preview, body: Mapping[str, Any], *, said: Rule) -> Testing:
    """A preview of the rule `said` in words."""
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
    return Testing(
        left=left,
        total=found.counts.total if found.counts else None,
        shown=shown(found.body, said=said) if found.body else None,
        reasons=all_in_words(found.reasons),
        problems=all_in_words(found.problems),
        seconds=found.seconds,
    )
