"""Which workspaces there are, for whom, and how they answer."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet

from alerts.sentinel.client.versions import AcceptedVersion, ApiEndpoint
from alerts.sentinel.models import (
    ApiVersion,
    ClientPurpose,
    DefenderIncident,
    Freshness,
    PortalResidence,
    Reachability,
    Workspace,
)
from portal.accounts.models import User
from portal.accounts.queries import Reach, reach_of
from portal.accounts.rights import roles_for

WARN_DAYS = (30, 14, 3)  # before a certificate ends
SEEING_WORKSPACES = roles_for("sentinel.see_workspace")
ANALYTICS_RULES = "analytics_rules"  # a capability: those that make incidents of OT alerts


def analytics_rule_names(workspace: Workspace) -> dict[str, str]:
    """Return how people call the analytics rules that a look has found, by the last part of their
    ids in lower case.
    """
    kept = workspace.capabilities.get(ANALYTICS_RULES) or {}
    rows = (*kept.get("rules", ()), *kept.get("others", ()))
    return {str(row["name"]).lower(): row["display_name"] for row in rows}


class Health(StrEnum):
    """How a workspace answers, in one word."""

    UNKNOWN = "unknown"
    WELL = "well"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    DENIED = "denied"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class ConnectionHealth:
    """How one workspace answers for one purpose, and since when that is so."""

    health: Health
    since: datetime | None
    error: str
    error_code: str
    reached_at: datetime | None
    credential_ends_at: datetime | None = None  # the first certificate of any purpose to end


def workspaces_visible_to(user: User) -> QuerySet[Workspace]:
    """Workspaces in reach of the person's grants, by name; removed ones keep their history."""
    reach = reach_of(user, SEEING_WORKSPACES)
    workspaces = Workspace.objects.select_related("organisation").order_by("name")
    if reach.everywhere:
        return workspaces
    return workspaces.filter(reach.workspaces_where())


def scopes_within(reach: Reach) -> tuple[frozenset[UUID], frozenset[UUID]]:
    """Return the UUIDs of the workspaces in a reach, and of the organisations that it names or that
    these workspaces belong to: a grant in any of them holds there.
    """
    workspaces = Workspace.objects.filter(reach.workspaces_where())
    rows = list(workspaces.values_list("uuid", "organisation__uuid"))
    above = {organisation for _, organisation in rows if organisation}
    return frozenset(uuid for uuid, _ in rows), reach.organisations | above


def workspaces_to_read() -> QuerySet[Workspace]:
    """Workspaces that intake and outbox work on."""
    return Workspace.objects.filter(state=Workspace.State.ACTIVE).order_by("name")


def callable_at(workspace_id: int) -> datetime | None:
    """Until when Azure asked for silence in this workspace, for whatever purpose; None if never."""
    found: datetime | None = Reachability.objects.filter(workspace_id=workspace_id).aggregate(
        latest=Max("not_before")
    )["latest"]
    return found


def resting_workspaces(
    *, now: datetime, purpose: str = ClientPurpose.READ, may_probe: bool = True
) -> set[int]:
    """Ids of the workspaces that must not be called for this purpose now, in one question. Who may
    not probe leaves alone all whose breaker is open, also those that are due for a probe.
    """
    rows = silences(now=now, purpose=purpose, may_probe=may_probe)
    return set(rows.values_list("workspace_id", flat=True))


def silences(*, now: datetime, purpose: str, may_probe: bool = True) -> QuerySet[Reachability]:
    """Return what keeps workspaces from being called for this purpose now, to ask within another
    question.
    """
    is_open = Q(open_until__gt=now) if may_probe else Q(open_until__isnull=False)
    return Reachability.objects.filter(Q(not_before__gt=now) | Q(is_open, purpose=purpose))


def failing_workspaces() -> set[int]:
    """Ids of the workspaces whose latest reading failed."""
    rows = Reachability.objects.filter(failures__gt=0, purpose=ClientPurpose.READ)
    return set(rows.values_list("workspace_id", flat=True))


def gone_workspaces() -> QuerySet[Reachability]:
    """What shows that Azure no longer has these workspaces, one row each. Asked by the reading,
    which goes on trying, so that one that is back is not called gone.
    """
    return Reachability.objects.filter(purpose=ClientPurpose.READ, gone_since__isnull=False)


def silent_workspaces(*, now: datetime, purpose: str) -> set[int]:
    """Ids of the workspaces in which Azure asked just this purpose for silence until later."""
    rows = Reachability.objects.filter(not_before__gt=now, purpose=purpose)
    return set(rows.values_list("workspace_id", flat=True))


