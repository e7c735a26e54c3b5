"""Plan the work that an answer announces: “this is planned until 16:00”."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext

from alerts.incidents.models import Alert
from alerts.planned_work.engine.kinds import KINDS, OTHER
from alerts.planned_work.engine.matching import WorkSide
from alerts.planned_work.engine.recurrence import Schedule
from alerts.planned_work.models import PlannedWork
from alerts.planned_work.services.plan import CannotPlanWork, DeviceOfPlan, WorkPlan
from alerts.planned_work.services.work import cancel_work, plan_work
from alerts.reviews.models import Verdict
from alerts.sites.models import Device, Site, Zone

PLANNED_CAUSE = "planned-work"
MAX_BACK = timedelta(hours=24)  # work is not planned further back than this
_MAX_ALERTS = 200
_KINDS = {
    "vendor-remote-support": "vendor-session",
    "contractor-laptop": "vendor-visit",
    "commissioning-new-asset": "commissioning",
    "spare-swap": "replacement",
    "profinet-replacement": "replacement",
    "firmware-campaign": "firmware",
    "planned-shutdown": "outage",
    "mirror-port-work": "network-change",
    "network-renumbering": "network-change",
    "protection-test": "protection-test",
    "telecontrol-test": "test",
    "windows-patching": "patching",
    "backup-skipped": "backup",
}


def plan_until(verdict: Verdict, *, until: datetime, vendor: str, now: datetime) -> PlannedWork:
    """Plan work on the judged incidents' devices until this time, once; refuse without any."""
    alerts = list(
        verdict.alerts.exclude(site=None).select_related("site").order_by("at")[:_MAX_ALERTS]
    )
    if not alerts:
        raise CannotPlanWork(gettext("The alerts name no site, so no work can be planned there."))
    site = alerts[0].site
    assert site is not None
    uid = f"answer-{verdict.key}"
    if existing := PlannedWork.objects.filter(site=site, uid=uid).first():
        return existing
    if until <= now:
        raise CannotPlanWork(gettext("Choose a time later than now, or say that it is over."))
    if not is_recent(alerts[0].at, now=now):
        raise CannotPlanWork(
            gettext(
                "It happened more than a day ago, so work until then would not cover it. Say that "
                "it is over, or enter the work under Planned work."
            )
        )
    zone = ZoneInfo(site.time_zone)
    begin = alerts[0].at.astimezone(zone).replace(second=0, microsecond=0)
    schedule = Schedule(
        begin.replace(tzinfo=None), until.astimezone(UTC) - begin.astimezone(UTC), site.time_zone
    )
    kind = _kind(verdict)
    plan = WorkPlan(
        title=_title(kind, alerts)[:200],
        kind=kind,
        schedule=schedule,
        devices=tuple(_devices(alerts, site)),
        work_order=verdict.work_order,
        vendor=vendor,
        people=verdict.by.name,
    )
    return plan_work(site=site, plan=plan, by=verdict.by, now=now, uid=uid)


def is_recent(at: datetime, *, now: datetime) -> bool:
    """Return whether work that is planned from an answer would cover what happened then."""
    return at >= now - MAX_BACK


def cancel_plan(verdict: Verdict, *, now: datetime) -> None:
    """Cancel the work that was planned with an answer, where it is still planned."""
    rows = PlannedWork.objects.filter(uid=f"answer-{verdict.key}", state=PlannedWork.State.PLANNED)
    for work in rows:
        cancel_work(work_id=work.pk, by=verdict.by, now=now)


def _kind(verdict: Verdict) -> str:
    usual = "vendor-visit" if verdict.done_by == "vendor" else OTHER
    return _KINDS.get(verdict.cause, usual)


def _title(kind: str, alerts: Iterable[Alert]) -> str:
    """Name the work by its kind and devices; what the sensor suspected is no name for it."""
    names = dict.fromkeys(name for alert in alerts for name in (alert.source, alert.destination))
    words = KINDS[kind].capitalize()
    return f"{words}: {', '.join(name for name in names if name)}".removesuffix(": ")


def _devices(alerts: Iterable[Alert], site: Site) -> Iterable[DeviceOfPlan]:
    """Yield the devices at both ends of the alerts; either side where there is no direction."""
    zones = dict(Zone.objects.filter(site=site).values_list("name", "pk"))
    for alert in alerts:
        source = _device(alert.source_zone, alert.source_address, alert.source_device, zones)
        target = _device(
            alert.destination_zone, alert.destination_address, alert.destination_device, zones
        )
        if source and target:
            yield DeviceOfPlan(WorkSide.FROM, *source)
            yield DeviceOfPlan(WorkSide.TO, *target)
        elif found := source or target:
            yield DeviceOfPlan(WorkSide.ANY, *found)
        elif alert.zone_id and not (alert.source or alert.destination):
            named = Q(address__in=alert.any_address) | Q(name__in=alert.any_device)
            for device in Device.objects.filter(named, zone=alert.zone_id)[:20]:
                yield DeviceOfPlan(WorkSide.ANY, device.zone_id, device.address, device.name)


def _device(
    zone: str, address: str, name: str, zones: dict[str, int]
) -> tuple[int, str, str] | None:
    """Return zone, address and name of one end, as far as the inventory has them."""
    zone_id = zones.get(zone)
    if zone_id is None:
        return None
    if address:
        return zone_id, address, name
    device = Device.objects.filter(zone=zone_id, name=name).first() if name else None
    return (zone_id, device.address, device.name) if device else None
