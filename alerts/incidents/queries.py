"""What a person may see of incidents, alerts and the queue, and what other rooms ask of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, Max, Min, Model, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from alerts.incidents.engine.catalogue import all_types
from alerts.incidents.hidden_verdicts import mask_verdicts
from alerts.incidents.models import (
    COUNTS_AS_DECISION,
    UNDONE,
    Alert,
    BulkAct,
    Comment,
    DetailsState,
    Group,
    Incident,
    IncidentAlert,
    TimelineItem,
    touches_sites,
)
from alerts.outbox.queries import changes_of
from alerts.sentinel.models import Workspace
from alerts.sites.models import Device, Site
from portal.accounts.models import Role, User
from portal.accounts.queries import Reach, reach_of
from portal.accounts.rights import READING_ROLES
from portal.attack.engine import resolve
from portal.jobs.models import JobState

DECISIONS = (
    *("owner", "severity", "closed", "reopened", "commented", "labels", "escalated"),
    "aside",
    "playbook",
    *("task-added", "task-completed", "task-reopened"),
)
OWN_ACTS = (*DECISIONS, "asked", "answered")  # what people look for among what they did
TAKEN_BACK = ("undone", "withdrawn")


@dataclass(frozen=True, slots=True)
class Act:
    """One click of a person: what it did, to how many incidents, when."""

    act: UUID
    code: str
    incidents: int
    incident_id: int  # one of them, to show
    at: datetime
    kinds: int  # how many kinds of incident: one title names them all where it is 1


def incidents_visible_to(user: User, roles: Collection[Role] = READING_ROLES) -> QuerySet[Incident]:
    """The incidents in reach of the person: by workspace, organisation or any touched site. With
    `roles` only where the person holds one of these. A verdict that is hidden from the person is
    not in them.
    """
    return mask_verdicts(user, _in_reach(Incident.objects.all(), user, roles))


def alerts_visible_to(user: User) -> QuerySet[Alert]:
    """The alerts in reach of the person: of their workspaces, or raised at one of their sites."""
    reach, alerts = reach_of(user), Alert.objects.all()
    if reach.everywhere:
        return alerts
    if reach.nowhere:
        return alerts.none()
    workspaces, sites = _pks_of(user, reach)
    return alerts.filter(Q(workspace_id__in=workspaces) | Q(site_id__in=sites))


def without_incident(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    """Those of these alerts that are part of no incident: few of them ever become one."""
    return alerts.filter(~Exists(IncidentAlert.objects.filter(alert=OuterRef("pk"))))


def newest_alerts_without_incident(user: User, *, workspace_id: int, now: datetime) -> list[Alert]:
    """Return the newest alerts of a workspace, in reach of the person, that are in no incident."""
    since = now - timedelta(days=30)
    alerts = alerts_visible_to(user).filter(workspace_id=workspace_id, at__gte=since)
    rows = without_incident(alerts).select_related("site", "zone")
    return list(rows.order_by("-at", "-pk")[:20])


def groups_visible_to(user: User) -> QuerySet[Group]:
    """Return the queue rows in reach; all incidents of a row share place and workspace."""
    return mask_verdicts(user, _in_reach(Group.objects.all(), user))


def devices_visible_to(user: User) -> QuerySet[Device]:
    """The devices of the person's sites, and those that alerts of their workspaces name."""
    reach, devices = reach_of(user), Device.objects.all()
    if reach.everywhere:
        return devices
    if reach.nowhere:
        return devices.none()
    workspaces, sites = _pks_of(user, reach)
    within = Q(zone__site__in=sites)
    if workspaces:
        # A device is zone plus address; what alerts of other workspaces say of it stays theirs.
        named = Alert.objects.filter(
            workspace_id__in=workspaces,
            zone=OuterRef("zone"),
            any_address__overlap=[OuterRef("address")],
        )
        within |= Q(Exists(named))
    return devices.filter(within)


