"""Describe sites and devices, as an inventory or people do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext

from alerts.sites.engine.devices import device_kind
from alerts.sites.models import PURDUE_WORDS, Criticality, Device, Sensor, Site, Zone
from alerts.sites.policies import reasons_against_criticality, reasons_against_describing
from alerts.sites.registry import notify_device_listeners
from portal.accounts.models import User
from portal.audit.services import Actor, record
from portal.errors import Refused
from portal.text import visible_text


class CannotDescribeSite(Refused):
    """The site was left as it is."""


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """A network segment; `purdue_level` 0–5, None where unknown."""

    name: str
    purdue_level: float | None = None


@dataclass(frozen=True, slots=True)
class SensorFacts:
    """A sensor and the zone it belongs to ("" where unknown)."""

    name: str
    zone: str = ""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """A device: zone plus address is who it is, the rest describes it."""

    zone: str
    address: str
    name: str = ""
    kind: str = ""
    vendor: str = ""
    model: str = ""
    firmware: str = ""
    purdue_level: float | None = None
    criticality: str = Criticality.NORMAL
    is_programming: bool | None = None
    is_scanner: bool | None = None
    is_authorized: bool | None = None


@transaction.atomic
def describe_site(
    *,
    name: str,
    time_zone: str,
    control_room_phone: str = "",
    zones: Iterable[ZoneFacts] = (),
    sensors: Iterable[SensorFacts] = (),
    by: Actor,
    now: datetime,
) -> Site:
    """Add or update a site with zones and sensors, repeatably; refuse unknown time zones."""
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise CannotDescribeSite(
            f"There is no time zone {time_zone!r}: use an IANA name such as Europe/Warsaw."
        ) from None
    values = {"time_zone": time_zone, "control_room_phone": control_room_phone}
    site, made = Site.objects.get_or_create(name=name, defaults=values)
    changed = any(getattr(site, field) != value for field, value in values.items())
    if changed:
        Site.objects.filter(pk=site.pk).update(**values)
    by_name: dict[str, Zone] = {}
    for zone in zones:
        by_name[zone.name], _ = Zone.objects.update_or_create(
            site=site, name=zone.name, defaults={"purdue_level": zone.purdue_level}
        )
    for sensor in sensors:
        Sensor.objects.update_or_create(
            name=sensor.name, defaults={"site": site, "zone": by_name.get(sensor.zone)}
        )
    if made or changed:
        record("sites.site.described", on=site, by=by, at=now, **values)
    return site


@transaction.atomic
def describe_devices(
    *, site: Site, devices: Iterable[DeviceFacts], by: Actor, now: datetime
) -> int:
    """Add or update a site's devices by zone and address, new zones too; return how many."""
    zones = {zone.name: zone for zone in Zone.objects.filter(site=site)}
    rows = []
    for facts in devices:
        if facts.zone not in zones:
            zones[facts.zone] = Zone.objects.create(site=site, name=facts.zone)
        described = {field: getattr(facts, field) for field in DESCRIBED}
        rows.append(
            Device(
                zone=zones[facts.zone],
                address=facts.address,
                first_seen_at=now,
                latest_seen_at=now,
                **described,
            )
        )
    Device.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["zone", "address"],
        update_fields=list(DESCRIBED),
    )
    if rows:
        record("sites.devices.described", on=site, by=by, at=now, devices=len(rows))
    return len(rows)


DESCRIBED = (
    "name",
    "kind",
    "vendor",
    "model",
    "firmware",
    "purdue_level",
    "criticality",
    "is_programming",
    "is_scanner",
    "is_authorized",
)


MAX_KIND, MAX_ROLE = 80, 120


class CannotDescribeDevice(Refused):
    """The device is described as before."""


@transaction.atomic
def describe_device(
    *,
    device_id: int,
    by: User,
    now: datetime,
    unshifted: datetime,
    kind: str,
    role: str,
    criticality: str,
    purdue_level: float | None,
    reason: str = "",
) -> Device:
    """Set what OT of the site says of a device. What is set stays: neither alerts nor inventories
    write over it. An empty kind gives that back to them; one that other devices have is written as
    theirs.
    """
    device = (
        Device.objects.select_for_update(of=("self",))
        .select_related("zone__site")
        .get(pk=device_id)
    )
    values: dict[str, object] = {
        "kind": _spelling_of(device_kind(" ".join(kind.split())), device),
        "role": " ".join(role.split()),
        "criticality": criticality,
        "purdue_level": purdue_level,
    }
    reasons = reasons_against_describing(by, device.zone.site) or _reasons_against(values)
    reasons = reasons or reasons_against_criticality(by, device, criticality, reason=reason)
    if reasons:
        raise CannotDescribeDevice(*reasons)
    before = {name: getattr(device, name) for name in values}
    changed = {name: value for name, value in values.items() if before[name] != value}
    if not changed:
        return device
    for name, value in changed.items():
        setattr(device, name, value)
    described = {name for name, value in changed.items() if value not in ("", None)}
    device.set_by_people = sorted((set(device.set_by_people) - changed.keys()) | described)
    device.save(update_fields=[*changed, "set_by_people"])
    notify_device_listeners([device.pk], unshifted=unshifted)
    record(
        "sites.device.described",
        on=device,
        by=by,
        at=now,
        zone=str(device.zone),
        before={name: before[name] for name in changed},
        after=changed,
        reason=visible_text(reason),
    )
    return device


def _spelling_of(kind: str, device: Device) -> str:
    """Return a kind as most other devices of the site have it, whatever its case."""
    others = Device.objects.filter(zone__site=device.zone.site, kind__iexact=kind)
    spellings = others.exclude(pk=device.pk).values("kind").annotate(n=Count("pk"))
    return spellings.order_by("-n", "kind").values_list("kind", flat=True).first() or kind


def _reasons_against(values: dict[str, object]) -> list[str]:
    reasons = []
    if len(str(values["kind"])) > MAX_KIND or len(str(values["role"])) > MAX_ROLE:
        reasons.append(gettext("Keep kind and role short: one line each."))
    if values["criticality"] not in Criticality.values:
        reasons.append(gettext("Choose how critical it is."))
    if values["purdue_level"] is not None and values["purdue_level"] not in PURDUE_WORDS:
        reasons.append(gettext("Choose a Purdue level from 0 to 5."))
    return reasons
