"""What a preview found, for the panel beside the editor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from alerts.sentinel.queries import workspaces_visible_to
from alerts.suppression.backtesting.backtest import Preview, preview
from alerts.suppression.backtesting.counts import PLACES
from alerts.suppression.drafting.field_suggestions import sites_in_reach
from alerts.suppression.drafting.places import reach_of_rule
from alerts.suppression.engine.rule import Clause, Rule
from alerts.suppression.web.backtest import Shown, shown
from alerts.suppression.web.body import MEMBERS
from alerts.suppression.web.words import all_in_words
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.ui.words import number


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
