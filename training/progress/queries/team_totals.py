"""What a team has learned, as totals: no read here returns a row of one person."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet

from alerts.sentinel.queries import scopes_within
from portal.accounts.models import Role, User
from portal.accounts.queries import people_with_roles, reach_of, roles_of
from training.catalog.models import Module
from training.catalog.queries.lessons import module_by_version, modules_in_order, question_counts
from training.progress.engine.statistics import people_step, share_step, week_start
from training.progress.policies import MIN_TEAM, TEAM_OF


@dataclass(frozen=True, slots=True)
class ModuleTotals:
    """A module in numbers of people, in steps: at least so many began and finished it. The share of
    first tries that were right is None where too few people began: it would show single ones.
    """

    module: Module
    began: int
    finished: int
    share_first_right: float | None


@dataclass(frozen=True, slots=True)
class TeamTotals:
    """How many people a team has, and its modules; none where the team is too small. Answers count
    that were given before `counted_until`.
    """

    people: int
    counted_until: datetime
    modules: list[ModuleTotals] = field(default_factory=list)

    @property
    def is_hidden(self) -> bool:
        """Whether the team is too small for numbers."""
        return self.people < MIN_TEAM


def team_of(viewer: User) -> frozenset[int]:
    """Return the ids of the people whose totals this person may see, without the person: active
    ones with a role that the viewer's own role looks after, in its scope or above it.
    """
    ids: set[int] = set()
    for role in roles_of(viewer) & TEAM_OF.keys():
        ids.update(_people_with(TEAM_OF[role], viewer, role).values_list("pk", flat=True))
    return frozenset(ids - {viewer.pk})


def _people_with(roles: Collection[Role], viewer: User, role: Role) -> QuerySet[User]:
    reach = reach_of(viewer, {role})
    if reach.everywhere:
        grants = {"grants__role__in": roles, "grants__revoked_at": None}
        return User.objects.filter(is_active=True, **grants).distinct()
    workspaces, organisations = scopes_within(reach)
    return people_with_roles(
        roles, sites=reach.sites, workspaces=workspaces, organisations=organisations
    ).order_by()


def team_totals(viewer: User, *, now: datetime) -> TeamTotals:
    """Return what the team of this person had learned by the beginning of the week, module by
    module.
    """
    team, until = team_of(viewer), week_start(now)
    if len(team) < MIN_TEAM:
        return TeamTotals(len(team), until)
    modules, questions = modules_in_order(), question_counts()
    by_id = {module.pk: module for module in modules if module.pk in questions}
    pass_counts = {key: module.pass_mark * questions[key] for key, module in by_id.items()}
    sums = _sums_by_module(team, pass_counts, until)
    return TeamTotals(
        len(team),
        until,
        [_in_steps(module, *sums.get(key, NO_PEOPLE)) for key, module in by_id.items()],
    )


def _in_steps(
    module: Module, began: int, finished: int, first_tries: int, first_right: int
) -> ModuleTotals:
    is_shown = began >= MIN_TEAM and first_tries > 0
    share = share_step(first_right, first_tries) if is_shown else None
    return ModuleTotals(module, people_step(began), people_step(finished), share)


NO_PEOPLE: Final = (0, 0, 0, 0)
# People are counted inside the database. Tries and rights read an index alone; what came since the
# beginning of the week is little, and taken off again.
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
), late AS (
    SELECT v.module_id, a.learner_id,
           count(*) FILTER (WHERE a.number = 1) AS n,
           count(*) FILTER (WHERE a.number = 1 AND a.is_correct) AS n_right,
           count(*) FILTER (WHERE a.is_first_right) AS rights
      FROM progress_attempt a JOIN version v USING (version_id)
     WHERE a.answered_at >= %(until)s AND a.learner_id = ANY(%(team)s)
     GROUP BY v.module_id, a.learner_id
)
SELECT t.module_id,
       count(*),
       count(*) FILTER (WHERE r.n - coalesce(l.rights, 0) >= m.needed),
       sum(t.n - coalesce(l.n, 0)),
       sum(t.n_right - coalesce(l.n_right, 0))
  FROM tries t
  JOIN unnest(%(keys)s::bigint[], %(needed)s::float8[]) AS m (module_id, needed) USING (module_id)
  LEFT JOIN rights r USING (module_id, learner_id)
  LEFT JOIN late l USING (module_id, learner_id)
 WHERE t.n > coalesce(l.n, 0)
 GROUP BY t.module_id
"""


def _sums_by_module(
    team: Collection[int], pass_counts: Mapping[int, float], until: datetime
) -> dict[int, tuple[int, int, int, int]]:
    """Return for each module how many began and finished, first tries, and right ones among them,
    before a moment. `needed` is how many right answers finish a module.
    """
    module_of = module_by_version()
    parameters: dict[str, Any] = {
        "team": list(team),
        "versions": list(module_of),
        "modules": list(module_of.values()),
        "keys": list(pass_counts),
        "needed": list(pass_counts.values()),
        "until": until,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, parameters)
        return {
            key: (began, finished, int(n), int(right)) for key, began, finished, n, right in cursor
        }
