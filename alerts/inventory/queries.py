"""Sites and devices that a person may see: lists, numbers, and the history of each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import (
    FETCH_RAISE,
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce, Lower, NullIf

from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import Alert, Incident, touches_sites
from alerts.incidents.queries import (
    alerts_visible_to,
    devices_visible_to,
    incidents_visible_to,
    without_incident,
)
from alerts.sites.engine.devices import CRITICAL
from alerts.sites.models import Criticality, Device, Sensor, Site, Zone
from portal.accounts.models import Grant, GrantScope, User
from portal.accounts.queries import people_with_roles, reach_of
from portal.accounts.rights import OT_ROLES, roles_for

WEEKS = 12
SEEING = roles_for("sites.see")


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
    zones: Sequence[Zone]  # each with `n_devices`, `n_unknown`
    sensors: Sequence[Sensor]
    leads: Sequence[User]
    engineers: Sequence[User]
    weeks: Sequence[tuple[datetime, int]]


def sites_visible_to(user: User) -> QuerySet[Site]:
    """The sites of a person's grants, and those that incidents of their workspaces touch."""
    reach = reach_of(user, SEEING)
    if reach.everywhere:
        return Site.objects.all()
    touched = incidents_visible_to(user).filter(touches_sites([OuterRef("pk")])).order_by()
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
    )
    people = list(people_with_roles(OT_ROLES, sites=[site.uuid]))
    leads = set(
        people_with_roles(roles_for("sites.lead"), sites=[site.uuid]).values_list("pk", flat=True)
    )
    return SiteDetail(
        row=SiteRow(site, _numbers_of([site], user=user, now=now)[site.pk]),
        zones=list(zones),
        sensors=list(site.sensors.select_related("zone").order_by("name")),
        leads=[person for person in people if person.pk in leads],
        engineers=[person for person in people if person.pk not in leads],
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
    recent = incidents_visible_to(user).filter(
        touches_sites(ids), created_at__gt=now - timedelta(days=7)
    )
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
    grants = Grant.objects.filter(
        role__in=OT_ROLES,
        revoked_at=None,
        user__is_active=True,
        scope__in=[GrantScope.ALL, GrantScope.SITE],
    )
    people: dict[UUID | None, set[int]] = defaultdict(set)
    for uuid, user_id in grants.values_list("scope_uuid", "user"):
        people[uuid].add(user_id)
    return people


def _incidents_at(site: Site, user: User) -> QuerySet[Incident]:
    return incidents_visible_to(user).filter(touches_sites([site.pk]))


def _weeks_of(site: Site, *, user: User, now: datetime) -> list[tuple[datetime, int]]:
    """How many incidents touched the site in each of the last weeks, oldest first."""
    since = now - timedelta(weeks=WEEKS)
    counts = [0] * WEEKS
    rows = _incidents_at(site, user).filter(created_at__gt=since, created_at__lte=now)
    for at in rows.order_by().values_list("created_at", flat=True).iterator():
        counts[min(int((at - since) / timedelta(weeks=1)), WEEKS - 1)] += 1
    begins = [now - timedelta(weeks=n) for n in range(WEEKS, 0, -1)]
    return list(zip(begins, counts, strict=True))


PAGE = 50
MAX_KINDS = 60
ALL, UNKNOWN, GRAVEST = "all", "unknown", "grave"


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """What a person asks the list for; empty members ask for nothing."""

    tab: str = ALL
    text: str = ""
    site: Site | None = None
    zone: Zone | None = None
    kind: str = ""
    criticality: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves devices out, apart from its tab."""
        return bool(self.text or self.site or self.zone or self.kind or self.criticality)


@dataclass(frozen=True, slots=True)
class DevicePage:
    """One page of the list, the counts of its tabs, and what can be chosen of."""

    rows: Sequence[Device]
    after: int | None  # the last device shown, where more follow
    counts: dict[str, int]
    sites: Sequence[Site]
    zones: Sequence[Zone]
    kinds: Sequence[str]


def list_devices(user: User, filters: DeviceFilter, *, after: int = 0) -> DevicePage:
    """Return a page of the devices: those with a name first, then those with an address only."""
    visible = devices_visible_to(user)
    found = _narrowed(visible, filters)
    ordered = _of_tab(found, filters.tab).annotate(
        # Defender calls a device that told no name by its address.
        is_nameless=ExpressionWrapper(Q(name="") | Q(name=F("address")), BooleanField()),
        label=Lower(Coalesce(NullIf("name", Value("")), F("address"))),
    )
    place = "is_nameless", "label", "pk"
    ordered = ordered.order_by(*place).select_related("zone__site")
    mark = ordered.filter(pk=after).values_list(*place).first() if after else None
    if mark is not None:
        is_nameless, label, pk = mark
        same, nameless = Q(is_nameless=is_nameless), Q(is_nameless=True)
        beyond = same & (Q(label__gt=label) | Q(label=label, pk__gt=pk))
        ordered = ordered.filter(beyond if is_nameless else beyond | nameless)
    rows = list(ordered.fetch_mode(FETCH_RAISE)[: PAGE + 1])
    kinds = visible.exclude(kind="").order_by("kind").values_list("kind", flat=True).distinct()
    zones = (
        Zone.objects.filter(site=filters.site).order_by("name")
        if filters.site
        else Zone.objects.none()
    )
    return DevicePage(
        rows=rows[:PAGE],
        after=rows[PAGE - 1].pk if len(rows) > PAGE else None,
        counts={tab: _of_tab(found, tab).count() for tab in (ALL, UNKNOWN, GRAVEST)},
        sites=list(Site.objects.filter(zones__devices__in=visible).distinct().order_by("name")),
        zones=list(zones),
        kinds=list(kinds[:MAX_KINDS]),
    )


def _narrowed(rows: QuerySet[Device], filters: DeviceFilter) -> QuerySet[Device]:
    if filters.text:
        words = (
            Q(**{f"{name}__icontains": filters.text})
            for name in ("name", "address", "role", "kind", "vendor", "model")
        )
        either = Q()
        for word in words:
            either |= word
        rows = rows.filter(either)
    if filters.site:
        rows = rows.filter(zone__site=filters.site)
    if filters.zone:
        rows = rows.filter(zone=filters.zone)
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.criticality in Criticality.values:
        rows = rows.filter(criticality=filters.criticality)
    return rows


def _of_tab(rows: QuerySet[Device], tab: str) -> QuerySet[Device]:
    if tab == UNKNOWN:
        return rows.filter(kind="")
    return rows.filter(criticality__in=CRITICAL.keys()) if tab == GRAVEST else rows


MAX_INCIDENTS, MAX_TYPES = 10, 5


@dataclass(frozen=True, slots=True)
class DeviceHistory:
    """The last weeks of a device, as far as the person may see it."""

    weeks: Sequence[tuple[datetime, int]]  # when each began, oldest first, and its alerts
    verdicts: dict[str, int]  # incidents by what OT said of them last
    types: Sequence[tuple[str, int]]  # most frequent first
    incidents: Sequence[Incident]
    lone_alerts: Sequence[Alert]  # the newest that are part of no incident
    latest_alert_at: datetime | None  # of the last weeks

    @property
    def alerts(self) -> int:
        """How many alerts there were."""
        return sum(n for _, n in self.weeks)


def alerts_of_device(device: Device) -> QuerySet[Alert]:
    """Return the alerts of a device, by zone and address, or by name without an address."""
    zone = device.zone
    at_an_end = (
        Q(source_address=device.address, source_zone=zone.name)
        | Q(destination_address=device.address, destination_zone=zone.name)
        | Q(zone=zone)
    )
    named = Q(any_address__contains=[device.address]) & at_an_end
    if device.name:
        named |= Q(any_device__contains=[device.name], any_address=[])
    return Alert.objects.filter(named, site=zone.site_id)


def history_of_device(device: Device, *, user: User, now: datetime) -> DeviceHistory:
    """Return what the last weeks brought."""
    since = now - timedelta(weeks=WEEKS)
    recent = alerts_of_device(device).filter(at__gte=since, at__lte=now)
    recent = recent.filter(pk__in=alerts_visible_to(user))
    begins = [now - timedelta(weeks=n) for n in range(WEEKS, 0, -1)]
    counts, latest = [0] * WEEKS, None
    for at in recent.order_by("at").values_list("at", flat=True):
        latest = at
        counts[min(int((at - since) / timedelta(weeks=1)), WEEKS - 1)] += 1
    incidents = incidents_visible_to(user).filter(alerts__in=recent).distinct()
    answered = incidents.exclude(ot_state__in=("", "waiting"))
    if hidden := hidden_from(user):
        answered = answered.exclude(pk__in=[*hidden.by_incident])
    verdicts = answered.order_by().values_list("ot_state")
    types = recent.order_by().values_list("alert_type").annotate(n=Count("pk"))
    return DeviceHistory(
        weeks=list(zip(begins, counts, strict=True)),
        verdicts=dict(verdicts.annotate(n=Count("pk", distinct=True))),
        types=list(types.order_by("-n", "alert_type")[:MAX_TYPES]),
        incidents=list(incidents.order_by("-created_at", "-pk")[:MAX_INCIDENTS]),
        lone_alerts=list(without_incident(recent).order_by("-at", "-pk")[:MAX_INCIDENTS]),
        latest_alert_at=latest,
    )
