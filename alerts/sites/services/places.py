"""Learn from alerts which sites, zones and sensors there are, for a whole batch at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection, transaction

from alerts.sites.models import Sensor, Site, Zone

_LONGEST_NAME = 120


class Place(NamedTuple):
    """What an alert or a device says about where it was; any part may be empty."""

    site: str = ""
    zone: str = ""
    sensor: str = ""


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
    _by_place: dict[Place, Found] = field(default_factory=dict)

    def find(self, place: Place) -> Found:
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
def learn_places(*, places: Iterable[Place]) -> Atlas:
    """Know all these sites, zones and sensors; what is new is added, nothing is changed."""
    said = {_trimmed(place) for place in set(places)}
    names = {place.site for place in said if place.site}
    atlas = Atlas(sensors=_sensors(said))
    _load_sites(atlas, names)
    if missing := names - {site.name for site in atlas.sites.values()}:
        made = [Site(name=name) for name in sorted(missing)]
        Site.objects.bulk_create(made, ignore_conflicts=True)
        _load_sites(atlas, names)
    _learn_zones(atlas, said)
    _learn_sensors(atlas, said)
    return atlas


def _trimmed(place: Place) -> Place:
    return Place(*(" ".join(word.split())[:_LONGEST_NAME] for word in place))


def _sensors(said: set[Place]) -> dict[str, _Sensor]:
    names = {place.sensor for place in said if place.sensor}
    found = _ask("SELECT name, site_id, zone_id FROM sites_sensor WHERE name = ANY(%s)", [*names])
    return {row[0]: _Sensor(*row) for row in found}


_SITES = "SELECT id, name, time_zone FROM sites_site WHERE name = ANY(%s) OR id = ANY(%s::bigint[])"


def _load_sites(atlas: Atlas, names: set[str]) -> None:
    watched = {sensor.site_id for sensor in atlas.sensors.values()}
    atlas.sites = {row[0]: _Site(*row) for row in _ask(_SITES, [*names], [*watched])}


def _learn_zones(atlas: Atlas, said: set[Place]) -> None:
    wanted = set()
    for place in said:
        site = atlas.site_named(place.site)
        sensor = atlas.sensors.get(place.sensor)
        site_id = site.id if site else sensor.site_id if sensor else None
        if site_id is not None and place.zone:
            wanted.add((site_id, place.zone))
    _load_zones(atlas)
    missing = wanted - {(zone.site_id, zone.name) for zone in atlas.zones.values()}
    if missing:
        made = [Zone(site_id=site_id, name=name) for site_id, name in sorted(missing)]
        Zone.objects.bulk_create(made, ignore_conflicts=True)
        _load_zones(atlas)


_ZONES = "SELECT id, site_id, name FROM sites_zone WHERE site_id = ANY(%s::bigint[])"


def _load_zones(atlas: Atlas) -> None:
    """All zones of these sites: a plant has a dozen."""
    atlas.zones = {row[0]: _Zone(*row) for row in _ask(_ZONES, [*atlas.sites])}


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
        atlas.sensors = _sensors(said)
        _load_sites(atlas, {site.name for site in atlas.sites.values()})


def _ask(sql: str, *lists: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, lists)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
