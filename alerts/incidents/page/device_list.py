"""The devices that a person may see, by what they are and where they stand."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import (
    FETCH_RAISE,
    BooleanField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce, Lower, NullIf

from alerts.incidents.queries import devices_visible_to
from alerts.sites.models import GRAVE, Criticality, Device, Site, Zone
from portal.accounts.models import User

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


def list_devices(user: User, asked: DeviceFilter, *, after: int = 0) -> DevicePage:
    """Return a page of the devices: those with a name first, then those with an address only."""
    visible = devices_visible_to(user)
    found = _narrowed(visible, asked)
    ordered = _of_tab(found, asked.tab).annotate(
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
        Zone.objects.filter(site=asked.site).order_by("name") if asked.site else Zone.objects.none()
    )
    return DevicePage(
        rows=rows[:PAGE],
        after=rows[PAGE - 1].pk if len(rows) > PAGE else None,
        counts={tab: _of_tab(found, tab).count() for tab in (ALL, UNKNOWN, GRAVEST)},
        sites=list(Site.objects.filter(zones__devices__in=visible).distinct().order_by("name")),
        zones=list(zones),
        kinds=list(kinds[:MAX_KINDS]),
    )


def _narrowed(rows: QuerySet[Device], asked: DeviceFilter) -> QuerySet[Device]:
    if asked.text:
        words = (
            Q(**{f"{name}__icontains": asked.text})
            for name in ("name", "address", "role", "kind", "vendor", "model")
        )
        either = Q()
        for each in words:
            either |= each
        rows = rows.filter(either)
    if asked.site:
        rows = rows.filter(zone__site=asked.site)
    if asked.zone:
        rows = rows.filter(zone=asked.zone)
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    if asked.criticality in Criticality.values:
        rows = rows.filter(criticality=asked.criticality)
    return rows


def _of_tab(rows: QuerySet[Device], tab: str) -> QuerySet[Device]:
    if tab == UNKNOWN:
        return rows.filter(kind="")
    return rows.filter(criticality__in=GRAVE) if tab == GRAVEST else rows