def timeline_of(incident: Incident) -> QuerySet[TimelineItem]:
    """Return the events of an incident, newest first, from before a verdict that is hidden."""
    lines = incident.timeline.select_related("by").order_by("-at", "-pk")
    hidden = incident.hidden_verdict
    return lines if hidden is None else lines.filter(at__lt=hidden.given_at).exclude(act=hidden.act)


def comments_of(incident: Incident) -> QuerySet[Comment]:
    """Return the comments, pending ones too, oldest first, from before a verdict that is hidden."""
    rows = incident.comments.order_by("created_at", "pk")
    hidden = incident.hidden_verdict
    if hidden is None:
        return rows
    ours = changes_of(incident.workspace_id, incident.name).filter(act=hidden.act)
    names = [str(key) for key in ours.values_list("key", flat=True)]
    return rows.filter(created_at__lt=hidden.given_at).exclude(name__in=names)


def decision_lines(*, since: datetime, until: datetime) -> QuerySet[TimelineItem]:
    """Return the lines of what people decided about incidents on a page, after a moment and up to
    another, without what they undid.
    """
    lines = TimelineItem.objects.filter(COUNTS_AS_DECISION, at__gt=since)
    undone = lines.filter(code=UNDONE, incident=OuterRef("incident"), act=OuterRef("act"))
    return lines.filter(~Exists(undone), at__lte=until).exclude(code=UNDONE).order_by()


def recent_acts_of(user: User, *, now: datetime) -> list[Act]:
    """Return what the person did of late and did not take back, newest first."""
    back = TimelineItem.objects.filter(
        incident=OuterRef("incident"), act=OuterRef("act"), code__in=TAKEN_BACK
    )
    kind = Concat(
        "incident__alert_type",
        Value("\n"),
        "incident__source",
        Value("\n"),
        "incident__destination",
    )
    rows = (
        TimelineItem.objects.filter(by=user, at__gt=now - timedelta(days=1), code__in=OWN_ACTS)
        .exclude(act=None)
        .exclude(Exists(back))
        .values_list("act", "code")
        .annotate(
            n=Count("incident"),
            one=Min("incident"),
            at_=Max("at"),
            kinds=Count(kind, distinct=True),
        )
        .order_by("-at_")
    )
    return [Act(*row) for row in rows[:50]]


def bulk_acts_of(user: User) -> QuerySet[BulkAct]:
    """What the person asked to be done to many incidents at once; nobody else sees it."""
    return BulkAct.objects.filter(by=user)


def has_done(user: User, act: UUID) -> bool:
    """Return whether the person has done this act, or started it, and has not taken it back."""
    lines = TimelineItem.objects.filter(act=act, by=user).order_by()
    codes = set(lines.values_list("code", flat=True).distinct())
    is_done = bool(codes) and codes.isdisjoint(TAKEN_BACK)
    return is_done or bulk_acts_of(user).filter(act=act).exists()


def dead_bulk_acts() -> QuerySet[BulkAct]:
    """Acts on many incidents that were tried too often and wait for their person, newest first."""
    dead = BulkAct.objects.filter(state=JobState.DEAD).order_by("-settled_at", "-pk")
    return dead.select_related("by")


def _in_reach[M: Model](
    rows: QuerySet[M], user: User, roles: Collection[Role] = READING_ROLES
) -> QuerySet[M]:
    reach = reach_of(user, roles)
    if reach.everywhere:
        return rows
    if reach.nowhere:
        return rows.none()
    workspaces, sites = _pks_of(user, reach)
    in_workspaces = Q(workspace_id__in=workspaces)
    # A condition that no row meets would still keep indexes of workspaces from answering alone.
    return rows.filter(in_workspaces | touches_sites(sites) if sites else in_workspaces)


