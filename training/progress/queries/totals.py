"""What a team has learned, as totals: no read here returns a row of one person."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet

from alerts.sentinel.queries import scopes_within
from portal.accounts.models import Role, User
from portal.accounts.queries import people_holding, reach_of, roles_of
from training.catalog.models import Module
from training.catalog.queries import module_by_version, modules_in_order, question_counts
from training.progress.policies import MIN_TEAM, TEAM_OF


@dataclass(frozen=True, slots=True)
class ModuleTotals:
    """A module in numbers of people, and how many of their first tries were right."""

    module: Module
    began: int
    finished: int
    first_tries: int
    first_right: int

    @property
    def share_first_right(self) -> float | None:
        """The share of first tries that were right; None where too few people began: it would tell
        of single ones.
        """
        if self.began < MIN_TEAM or not self.first_tries:
            return None
        return self.first_right / self.first_tries


@dataclass(frozen=True, slots=True)
class TeamTotals:
    """How many people a team has, and its modules; none where the team is too small."""

    people: int
    modules: list[ModuleTotals] = field(default_factory=list)

    @property
    def is_hidden(self) -> bool:
        """Whether the team is too small for numbers."""
        return self.people < MIN_TEAM


def team_of(viewer: User) -> frozenset[int]:
    """Return the ids of the people whose totals this person may see, without the person: active
    ones with a role that the viewer's own role looks after, in its scope or above it.
    """
    found: set[int] = set()
    for role in roles_of(viewer) & TEAM_OF.keys():
        found.update(_holding(TEAM_OF[role], viewer, role).values_list("pk", flat=True))
    return frozenset(found - {viewer.pk})


def _holding(roles: Collection[Role], viewer: User, role: Role) -> QuerySet[User]:
    reach = reach_of(viewer, {role})
    if reach.everywhere:
        held = {"grants__role__in": roles, "grants__revoked_at": None}
        return User.objects.filter(is_active=True, **held).distinct()
    workspaces, organisations = scopes_within(reach)
    return people_holding(
        roles, sites=reach.sites, workspaces=workspaces, organisations=organisations
    ).order_by()


def team_totals(viewer: User) -> TeamTotals:
    """Return what the team of this person has learned, module by module."""
    team = team_of(viewer)
    if len(team) < MIN_TEAM:
        return TeamTotals(len(team))
    modules, questions = modules_in_order(), question_counts()
    found = {module.pk: module for module in modules if module.pk in questions}
    sums = _sums_by_module(
        team, {key: module.pass_mark * questions[key] for key, module in found.items()}
    )
    return TeamTotals(
        len(team), [ModuleTotals(found[key], *sums.get(key, NOBODY)) for key in found]
    )


NOBODY: Final = (0, 0, 0, 0)
# People are counted inside the database; both parts read an index alone.
_SUMS = """
WITH version AS (
    SELECT * FROM unnest(%(versions)s::bigint[], %(modules)s::bigint[]) AS v (version_id, module_id)
), tries AS (
    SELECT v.module_id, a.learner_id, count(*) AS n,
           count(*) FILTER (WHERE a.is_correct) AS n_right
      FROM progress_attempt a JOIN version v USING (version_id)
     WHERE a.number = 1 AND a.learner_id = ANY(%(team)s)
     GROUP BY v.module_id, a.learner_id
), rights AS (
    SELECT v.module_id, a.learner_id, count(*) AS n
      FROM progress_attempt a JOIN version v USING (version_id)
     WHERE a.is_first_right AND a.learner_id = ANY(%(team)s)
     GROUP BY v.module_id, a.learner_id
)
SELECT t.module_id, count(*), count(*) FILTER (WHERE r.n >= m.needed), sum(t.n), sum(t.n_right)
  FROM tries t
  JOIN unnest(%(keys)s::bigint[], %(needed)s::float8[]) AS m (module_id, needed) USING (module_id)
  LEFT JOIN rights r USING (module_id, learner_id)
 GROUP BY t.module_id
"""


def _sums_by_module(
    team: Collection[int], needed: Mapping[int, float]
) -> dict[int, tuple[int, int, int, int]]:
    """Return for each module how many began and finished, first tries, and right ones among them.
    `needed` is how many right answers finish a module.
    """
    module_of = module_by_version()
    given: dict[str, Any] = {
        "team": list(team),
        "versions": list(module_of),
        "modules": list(module_of.values()),
        "keys": list(needed),
        "needed": list(needed.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, given)
        return {
            key: (began, finished, int(n), int(right)) for key, began, finished, n, right in cursor
        }
