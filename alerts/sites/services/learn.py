"""Learn from alerts which sites, zones, sensors and devices there are, for a whole batch at once. A
device is zone plus address, never the address alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction

from alerts.sites.models import Criticality, Sensor, Site, Zone

_MAX_NAME_LENGTH = 120


class StatedPlace(NamedTuple):
    """The place in an alert or a device's description; any part may be empty."""

    site: str = ""
    zone: str = ""
    sensor: str = ""


# The same in this order, where a part that is not told may be None.
type Where = tuple[str | None, str | None, str | None]


class DeviceLocation(NamedTuple):
    """Where that is, as far as it shows."""

    site_id: int | None = None
    zone_id: int | None = None
    time_zone: str = "UTC"
    words: str = ""  # "Gdańsk, Packaging 2"


class _Site(NamedTuple):
    id: int
    name: str
    time_zone: str


class _Zone(NamedTuple):
    id: int
    site_id: int
    name: str


class _Sensor(NamedTuple):
    name: str
    site_id: int
    zone_id: int | None


@dataclass(slots=True)
class Atlas:
    """The places of a batch of alerts."""

    sites: dict[int, _Site] = field(default_factory=dict)
    zones: dict[int, _Zone] = field(default_factory=dict)
    sensors: dict[str, _Sensor] = field(default_factory=dict)
    _by_place: dict[Where, DeviceLocation] = field(default_factory=dict)

    def find(self, place: Where) -> DeviceLocation:
        """Where a place is: by its own names, else by the sensor that watches it."""
        found = self._by_place.get(place)
        if found is None:
            found = self._by_place[place] = self._find(_trimmed(place))
        return found

    def _find(self, place: StatedPlace) -> DeviceLocation:
        site, zone = self.site_named(place.site), None
        sensor = self.sensors.get(place.sensor)
        if site is None and sensor is not None:
            site = self.sites[sensor.site_id]
        if site is None:
            return DeviceLocation()
        if place.zone:
            zone = self.zone_named(site.id, place.zone)
        elif sensor is not None and sensor.site_id == site.id and sensor.zone_id:
            zone = self.zones[sensor.zone_id]
        words = f"{site.name}, {zone.name}" if zone else site.name
        return DeviceLocation(site.id, zone.id if zone else None, site.time_zone, words[:200])

    def site_named(self, name: str) -> _Site | None:
        """The site of this name."""
        return next((site for site in self.sites.values() if site.name == name), None)

    def zone_named(self, site_id: int, name: str) -> _Zone | None:
        """The zone of this name at that site."""
        return next(
            (z for z in self.zones.values() if z.site_id == site_id and z.name == name), None
        )


@transaction.atomic(savepoint=False)
def learn_places(*, places: Iterable[Where]) -> Atlas:
    """Store all these sites, zones and sensors; what is new is added, nothing is changed."""
    named = {_trimmed(place) for place in set(places)}
    atlas = Atlas()
    _load(atlas, named)
    _learn_sites(atlas, named)
    _learn_zones(atlas, named)
    _learn_sensors(atlas, named)
    return atlas


def _trimmed(place: Where) -> StatedPlace:
    return StatedPlace(*(" ".join((word or "").split())[:_MAX_NAME_LENGTH] for word in place))


# All zones of the sites that are named or watched: a plant has a dozen.
_PLACES = """
    SELECT name, site_id, zone_id FROM sites_sensor WHERE name = ANY(%(sensors)s);
    SELECT s.id, s.name, s.time_zone, z.id, z.name
    FROM sites_site s LEFT JOIN sites_zone z ON z.site_id = s.id
    WHERE s.name = ANY(%(sites)s)
          OR s.id IN (SELECT site_id FROM sites_sensor WHERE name = ANY(%(sensors)s))
"""


def _load(atlas: Atlas, named: set[StatedPlace]) -> None:
    """Have the atlas show what there is of these places."""
    names = {
        "sites": list({place.site for place in named if place.site}),
        "sensors": list({place.sensor for place in named if place.sensor}),
    }
    cursor = connection.cursor()
    cursor.execute(_PLACES, names)
    atlas.sensors = {row[0]: _Sensor(*row) for row in cursor.fetchall()}
    cursor.nextset()
    rows = cursor.fetchall()
    atlas.sites = {row[0]: _Site(*row[:3]) for row in rows}
    atlas.zones = {row[3]: _Zone(row[3], row[0], row[4]) for row in rows if row[3]}


def _learn_sites(atlas: Atlas, named: set[StatedPlace]) -> None:
    names = {site.name for site in atlas.sites.values()}
    if missing := {place.site for place in named if place.site} - names:
        made = [Site(name=name) for name in sorted(missing)]
        Site.objects.bulk_create(made, ignore_conflicts=True)
        _load(atlas, named)


def _learn_zones(atlas: Atlas, named: set[StatedPlace]) -> None:
    keys = set()
    for place in named:
        site = atlas.site_named(place.site)
        sensor = atlas.sensors.get(place.sensor)
        site_id = site.id if site else sensor.site_id if sensor else None
        if site_id is not None and place.zone:
            keys.add((site_id, place.zone))
    missing = keys - {(zone.site_id, zone.name) for zone in atlas.zones.values()}
    if missing:
        made = [Zone(site_id=site_id, name=name) for site_id, name in sorted(missing)]
        Zone.objects.bulk_create(made, ignore_conflicts=True)
        _load(atlas, named)