def sites_in_reach(user: User, roles: Collection[Role] = READING_ROLES) -> QuerySet[Site]:
    """Return the sites of the person's grants and workspaces with these roles, by name."""
    reach = reach_of(user, roles)
    sites = Site.objects.order_by("name")
    if reach.everywhere:
        return sites
    if not (reach.workspaces or reach.organisations):
        return sites.filter(uuid__in=reach.sites)
    workspaces = Workspace.objects.filter(reach.workspaces_where())
    has_alerts = Exists(Alert.objects.filter(site=OuterRef("pk"), workspace__in=workspaces))
    return sites.filter(Q(uuid__in=reach.sites) | Q(has_alerts))


def _pks_of(user: User, reach: Reach) -> tuple[list[int], list[int]]:
    """The reach in primary keys, looked up once per user object (one request)."""
    cached: tuple[Reach, tuple[list[int], list[int]]] | None = user.__dict__.get(
        "_tagout_reach_pks"
    )
    if cached is None or cached[0] != reach:
        workspaces: list[int] = []
        sites: list[int] = []
        if reach.workspaces or reach.organisations:
            workspaces = list(
                Workspace.objects.filter(reach.workspaces_where()).values_list("pk", flat=True)
            )
        if reach.sites:
            sites = list(Site.objects.filter(uuid__in=reach.sites).values_list("pk", flat=True))
        cached = (reach, (workspaces, sites))
        user.__dict__["_tagout_reach_pks"] = cached
    return cached[1]


def listed_between(
    workspace_id: int,
    *,
    since: datetime | None,
    before: datetime | None,
    stored_before: datetime,
) -> list[tuple[int, str]]:
    """Ids and names of what a list of this window should hold, unless it is gone."""
    rows = Incident.objects.filter(
        workspace_id=workspace_id, gone_at=None, stored_at__lt=stored_before
    )
    if since:
        rows = rows.filter(created_at__gte=since)
    if before:
        rows = rows.filter(created_at__lt=before)
    return list(rows.values_list("pk", "name"))


def count_pending_details(workspace_id: int) -> int:
    """How many incidents wait for their alerts and entities."""
    return Incident.objects.filter(workspace_id=workspace_id, details_due_at__isnull=False).count()


def count_incidents_without_details() -> int:
    """How many incidents of all workspaces wait for their alerts and entities."""
    return Incident.objects.filter(details_due_at__isnull=False).count()


def details_by_state() -> dict[int, dict[str, int]]:
    """Per workspace: how many wait for details, and how many were given up."""
    rows = Incident.objects.filter(
        Q(details_due_at__isnull=False) | Q(details_state=DetailsState.FAILED)
    )
    return {
        row["workspace_id"]: {"owed": row["owed"], "failed": row["failed"]}
        for row in rows.values("workspace_id").annotate(
            owed=Count("pk", filter=Q(details_due_at__isnull=False)),
            failed=Count("pk", filter=Q(details_state=DetailsState.FAILED)),
        )
    }


@dataclass(frozen=True, slots=True)
class TypeCount:
    """Incidents of one alert type. `techniques` are Sentinel's own, in the ids of the current
    release, where the catalogue does not have the type; else there are none.
    """

    alert_type: str
    techniques: frozenset[str]
    n: int


def count_by_alert_type(user: User, *, since: datetime) -> Sequence[TypeCount]:
    """Return the counts of the incidents that the person may see and that were created since."""
    incidents = incidents_visible_to(user).filter(
        created_at__gte=since, gone_at=None, merged_into=None
    )
    # An index answers the first question alone; few incidents have titles that nobody knows.
    numbers = dict(incidents.order_by().values_list("alert_type").annotate(n=Count("*")))
    titles = {alert_type.title for alert_type in all_types()}
    counts = [TypeCount(title, frozenset(), n) for title, n in numbers.items() if title in titles]
    if unknown := [title for title in numbers if title not in titles]:
        others = incidents.filter(alert_type__in=unknown).order_by()
        rows = others.values_list("alert_type", "techniques").annotate(n=Count("*"))
        counts += [TypeCount(title, frozenset(map(resolve, ids)), n) for title, ids, n in rows]
    return counts
