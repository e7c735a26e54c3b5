"""How fresh the data of each workspace is, why not fresher, and what of it was read."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet

from alerts.dashboards.engine.periods import Coverage
from alerts.incidents.models import Group, Incident, touches_sites
from alerts.incidents.queries import groups_visible_to
from alerts.intake.models import Cursor
from alerts.intake.queries import Age, age_level, share_of_history
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import (
    ConnectionHealth,
    Health,
    connection_health_by_workspace,
    workspaces_visible_to,
)
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.accounts.queries import reach_of

type Level = Literal["", "ok", "warn", "bad"]

SILENT = timedelta(seconds=60)  # a worker that says nothing for longer is not there (G12)
_ORDER: tuple[Level, ...] = ("", "ok", "warn", "bad")


def worst(levels: Iterable[Level]) -> Level:
    """The worst of several; nothing for none."""
    return max(levels, key=_ORDER.index, default="")


def is_silent(age: timedelta | None) -> bool:
    """Whether a worker has been silent for too long."""
    return age is None or age > SILENT


LOOKED_AT = 500  # of a workspace's newest incidents, to tell whether it feeds a site

LEVELS: dict[Age, Level] = {Age.FRESH: "ok", Age.AMBER: "warn", Age.RED: "bad"}

_UNKNOWN = ConnectionHealth(Health.UNKNOWN, None, "", "", None)


@dataclass(frozen=True, slots=True)
class Sync:
    """The state of one workspace."""

    workspace_id: int
    name: str
    is_paused: bool
    added_at: datetime
    fresh_at: datetime | None
    history_since: datetime | None  # all that was raised since then was read
    level: Level
    standing: ConnectionHealth
    error: str  # of intake's own latest run
    history_percent: int | None  # of the first reading; None once all of it is there

    @property
    def is_troubled(self) -> bool:
        """Whether a cause has to be shown: our data is old, or Azure does not answer as it should,
        which is shown before anything is old.
        """
        return self.level == "bad" or (not self.is_paused and self.standing.error != "")


def syncs_visible_to(user: User, *, now: datetime) -> list[Sync]:
    """The workspaces that the person gets data from, and how fresh it is; two questions at most."""
    workspaces = workspaces_feeding(user).exclude(state=Workspace.State.REMOVED)
    return [
        _sync(workspace, now)
        for workspace in workspaces.select_related(None).select_related("cursor")
    ]


def with_health(syncs: Iterable[Sync], *, unshifted: datetime) -> list[Sync]:
    """The same with how each answers, which only matters where something is late.

    `unshifted` is the database's own clock, by which waits for Azure run.
    """
    standings = connection_health_by_workspace(now=unshifted)
    return [replace(sync, standing=standings.get(sync.workspace_id, _UNKNOWN)) for sync in syncs]


def workspaces_feeding(user: User) -> QuerySet[Workspace]:
    """Workspaces in the person's reach, and those whose incidents touch their sites."""
    own = workspaces_visible_to(user)
    if not reach_of(user).sites:
        return own
    sites = list(Site.objects.filter(uuid__in=reach_of(user).sites).values_list("pk", flat=True))
    newest = (
        Incident.objects.filter(workspace=OuterRef(OuterRef("pk")))
        .order_by("-modified_at")
        .values("pk")[:LOOKED_AT]
    )
    # As an array they are looked up by key; as a set they are joined with all of the sites' rows.
    among_newest = Func(
        F("pk"),
        ArraySubquery(newest),
        template="%(expressions)s)",
        arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )
    feeding = Exists(Group.objects.filter(touches_sites(sites), workspace=OuterRef("pk"))) | Exists(
        Incident.objects.filter(among_newest, site_ids__overlap=sites)
    )
    workspaces = Workspace.objects.select_related("organisation").order_by("name")
    return workspaces.filter(feeding | Q(pk__in=own.order_by().values("pk")))


def oldest_age(user: User, *, now: datetime, workspace: str = "") -> int | None:
    """Seconds since the stalest workspace that feeds the person was read, or since it was added;
    paused ones only where nothing else is there. None where there is no workspace.
    """
    workspaces = workspaces_feeding(user).exclude(state=Workspace.State.REMOVED)
    if workspace:
        workspaces = workspaces.filter(name=workspace)
    rows = list(workspaces.order_by().values_list("state", "cursor__fresh_at", "added_at"))
    active = [row for row in rows if row[0] == Workspace.State.ACTIVE] or rows
    ages = [int((now - (fresh or added)).total_seconds()) for _, fresh, added in active]
    return max(0, *ages) if ages else None


def sites_of(user: User) -> int:
    """How many plants the person sees."""
    reach = reach_of(user)
    if reach.everywhere:
        with connection.cursor() as cursor:  # in the foot of every page
            cursor.execute("SELECT count(*) FROM sites_sites")
            return int(cursor.fetchone()[0])
    own = Q(uuid__in=reach.sites)
    if reach.workspaces or reach.organisations:
        # Asked plant by plant: there are few, and queues have tens of thousands of rows.
        own |= Q(Exists(groups_visible_to(user).filter(touches_sites([OuterRef("pk")]))))
    return Site.objects.filter(own).count()


def _sync(workspace: Workspace, now: datetime) -> Sync:
    cursor: Cursor | None = getattr(workspace, "cursor", None)
    fresh_at = cursor.fresh_at if cursor else None
    is_paused = workspace.state == Workspace.State.PAUSED
    age = age_level(int((now - (fresh_at or workspace.added_at)).total_seconds()))
    share = share_of_history(cursor, now=now)
    return Sync(
        workspace_id=workspace.pk,
        name=workspace.name,
        is_paused=is_paused,
        added_at=workspace.added_at,
        fresh_at=fresh_at,
        history_since=cursor.backfilled_until if cursor else None,
        level="" if is_paused else LEVELS[age],
        standing=_UNKNOWN,
        error=cursor.latest_error if cursor else "",
        history_percent=int(share * 100) if cursor and share < 1 else None,
    )


def coverage_by_workspace(syncs: Iterable[Sync]) -> dict[int, Coverage]:
    """What was read of each workspace; paused ones only where nothing else is there, as nobody
    expects their data.
    """
    rows = list(syncs)
    active = [sync for sync in rows if not sync.is_paused] or rows
    return {
        sync.workspace_id: Coverage(sync.history_since, sync.fresh_at, sync.added_at)
        for sync in active
    }