def _learn_sensors(atlas: Atlas, named: set[StatedPlace]) -> None:
    made = {}
    for place in sorted(named):
        site = atlas.site_named(place.site)
        if place.sensor and place.sensor not in atlas.sensors and site is not None:
            zone = atlas.zone_named(site.id, place.zone) if place.zone else None
            zone_id = zone.id if zone else None
            made[place.sensor] = Sensor(site_id=site.id, zone_id=zone_id, name=place.sensor)
    if made:
        Sensor.objects.bulk_create(made.values(), ignore_conflicts=True)
        _load(atlas, named)


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


class DeviceDescription(NamedTuple):
    """A device as an alert or entity described it; empty members are missing."""

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


def _differs(alias: str) -> str:
    """Whether some text differs that no person has set."""
    return " OR ".join(
        f"({alias}.{name} NOT IN ('', d.{name}) AND '{name}' <> ALL(d.set_by_people))"
        for name in ("name", "kind", "vendor", "model", "firmware")
    )


def _news(alias: str) -> str:
    """When a sighting is worth a write: a device that is seen often is written rarely."""
    return f"""
        {alias}.latest_seen_at > d.latest_seen_at + interval '10 minutes'
        OR {alias}.first_seen_at < d.first_seen_at
        OR ({alias}.latest_seen_at >= d.latest_seen_at AND
            ({_differs(alias)}
             OR (d.purdue_level IS NULL AND {alias}.purdue_level IS NOT NULL)
             OR coalesce({alias}.is_programming, d.is_programming) IS DISTINCT FROM d.is_programming
             OR coalesce({alias}.is_scanner, d.is_scanner) IS DISTINCT FROM d.is_scanner
             OR coalesce({alias}.is_authorized, d.is_authorized) IS DISTINCT FROM d.is_authorized))
    """


_DESCRIBED = ", ".join(
    f"coalesce({name}, '') AS {name}" for name in ("name", "kind", "vendor", "model", "firmware")
)
# What people set is never written over; what is not told blanks nothing.
# What is no news is not even touched: a conflict locks its row, and that is a write, too.
_LEARN_DEVICES = f"""
    WITH seen AS MATERIALIZED (
        SELECT zone_id, address, seen_at AS first_seen_at, seen_at AS latest_seen_at,
               {_DESCRIBED}, purdue_level, criticality, is_programming, is_scanner, is_authorized
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


_LEARN_SHORT = " ".join(_LEARN_DEVICES.split())  # psycopg does not remember what longer texts hold


@transaction.atomic(savepoint=False)
def learn_devices(*, devices: Iterable[DeviceDescription]) -> None:
    """Store all these devices, by zone and address."""
    by_key: dict[tuple[int, str], DeviceDescription] = {}
    for device in devices:
        key = device[0], device[1][:64]
        other = by_key.setdefault(key, device)
        if other is not device:
            by_key[key] = _merged(other, device)
    if not by_key:
        return
    whens = orjson.dumps([device.seen_at for device in by_key.values()]).decode()[1:-1].split(",")
    whats = [(*device[:2], *device[3:]) for device in by_key.values()]
    documents = [_json_cache.get(what) or _as_json(what) for what in whats]
    rows = [
        f'{{"seen_at":{when},{document}' for when, document in zip(whens, documents, strict=True)
    ]
    connection.cursor().execute(_LEARN_SHORT, [f"[{','.join(rows)}]"])


_json_cache: dict[tuple[Any, ...], str] = {}
_MAX_LISTED = 8192


def _as_json(what: tuple[Any, ...]) -> str:
    """What is known of a device, as the rest of an object: the same from batch to batch."""
    zone_id, address, name, kind, vendor, model, firmware, level, is_important, *yes_or_no = what
    is_programming, is_scanner, is_authorized = yes_or_no
    values = {
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
    present = {name: value for name, value in values.items() if value not in ("", None)}
    if len(_json_cache) >= _MAX_LISTED:
        _json_cache.clear()
    _json_cache[what] = text = orjson.dumps(present).decode()[1:]
    return text


@lru_cache(maxsize=256)
def level_of(*, layer: str | None) -> float | None:
    """Return the Purdue level of Defender for IoT's word for a layer; None without one."""
    flat = "".join((layer or "").split()).casefold()
    if digits := [sign for sign in flat if sign.isdigit()]:
        return float(digits[0]) if int(digits[0]) <= 5 else None
    return _LEVELS.get(flat)


def _merged(first: DeviceDescription, other: DeviceDescription) -> DeviceDescription:
    """Return two descriptions of one device as one: the later wins where it is not empty."""
    if first[3:] == other[3:]:
        return first if first.seen_at >= other.seen_at else other
    early, late = sorted((first, other), key=lambda device: device.seen_at)
    newer = {
        name: value
        for name, value in late._asdict().items()
        if value not in ("", None) and name != "is_important"
    }
    return early._replace(**newer, is_important=first.is_important or other.is_important)
