"""The sites that a person may see: what stands there, who speaks for them, what is missing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, F, Func, Max, OuterRef, Q, QuerySet

from alerts.incidents.models import Incident, touches
from alerts.incidents.queries import incidents_visible_to
from alerts.sites.models import Device, Sensor, Site, Zone
from portal.accounts.models import OT_ROLES, READING_ROLES, Grant, Role, ScopeKind, User
from portal.accounts.queries import people_holding, reach_of

WEEKS = 12
SEEING = READING_ROLES | {Role.ADMINISTRATOR}


@dataclass(frozen=True, slots=True)
class SiteNumbers:
    """What is counted of one site."""

    zones: int
    devices: int
    unknown: int  # devices whose kind nobody told
    ot_people: int
    incidents: int  # of the last seven days, within the person's reach


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One site of the list."""

    site: Site
    numbers: SiteNumbers


@dataclass(frozen=True, slots=True)
class SiteDetail:
    """One site with its zones, sensors, people, and its incidents a week."""

    row: SiteRow
    zones: Sequence[Zone]  # each with `n_devices`, `n_unknown`, `latest_at`
    sensors: Sequence[Sensor]
    leads: Sequence[User]
    engineers: Sequence[User]
    weeks: Sequence[tuple[datetime, int]]


def sites_visible_to(user: User) -> QuerySet[Site]:
    """The sites of a person's grants, and those that incidents of their workspaces touch."""
    reach = reach_of(user, SEEING)
    if reach.everywhere:
        return Site.objects.all()
    touched = incidents_visible_to(user).filter(touches([OuterRef("pk")])).order_by()
    return Site.objects.filter(Q(uuid__in=reach.sites) | Exists(touched))


def zones_visible_to(user: User) -> QuerySet[Zone]:
    """The zones of the sites that a person may see."""
    return Zone.objects.filter(site__in=sites_visible_to(user))


def list_sites(user: User, *, now: datetime) -> list[SiteRow]:
    """Return all visible sites by name, with their numbers."""
    sites = list(sites_visible_to(user).order_by("name"))
    numbers = _numbers_of(sites, user=user, now=now)
    return [SiteRow(site, numbers[site.pk]) for site in sites]


def detail_of(site: Site, *, user: User, now: datetime) -> SiteDetail:
    """Return all about one site."""
    zones = site.zones.order_by("name").annotate(
        n_devices=Count("devices"),
        n_unknown=Count("devices", filter=Q(devices__kind="")),
        latest_at=Max("devices__latest_seen_at"),
    )
    people = list(people_holding(OT_ROLES, sites=[site.uuid]))
    leads = set(people_holding([Role.OT_SITE_LEAD], sites=[site.uuid]).values_list("pk", flat=True))
    return SiteDetail(
        row=SiteRow(site, _numbers_of([site], user=user, now=now)[site.pk]),
        zones=list(zones),
        sensors=list(site.sensors.select_related("zone").order_by("name")),
        leads=[each for each in people if each.pk in leads],
        engineers=[each for each in people if each.pk not in leads],
        weeks=_weeks_of(site, user=user, now=now),
    )


def _numbers_of(sites: Sequence[Site], *, user: User, now: datetime) -> dict[int, SiteNumbers]:
    """The numbers of all these sites, in as many questions as for one."""
    ids = [site.pk for site in sites]
    zones = Zone.objects.filter(site__in=ids).order_by().values_list("site")
    zone_counts = dict(zones.annotate(n=Count("pk")))
    devices = Device.objects.filter(zone__site__in=ids).order_by().values_list("zone__site")
    device_counts = dict(devices.annotate(n=Count("pk")))
    unknown_counts = dict(devices.filter(kind="").annotate(n=Count("pk")))
    recent = incidents_visible_to(user).filter(touches(ids), created_at__gt=now - timedelta(days=7))
    at_sites = recent.order_by().annotate(at=Func(F("site_ids"), function="unnest"))
    incident_counts = dict(at_sites.values_list("at").annotate(n=Count("pk")))
    people = _ot_people_by_site()
    return {
        site.pk: SiteNumbers(
            zones=zone_counts.get(site.pk, 0),
            devices=device_counts.get(site.pk, 0),
            unknown=unknown_counts.get(site.pk, 0),
            ot_people=len(people[None] | people[site.uuid]),
            incidents=incident_counts.get(site.pk, 0),
        )
        for site in sites
    }


def _ot_people_by_site() -> dict[UUID | None, set[int]]:
    """Who speaks for OT at which site; None: at every one."""
    held = Grant.objects.filter(
        role__in=OT_ROLES,
        revoked_at=None,
        user__is_active=True,
        scope__in=[ScopeKind.ALL, ScopeKind.SITE],
    )
    people: dict[UUID | None, set[int]] = defaultdict(set)
    for uuid, user_id in held.values_list("scope_uuid", "user"):
        people[uuid].add(user_id)
    return people


def _incidents_at(site: Site, user: User) -> QuerySet[Incident]:
    return incidents_visible_to(user).filter(touches([site.pk]))


def _weeks_of(site: Site, *, user: User, now: datetime) -> list[tuple[datetime, int]]:
    """How many incidents touched the site in each of the last weeks, oldest first."""
    since = now - timedelta(weeks=WEEKS)
    counts = [0] * WEEKS
    rows = _incidents_at(site, user).filter(created_at__gt=since, created_at__lte=now)
    for at in rows.order_by().values_list("created_at", flat=True).iterator():
        counts[min(int((at - since) / timedelta(weeks=1)), WEEKS - 1)] += 1
    begins = [now - timedelta(weeks=n) for n in range(WEEKS, 0, -1)]
    return list(zip(begins, counts, strict=True))
