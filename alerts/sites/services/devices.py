"""Learn from alerts which devices there are: zone plus address, never the address alone."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from django.db import transaction

from alerts.sites.models import Criticality
from portal.cursors import kept_cursor

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
    f"{name} = CASE WHEN '{name}' = ANY(d.set_by_people) THEN d.{name}"
    " WHEN excluded.latest_seen_at >= d.latest_seen_at"
    f" THEN coalesce(nullif(excluded.{name}, ''), d.{name})"
    f" ELSE coalesce(nullif(d.{name}, ''), excluded.{name}) END"
    for name in ("name", "kind", "vendor", "model", "firmware")
)
_COLUMNS = (
    "zone_id, address, first_seen_at, latest_seen_at, name, kind, vendor, model, firmware,"
    " purdue_level, criticality, is_programming, is_scanner, is_authorized"
)


def _differs(said: str) -> str:
    """Whether some text is told otherwise that no person has set."""
    return " OR ".join(
        f"({said}.{name} NOT IN ('', d.{name}) AND '{name}' <> ALL(d.set_by_people))"
        for name in ("name", "kind", "vendor", "model", "firmware")
    )


def _news(said: str) -> str:
    """When a sighting is worth a write: a device that is seen often is written rarely."""
    return f"""
        {said}.latest_seen_at > d.latest_seen_at + interval '10 minutes'
        OR {said}.first_seen_at < d.first_seen_at
        OR ({said}.latest_seen_at >= d.latest_seen_at AND
            ({_differs(said)}
             OR (d.purdue_level IS NULL AND {said}.purdue_level IS NOT NULL)
             OR coalesce({said}.is_programming, d.is_programming) IS DISTINCT FROM d.is_programming
             OR coalesce({said}.is_scanner, d.is_scanner) IS DISTINCT FROM d.is_scanner
             OR coalesce({said}.is_authorized, d.is_authorized) IS DISTINCT FROM d.is_authorized))
    """


_TOLD = ", ".join(
    f"coalesce({name}, '') AS {name}" for name in ("name", "kind", "vendor", "model", "firmware")
)
# What people set is never written over; what is not told blanks nothing.
# What is no news is not even touched: a conflict locks its row, and that is a write, too.
_LEARN = f"""
    WITH seen AS MATERIALIZED (
        SELECT zone_id, address, seen_at AS first_seen_at, seen_at AS latest_seen_at,
               {_TOLD}, purdue_level, criticality, is_programming, is_scanner, is_authorized
        FROM json_to_recordset(%s::json) AS said(zone_id bigint, address text,
            seen_at timestamptz, name text, kind text, vendor text, model text, firmware text,
            purdue_level float8, criticality text, is_programming bool, is_scanner bool,
            is_authorized bool)),
    known AS MATERIALIZED (
        SELECT seen.*, d.id IS NULL OR ({_news("seen")}) AS is_news
        FROM seen LEFT JOIN sites_device d
             ON d.zone_id = seen.zone_id AND d.address = seen.address)
    INSERT INTO sites_device AS d ({_COLUMNS})
    SELECT {_COLUMNS} FROM known WHERE is_news ORDER BY zone_id, address
        ON CONFLICT (zone_id, address) DO UPDATE SET
            first_seen_at = least(d.first_seen_at, excluded.first_seen_at),
            latest_seen_at = greatest(d.latest_seen_at, excluded.latest_seen_at),
            {_TEXTS},
            purdue_level = coalesce(d.purdue_level, excluded.purdue_level),
            is_programming = coalesce(excluded.is_programming, d.is_programming),
            is_scanner = coalesce(excluded.is_scanner, d.is_scanner),
            is_authorized = coalesce(excluded.is_authorized, d.is_authorized)
        WHERE {_news("excluded")}
"""
_LEARN = " ".join(_LEARN.split())  # psycopg does not remember what longer texts hold


@transaction.atomic(savepoint=False)
def learn_devices(*, devices: Iterable[DeviceSeen]) -> None:
    """Know all these devices, by zone and address."""
    seen: dict[tuple[int, str], DeviceSeen] = {}
    for device in devices:
        key = device[0], device[1][:64]
        other = seen.setdefault(key, device)
        if other is not device:
            seen[key] = _merged(other, device)
    if not seen:
        return
    whens = orjson.dumps([device.seen_at for device in seen.values()]).decode()[1:-1].split(",")
    whats = [(*device[:2], *device[3:]) for device in seen.values()]
    said = [_said.get(what) or _as_json(what) for what in whats]
    rows = [f'{{"seen_at":{when},{told}' for when, told in zip(whens, said, strict=True)]
    kept_cursor().execute(_LEARN, [f"[{','.join(rows)}]"])


_said: dict[tuple[Any, ...], str] = {}
_MAX_LISTED = 8192


def _as_json(what: tuple[Any, ...]) -> str:
    """What was told of a device, as the rest of an object: the same from batch to batch."""
    zone_id, address, name, kind, vendor, model, firmware, level, is_important, *yes_or_no = what
    is_programming, is_scanner, is_authorized = yes_or_no
    said = {
        "zone_id": zone_id,
        "address": address[:64],
        "name": name[:120],
        "kind": kind[:80],
        "vendor": vendor[:120],
        "model": model[:120],
        "firmware": firmware[:120],
        "purdue_level": level,
        "criticality": (Criticality.IMPORTANT if is_important else Criticality.NORMAL).value,
        "is_programming": is_programming,
        "is_scanner": is_scanner,
        "is_authorized": is_authorized,
    }
    there = {name: value for name, value in said.items() if value not in ("", None)}
    if len(_said) >= _MAX_LISTED:
        _said.clear()
    _said[what] = text = orjson.dumps(there).decode()[1:]
    return text


@lru_cache(maxsize=256)
def level_of(*, layer: str | None) -> float | None:
    """The Purdue level behind Defender for IoT's word for a layer; None where it says none."""
    flat = "".join((layer or "").split()).casefold()
    if digits := [sign for sign in flat if sign.isdigit()]:
        return float(digits[0]) if int(digits[0]) <= 5 else None
    return _LEVELS.get(flat)


def _merged(one: DeviceSeen, other: DeviceSeen) -> DeviceSeen:
    """Two words on one device: the later wins where it says something."""
    if one[3:] == other[3:]:
        return one if one.seen_at >= other.seen_at else other
    early, late = sorted((one, other), key=lambda device: device.seen_at)
    said = {
        name: value
        for name, value in late._asdict().items()
        if value not in ("", None) and name != "is_important"
    }
    return early._replace(**said, is_important=one.is_important or other.is_important)
