"""Learn from alerts which devices there are: zone plus address, never the address alone."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from alerts.sites.models import Criticality

# Defender for IoT says levels in words; a digit in the word is taken as it stands.
_LEVELS = {
    "process": 0.0,
    "processcontrol": 1.0,
    "basiccontrol": 1.0,
    "supervisory": 2.0,
    "supervisorycontrol": 2.0,
    "siteoperations": 3.0,
    "dmz": 3.5,
    "enterprise": 4.0,
}


class DeviceSeen(NamedTuple):
    """A device as an alert or entity described it; empty members were not told."""

    zone_id: int
    address: str
    seen_at: datetime
    name: str = ""
    kind: str = ""
    vendor: str = ""
    model: str = ""
    firmware: str = ""
    purdue_level: float | None = None
    is_important: bool = False
    is_programming: bool | None = None
    is_scanner: bool | None = None
    is_authorized: bool | None = None


# The later word wins where it says something; an older one only fills what is still empty.
_TEXTS = ", ".join(
    f"{name} = CASE WHEN excluded.latest_seen_at >= d.latest_seen_at"
    f" THEN coalesce(nullif(excluded.{name}, ''), d.{name})"
    f" ELSE coalesce(nullif(d.{name}, ''), excluded.{name}) END"
    for name in ("name", "kind", "vendor", "model", "firmware")
)
# What people set (criticality, level) is never written over; what is not told blanks nothing.
_UPSERT = f"""
    INSERT INTO sites_device AS d (zone_id, address, first_seen_at, latest_seen_at, name, kind,
        vendor, model, firmware, purdue_level, criticality, is_programming, is_scanner,
        is_authorized)
    SELECT zone_id, address, seen_at, seen_at, name, kind, vendor, model, firmware, level,
           criticality, is_programming, is_scanner, is_authorized
    FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],
                %s::text[], %s::text[], %s::float8[], %s::text[], %s::bool[], %s::bool[],
                %s::bool[])
         AS seen(zone_id, address, seen_at, name, kind, vendor, model, firmware, level,
                 criticality, is_programming, is_scanner, is_authorized)
    ORDER BY zone_id, address
    ON CONFLICT (zone_id, address) DO UPDATE SET
        first_seen_at = least(d.first_seen_at, excluded.first_seen_at),
        latest_seen_at = greatest(d.latest_seen_at, excluded.latest_seen_at),
        {_TEXTS},
        purdue_level = coalesce(d.purdue_level, excluded.purdue_level),
        is_programming = coalesce(excluded.is_programming, d.is_programming),
        is_scanner = coalesce(excluded.is_scanner, d.is_scanner),
        is_authorized = coalesce(excluded.is_authorized, d.is_authorized)
    WHERE excluded.latest_seen_at > d.latest_seen_at + interval '10 minutes'
       OR excluded.first_seen_at < d.first_seen_at
       OR (excluded.latest_seen_at >= d.latest_seen_at AND
           (excluded.name NOT IN ('', d.name) OR excluded.kind NOT IN ('', d.kind)
            OR excluded.vendor NOT IN ('', d.vendor) OR excluded.model NOT IN ('', d.model)
            OR excluded.firmware NOT IN ('', d.firmware)
            OR (d.purdue_level IS NULL AND excluded.purdue_level IS NOT NULL)
            OR excluded.is_programming <> d.is_programming
            OR excluded.is_scanner <> d.is_scanner
            OR excluded.is_authorized IS DISTINCT FROM d.is_authorized))
"""
_FIND = """
    SELECT d.zone_id, d.address, d.id FROM sites_device d
    JOIN unnest(%s::bigint[], %s::text[]) AS w(zone_id, address)
         ON d.zone_id = w.zone_id AND d.address = w.address
"""


@transaction.atomic
def learn_devices(*, devices: Iterable[DeviceSeen]) -> dict[tuple[int, str], int]:
    """Know all these devices; returns their ids by zone and address."""
    seen: dict[tuple[int, str], DeviceSeen] = {}
    for device in devices:
        cut = device._replace(
            address=device.address[:64],
            **{
                name: getattr(device, name)[:length]
                for name, length in (
                    ("name", 120), ("kind", 80), ("vendor", 120), ("model", 120), ("firmware", 120)
                )
            },
        )  # fmt: skip
        key = cut.zone_id, cut.address
        seen[key] = _merged(seen[key], cut) if key in seen else cut
    if not seen:
        return {}
    rows = [
        (
            *device[:9],
            (Criticality.IMPORTANT if device.is_important else Criticality.NORMAL).value,
            *device[10:],
        )
        for device in seen.values()
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, columns)
        cursor.execute(_FIND, columns[:2])
        return {(zone_id, address): pk for zone_id, address, pk in cursor.fetchall()}


def level_of(*, layer: str | None) -> float | None:
    """The Purdue level behind Defender for IoT's word for a layer; None where it says none."""
    flat = "".join((layer or "").split()).casefold()
    if digits := [sign for sign in flat if sign.isdigit()]:
        return float(digits[0]) if int(digits[0]) <= 5 else None
    return _LEVELS.get(flat)


def _merged(one: DeviceSeen, other: DeviceSeen) -> DeviceSeen:
    """Two words on one device: the later wins where it says something."""
    early, late = sorted((one, other), key=lambda device: device.seen_at)
    said = {
        name: value
        for name, value in late._asdict().items()
        if value not in ("", None) and name != "is_important"
    }
    return early._replace(**said, is_important=one.is_important or other.is_important)
