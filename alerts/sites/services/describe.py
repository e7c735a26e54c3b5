"""Describe a site and its devices, as an inventory or its people do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from alerts.sites.models import Criticality, Device, Sensor, Site, Zone
from portal.audit.services import Actor, record
from portal.errors import Refused


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
    """Add a site or bring it up to date, with its zones and sensors. Saying the same again
    changes nothing. Refuses time zones that do not exist.
    """
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise CannotDescribeSite(
            f"There is no time zone {time_zone!r}: use an IANA name such as Europe/Warsaw."
        ) from None
    wanted = {"time_zone": time_zone, "control_room_phone": control_room_phone}
    site, made = Site.objects.get_or_create(name=name, defaults=wanted)
    changed = any(getattr(site, field) != value for field, value in wanted.items())
    if changed:
        Site.objects.filter(pk=site.pk).update(**wanted)
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
        record("sites.site.described", on=site, by=by, at=now, **wanted)
    return site


@transaction.atomic
def describe_devices(
    *, site: Site, devices: Iterable[DeviceFacts], by: Actor, now: datetime
) -> int:
    """Add or update devices of a site by zone and address; return how many there were. Zones that
    are not known yet are added.
    """
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
