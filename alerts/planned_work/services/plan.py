"""A plan from people or files, checked before anything is stored."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from alerts.planned_work.engine.errors import PlanError
from alerts.planned_work.engine.kinds import KINDS
from alerts.planned_work.engine.matching import WorkSide
from alerts.planned_work.engine.recurrence import Schedule, check_schedule, takes_place
from alerts.planned_work.models import PlannedWork, Revision
from alerts.planned_work.policies import is_by_token
from alerts.sites.models import Device, Site, Zone
from portal.audit.services import Actor
from portal.errors import Refused
from portal.ui.words import number

AHEAD = timedelta(days=92)  # how far ahead occurrences are worked out
BEHIND = timedelta(days=35)  # older ones that somebody types in tell nobody anything
BEHIND_IN_FILES = timedelta(days=366)  # of a calendar: history that back-tests and patterns read
HORIZON = timedelta(days=731)
MAX_DEVICES = 200
_LONGEST = {"title": 200, "work_order": 60, "vendor": 120, "people": 200}


class CannotPlanWork(Refused):
    """Planned work could not be stored or changed."""


@dataclass(frozen=True, slots=True)
class DeviceOfPlan:
    """A device that a plan names: by zone and address."""

    side: WorkSide
    zone_id: int
    address: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPlan:
    """The content of planned work: what, when, and which devices or which zone."""

    title: str
    kind: str
    schedule: Schedule
    devices: tuple[DeviceOfPlan, ...] = ()
    zone_id: int | None = None
    work_order: str = ""
    vendor: str = ""
    people: str = ""

    @property
    def digest(self) -> str:
        """Return a SHA-256 of its whole content, by which changes are detected."""
        content = [
            self.title,
            self.kind,
            self.work_order,
            self.vendor,
            self.people,
            self.zone_id,
            *_schedule_as_json(self.schedule).values(),
            str(self.schedule.starts_at),
            self.schedule.length.total_seconds(),
            sorted([device.side, device.zone_id, device.address] for device in self.devices),
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def checked_plan(
    plan: WorkPlan,
    *,
    site: Site,
    now: datetime,
    is_looked_up: bool = False,
    behind: timedelta = BEHIND,
) -> WorkPlan:
    """Return the plan in order: sides and texts tidied. Raises CannotPlanWork with every reason.
    `is_looked_up`: its zones are known to be of this site. `behind`: how long ago it may be over.
    """
    plan = replace(
        plan,
        devices=_sides_in_order(plan.devices),
        title=" ".join(plan.title.split()),
        work_order=" ".join(plan.work_order.split()),
        vendor=" ".join(plan.vendor.split()),
        people=" ".join(plan.people.split()),
    )
    reasons = [*_against_texts(plan), *_against_place(plan, None if is_looked_up else site)]
    try:
        check_schedule(plan.schedule)
        if not is_within_horizon(plan.schedule, now=now, behind=behind):
            reasons.append(_never_takes_place(plan.schedule, behind))
    except PlanError as error:
        reasons.append(error.translated(_))
    if reasons:
        raise CannotPlanWork(*reasons)
    return plan


def new_revision(
    work: PlannedWork, *, plan: WorkPlan, number: int, by: Actor, now: datetime
) -> Revision:
    """Return an unsaved revision of this work with the content of the plan."""
    schedule = plan.schedule
    return Revision(
        work=work,
        number=number,
        known_from=now,
        by_label=str(by)[:200],
        came_by_token=is_by_token(by),
        title=plan.title,
        kind=plan.kind,
        work_order=plan.work_order,
        vendor=plan.vendor,
        people=plan.people,
        zone_id=plan.zone_id,
        time_zone=schedule.time_zone,
        local_start=schedule.starts_at.isoformat(timespec="seconds"),
        length=schedule.length,
        dates={k: v for k, v in _schedule_as_json(schedule).items() if isinstance(v, list) and v},
        rule=schedule.rule,
        worked_out_until=now + AHEAD,
        digest=plan.digest,
    )


def _schedule_as_json(schedule: Schedule) -> dict[str, object]:
    return {
        "time_zone": schedule.time_zone,
        "rule": schedule.rule,
        "also": [at.isoformat() for at in sorted(schedule.also)],
        "except_at": [at.isoformat() for at in sorted(schedule.except_at)],
        "moved": [[at.isoformat(), length.total_seconds()] for at, length in schedule.moved],
    }


def _sides_in_order(devices: tuple[DeviceOfPlan, ...]) -> tuple[DeviceOfPlan, ...]:
    """Return the devices once each; one side without the other means either side."""
    sides = {device.side for device in devices}
    if not {WorkSide.FROM, WorkSide.TO} <= sides:
        devices = tuple(replace(device, side=WorkSide.ANY) for device in devices)
    found = {(device.side, device.zone_id, device.address): device for device in devices}
    return tuple(found[key] for key in sorted(found))


def _against_texts(plan: WorkPlan) -> list[str]:
    reasons = []
    if len(plan.title) < 3:
        reasons.append(_("Say in a few words what is done."))
    if plan.kind not in KINDS:
        reasons.append(_("Choose a kind of work."))
    labels = {
        "title": _("title"),
        "work_order": _("work order"),
        "vendor": _("vendor"),
        "people": _("people"),
    }
    for name, max_length in _LONGEST.items():
        if len(getattr(plan, name)) > max_length:
            reasons.append(
                PlanError("entry.long", name=labels[name], most=max_length).translated(_)
            )
    return reasons


def _against_place(plan: WorkPlan, site: Site | None) -> list[str]:
    if plan.devices and plan.zone_id:
        return [_("Name devices or a whole zone, not both.")]
    if not plan.devices and not plan.zone_id:
        return [_("Name the devices that are worked on, or a whole zone.")]
    if len(plan.devices) > MAX_DEVICES:
        return [_("Name at most %(n)s devices, or a whole zone.") % {"n": number(MAX_DEVICES)}]
    if site is None:
        return []
    zones = {device.zone_id for device in plan.devices} | (
        {plan.zone_id} if plan.zone_id else set()
    )
    site_zones = set(Zone.objects.filter(site=site, pk__in=zones).values_list("pk", flat=True))
    return [] if zones == site_zones else [_("The devices or the zone are of another site.")]


def is_within_horizon(schedule: Schedule, *, now: datetime, behind: timedelta = BEHIND) -> bool:
    """Whether it takes place near enough to matter: from five weeks ago to two years ahead."""
    return takes_place(schedule, since=now - behind, until=now + HORIZON)


def _never_takes_place(schedule: Schedule, behind: timedelta) -> str:
    if schedule.is_recurring:
        return PlanError("rule.never").translated(_)
    return _("The work ended more than %(n)s days ago, or starts more than two years from now.") % {
        "n": number(behind.days)
    }


def devices_named(text: str, *, site: Site, side: WorkSide) -> tuple[list[DeviceOfPlan], list[str]]:
    """Return the devices that a text names, and what is wrong with the others. Names or addresses
    are separated by commas or lines, in any case; “Zone / 10.20.4.15” names the zone.
    """
    devices, reasons = [], []
    for word in dict.fromkeys(
        filter(None, (w.strip() for w in text.replace("\n", ",").split(",")))
    ):
        zone_name, mark, rest = word.rpartition(" / ")
        candidates = Device.objects.filter(zone__site=site)
        if mark:
            candidates = candidates.filter(zone__name__iexact=zone_name)
        name = rest.strip()
        named = candidates.filter(address__iexact=name) | candidates.filter(name__iexact=name)
        rows = list(named[:3])
        if len(rows) == 1:
            devices.append(DeviceOfPlan(side, rows[0].zone_id, rows[0].address, rows[0].name))
        elif rows:
            reasons.append(
                _("“%(name)s” is more than one device. Write zone and address: %(example)s.")
                % {"name": word, "example": f"{rows[0].zone.name} / {rows[0].address}"}
            )
        elif mark and (zone := Zone.objects.filter(site=site, name__iexact=zone_name).first()):
            devices.append(DeviceOfPlan(side, zone.pk, name[:64]))
        else:
            reasons.append(unknown_device(word, site=site))
    return devices, reasons


MAX_SUGGESTED = 500


def suggested_devices(site: Site) -> list[tuple[str, str]]:
    """Return the devices to choose from, those seen last first: what a form takes for each, and its
    zone with its kind. One that shares its name with another is written with zone and address.
    """
    devices = Device.objects.filter(zone__site=site)
    shared = set(
        devices.annotate(key=Lower("name"))
        .values_list("key", flat=True)
        .annotate(n=Count("pk"))
        .filter(n__gt=1)
    )
    rows = devices.select_related("zone").order_by("-latest_seen_at", "pk")[:MAX_SUGGESTED]
    return [
        (
            row.name
            if row.name and row.name.lower() not in shared and "," not in row.name
            else f"{row.zone.name} / {row.address}",
            " · ".join(filter(None, (row.zone.name, row.kind))),
        )
        for row in rows
    ]


def unknown_device(word: str, *, site: Site) -> str:
    """Return the sentence about a device that the site does not have."""
    return _(
        "%(site)s has no device “%(name)s”. Use its name or its address; a device that no alert "
        "has shown yet needs its zone: Zone / 10.20.4.15."
    ) % {"site": site.name, "name": word}