def connection_health_of(
    workspace_id: int, *, now: datetime, purpose: ClientPurpose = ClientPurpose.READ
) -> ConnectionHealth:
    """How a workspace answers for one purpose."""
    row = Reachability.objects.filter(workspace_id=workspace_id, purpose=purpose).first()
    return _connection_health(row, now)


def connection_health_by_workspace(*, now: datetime) -> dict[int, ConnectionHealth]:
    """How each workspace answers to reading, by its id; those never called are left out."""
    rows = list(Reachability.objects.all())
    ends: dict[int, datetime] = {}
    for row in rows:
        if row.credential_ends_at is not None:
            first = ends.get(row.workspace_id, row.credential_ends_at)
            ends[row.workspace_id] = min(first, row.credential_ends_at)
    return {
        row.workspace_id: replace(
            _connection_health(row, now), credential_ends_at=ends.get(row.workspace_id)
        )
        for row in rows
        if row.purpose == ClientPurpose.READ
    }


def minutes_old(workspace_id: int, *, now: datetime) -> float:
    """How old what we know of a workspace is; endless where it was never read to the end."""
    read_at = read_until(workspace_id)
    return (now - read_at).total_seconds() / 60 if read_at else math.inf


def read_until(workspace_id: int) -> datetime | None:
    """Until when everything that changed in a workspace has been read."""
    read = Freshness.objects.filter(workspace_id=workspace_id)
    return read.values_list("fresh_at", flat=True).first()


def _connection_health(row: Reachability | None, now: datetime) -> ConnectionHealth:
    if row is None:
        return ConnectionHealth(Health.UNKNOWN, None, "", "", None)
    health, since = Health.WELL, row.reached_at
    if row.gone_since:
        health, since = Health.GONE, row.gone_since
    elif row.denied_since:
        health, since = Health.DENIED, row.denied_since
    elif row.open_until or row.failures:  # said at the first call that failed
        health, since = Health.UNREACHABLE, row.reached_at or row.latest_error_at
    elif row.not_before and row.not_before > now:
        health, since = Health.THROTTLED, row.latest_error_at
    elif row.reached_at is None:
        health = Health.UNKNOWN
    troubled = health not in (Health.WELL, Health.UNKNOWN)
    return ConnectionHealth(
        health,
        since,
        row.latest_error if troubled else "",
        row.latest_error_code if troubled else "",
        row.reached_at,
    )


def names_of_workspaces(uuids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of these workspaces."""
    return dict(Workspace.objects.filter(uuid__in=uuids).values_list("uuid", "name"))


@dataclass(frozen=True, slots=True)
class WaitingIncidents:
    """How many incidents of the tenant no list of a workspace has named yet, and since when."""

    count: int
    since: datetime | None


def waiting_incidents(workspace_id: int) -> WaitingIncidents:
    """Return what of the Defender portal cannot be placed yet; nothing of it is shown."""
    rows = DefenderIncident.objects.filter(workspace=workspace_id, name="")
    found = rows.aggregate(n=Count("pk"), since=Min("waits_since"))
    return WaitingIncidents(found["n"], found["since"])


def placed_but_unread(workspace_id: int) -> list[str]:
    """Return the names of incidents that were placed, but whose state in the Defender portal has
    not been read since.
    """
    rows = DefenderIncident.objects.filter(workspace=workspace_id, waits_since__isnull=False)
    return list(rows.exclude(name="").order_by("waits_since").values_list("name", flat=True))


def portal_residence_of(workspace_id: int) -> PortalResidence | None:
    """Return where the workspace lives, with the evidence; None where no poll has asked yet."""
    return PortalResidence.objects.filter(workspace=workspace_id).first()


def is_in_defender_portal(workspace_id: int) -> bool | None:
    """Whether the workspace lives in the Defender portal; None where that is not known: no poll has
    asked yet, or no analytics rule of the workspace has made an incident. The only test there is.
    """
    rows = PortalResidence.objects.filter(workspace=workspace_id)
    return rows.values_list("is_in_portal", flat=True).first()


def portal_residences(workspace_ids: Collection[int]) -> dict[int, PortalResidence]:
    """Return the same of these workspaces, by their ids; those never asked about are left out."""
    return PortalResidence.objects.in_bulk(workspace_ids)


def accepted_versions(workspace_ids: Collection[int]) -> dict[int, list[AcceptedVersion]]:
    """Return the api-versions that each of these workspaces accepted, by endpoint; those that
    accepted none yet are left out.
    """
    accepted: dict[int, list[AcceptedVersion]] = {}
    rows = ApiVersion.objects.filter(workspace__in=workspace_ids).order_by("endpoint")
    for row in rows:
        if row.endpoint in set(ApiEndpoint):
            version = AcceptedVersion(ApiEndpoint(row.endpoint), row.version, row.refused)
            accepted.setdefault(row.workspace_id, []).append(version)
    return accepted
