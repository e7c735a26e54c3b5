"""Learn from alerts which sites, zones and sensors there are, for a whole batch at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import transaction

from alerts.sites.models import Sensor, Site, Zone
from portal.cursors import kept_cursor

_MAX_NAME_LENGTH = 120


class Place(NamedTuple):
    """What an alert or a device says about where it was; any part may be empty."""

    site: str = ""
    zone: str = ""
    sensor: str = ""


# The same in this order, where a part that is not told may be None.
type Where = tuple[str | None, str | None, str | None]


class Found(NamedTuple):
    """Where that is, as far as it can be told."""

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
    _by_place: dict[Where, Found] = field(default_factory=dict)

    def find(self, place: Where) -> Found:
        """Where a place is: by its own names, else by the sensor that watches it."""
        found = self._by_place.get(place)
        if found is None:
            found = self._by_place[place] = self._find(_trimmed(place))
        return found

    def _find(self, place: Place) -> Found:
        site, zone = self.site_named(place.site), None
        sensor = self.sensors.get(place.sensor)
        if site is None and sensor is not None:
            site = self.sites[sensor.site_id]
        if site is None:
            return Found()
        if place.zone:
            zone = self.zone_named(site.id, place.zone)
        elif sensor is not None and sensor.site_id == site.id and sensor.zone_id:
            zone = self.zones[sensor.zone_id]
        said = f"{site.name}, {zone.name}" if zone else site.name
        return Found(site.id, zone.id if zone else None, site.time_zone, said[:200])

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
    """Know all these sites, zones and sensors; what is new is added, nothing is changed."""
    said = {_trimmed(place) for place in set(places)}
    atlas = Atlas()
    _load(atlas, said)
    _learn_sites(atlas, said)
    _learn_zones(atlas, said)
    _learn_sensors(atlas, said)
    return atlas


def _trimmed(place: Where) -> Place:
    return Place(*(" ".join((word or "").split())[:_MAX_NAME_LENGTH] for word in place))


# All zones of the sites that are named or watched: a plant has a dozen.
_PLACES = """
    SELECT name, site_id, zone_id FROM sites_sensor WHERE name = ANY(%(sensors)s);
    SELECT s.id, s.name, s.time_zone, z.id, z.name
    FROM sites_site s LEFT JOIN sites_zone z ON z.site_id = s.id
    WHERE s.name = ANY(%(sites)s)
          OR s.id IN (SELECT site_id FROM sites_sensor WHERE name = ANY(%(sensors)s))
"""


def _load(atlas: Atlas, said: set[Place]) -> None:
    """Have the atlas show what there is of these places."""
    names = {
        "sites": list({place.site for place in said if place.site}),
        "sensors": list({place.sensor for place in said if place.sensor}),
    }
    cursor = kept_cursor()
    cursor.execute(_PLACES, names)
    atlas.sensors = {row[0]: _Sensor(*row) for row in cursor.fetchall()}
    cursor.nextset()
    rows = cursor.fetchall()
    atlas.sites = {row[0]: _Site(*row[:3]) for row in rows}
    atlas.zones = {row[3]: _Zone(row[3], row[0], row[4]) for row in rows if row[3]}


def _learn_sites(atlas: Atlas, said: set[Place]) -> None:
    known = {site.name for site in atlas.sites.values()}
    if missing := {place.site for place in said if place.site} - known:
        made = [Site(name=name) for name in sorted(missing)]
        Site.objects.bulk_create(made, ignore_conflicts=True)
        _load(atlas, said)


def _learn_zones(atlas: Atlas, said: set[Place]) -> None:
    wanted = set()
    for place in said:
        site = atlas.site_named(place.site)
        sensor = atlas.sensors.get(place.sensor)
        site_id = site.id if site else sensor.site_id if sensor else None
        if site_id is not None and place.zone:
            wanted.add((site_id, place.zone))
    missing = wanted - {(zone.site_id, zone.name) for zone in atlas.zones.values()}
    if missing:
        made = [Zone(site_id=site_id, name=name) for site_id, name in sorted(missing)]
        Zone.objects.bulk_create(made, ignore_conflicts=True)
        _load(atlas, said)


def _learn_sensors(atlas: Atlas, said: set[Place]) -> None:
    made = {}
    for place in sorted(said):
        site = atlas.site_named(place.site)
        if place.sensor and place.sensor not in atlas.sensors and site is not None:
            zone = atlas.zone_named(site.id, place.zone) if place.zone else None
            zone_id = zone.id if zone else None
            made[place.sensor] = Sensor(site_id=site.id, zone_id=zone_id, name=place.sensor)
    if made:
        Sensor.objects.bulk_create(made.values(), ignore_conflicts=True)
        _load(atlas, said)
