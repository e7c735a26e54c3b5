"""Import what people or an inventory know of devices: a look first, then all or nothing."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from alerts.sites.engine.devices import CRITICAL
from alerts.sites.models import Criticality, Device, Sensor, Site, Zone
from alerts.sites.policies import reasons_against_describing
from alerts.sites.registry import notify_device_listeners
from alerts.sites.services.device_file import DeviceLine, address_key, device_lines_of
from portal.accounts.models import User
from portal.audit.services import Actor, record
from portal.formats.tables import FaultyFile, TableFault, read_table

BATCH = 1000


class CannotImportDevices(FaultyFile):
    """No device was imported."""


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """What a line states anew of one address: its columns with what they were and will be."""

    line: int
    device: Device  # not stored yet where it is new
    is_new: bool
    columns: Mapping[str, tuple[Any, Any]]

    @property
    def becomes_critical(self) -> bool:
        """Whether the line makes it a safety system or a crown jewel."""
        return self.columns.get("criticality", ("", ""))[1] in CRITICAL


@dataclass(frozen=True, slots=True)
class DeviceImport:
    """What a file would change, or has changed."""

    is_inventory: bool
    lines: int
    changes: tuple[DeviceChange, ...]
    unchanged: int  # addresses
    new_zones: tuple[str, ...]

    @property
    def new(self) -> list[DeviceChange]:
        """The addresses that were not known."""
        return [change for change in self.changes if change.is_new]

    @property
    def changed(self) -> list[DeviceChange]:
        """The addresses of which it states something else than is known."""
        return [change for change in self.changes if not change.is_new]

    @property
    def critical(self) -> list[DeviceChange]:
        """Those that become safety systems or crown jewels: rules that name them will stop."""
        return [change for change in self.changes if change.becomes_critical]


@transaction.atomic
def import_devices(
    *,
    data: bytes,
    source: str,
    by: Actor,
    now: datetime,
    unshifted: datetime,
    is_dry_run: bool = False,
) -> DeviceImport:
    """Describe all devices of a file, or none of them; with `is_dry_run` only return what that
    would change. What people set is never written over by an inventory.
    """
    file = device_lines_of(read_table(data))
    plan = _Plan(file.lines, is_inventory=file.is_inventory, by=by, now=now)
    if faults := [*file.faults, *plan.faults]:
        raise CannotImportDevices(faults)
    done = DeviceImport(
        is_inventory=file.is_inventory,
        lines=len(file.lines),
        changes=tuple(plan.changes),
        unchanged=plan.unchanged,
        new_zones=tuple(plan.new_zones),
    )
    if plan.changes and not is_dry_run:
        _store(plan)
        notify_device_listeners([change.device.pk for change in plan.changes], unshifted=unshifted)
        record(
            "sites.devices.imported",
            on=plan.changes[0].device.zone.site,
            by=by,
            at=now,
            file=source,
            sha256=hashlib.sha256(data).hexdigest(),
            inventory=file.is_inventory,
            new=len(done.new),
            changed=len(done.changed),
            zones=plan.new_zones,
            criticality={
                f"{change.device.zone}: {change.device.address}": change.columns["criticality"]
                for change in plan.changes
                if "criticality" in change.columns
            },
        )
    return done


def _store(plan: "_Plan") -> None:
    """New zones and devices, and what changed of others."""
    for zone in plan.zones.values():
        if zone.pk is None:
            zone.save()
    rows = [change.device for change in plan.changes]
    for row in rows:
        row.zone = row.zone  # a zone that was stored just now has its id
    Device.objects.bulk_create([row for row in rows if row.pk is None], batch_size=BATCH)
    changed = [change.device for change in plan.changes if not change.is_new]
    Device.objects.bulk_update(changed, [*COLUMNS, "set_by_people"], batch_size=BATCH)


COLUMNS = (
    *("name", "kind", "role", "vendor", "model", "firmware", "purdue_level", "criticality"),
    *("is_authorized", "is_programming", "is_scanner"),
)
type Key = tuple[int, str, str]  # site, zone's name, address in its one spelling


@dataclass(slots=True)
class _Places:
    """Sites, zones and sensors by name, and the person's right to describe them."""

    sites: dict[str, Site] = field(default_factory=dict)
    sensors: dict[str, Sensor] = field(default_factory=dict)
    reasons: dict[int, list[str]] = field(default_factory=dict)


class _Plan:
    """The lines held against what is known. Rows are locked, nothing is written."""

    def __init__(
        self, lines: Sequence[DeviceLine], *, is_inventory: bool, by: Actor, now: datetime
    ) -> None:
        self.faults: list[TableFault] = []
        self.changes: list[DeviceChange] = []
        self.unchanged = 0
        self.zones: dict[tuple[int, str], Zone] = {}
        self._is_inventory, self._by, self._now = is_inventory, by, now
        self._places = _Places(
            {site.name: site for site in Site.objects.order_by("name")},
            {object.name: object for object in Sensor.objects.select_related("site", "zone")},
        )
        placed = [(line, place) for line in lines if (place := self._place_of(line)) is not None]
        site_ids = {site.pk for _, (site, _) in placed}
        zone_rows = Zone.objects.filter(site__in=site_ids).select_related("site")
        self.zones = {(zone.site_id, zone.name): zone for zone in zone_rows}
        self._devices = _devices_at(site_ids)
        self._lines: dict[Key, int] = {}
        for line, (site, zone) in placed:
            self._take(line, site, zone)

    @property
    def new_zones(self) -> list[str]:
        """Names of zones that nobody spoke of before."""
        return sorted(str(zone) for zone in self.zones.values() if zone.pk is None)

    def _fault(self, line: DeviceLine, column: str, sentence: str) -> None:
        self.faults.append(TableFault(line.line, column, sentence))

    def _place_of(self, line: DeviceLine) -> tuple[Site, str] | None:
        """The site and the name of the zone; None where the line has none."""
        sensor = self._places.sensors.get(line.sensor)
        site = self._places.sites.get(line.site)
        if not line.site:
            alone = list(self._places.sites.values())
            site = sensor.site if sensor else alone[0] if len(alone) == 1 else None
        zone = line.zone or (sensor.zone.name if sensor and sensor.zone else "")
        if site is None and line.site:
            text = gettext(
                "There is no site “%(site)s” here. Add it with `site set`, or correct it."
            )
            self._fault(line, "site", text % {"site": line.site})
        elif site is None:
            self._fault(line, "site", gettext("The line names no site."))
        elif not zone:
            text = gettext("The line names no zone, and the sensor %(sensor)s is unknown.")
            self._fault(line, "zone", text % {"sensor": line.sensor})
        elif reasons := self._reasons_against(site):
            self._fault(line, "site", " ".join(reasons))
        else:
            return site, zone
        return None

    def _reasons_against(self, site: Site) -> list[str]:
        if not isinstance(self._by, User):
            return []
        reasons = self._places.reasons
        if site.pk not in reasons:
            reasons[site.pk] = reasons_against_describing(self._by, site)
        return reasons[site.pk]

    def _take(self, line: DeviceLine, site: Site, zone_name: str) -> None:
        zone = self.zones.setdefault((site.pk, zone_name), Zone(site=site, name=zone_name))
        for address in line.addresses:
            key = site.pk, zone_name, address_key(address)
            if (before := self._lines.setdefault(key, line.line)) != line.line:
                details = {"address": address, "zone": zone_name, "line": before}
                text = gettext("Line %(line)s already describes %(address)s in %(zone)s.")
                self._fault(line, "address", text % details)
                continue
            self._hold_against(line, zone, address, self._devices.get(key))

    def _hold_against(
        self, line: DeviceLine, zone: Zone, address: str, stored: Device | None
    ) -> None:
        device = stored or Device(
            zone=zone, address=address, first_seen_at=self._now, latest_seen_at=self._now
        )
        facts = self._facts_for(line, device)
        columns = {
            name: (getattr(device, name), value)
            for name, value in facts.items()
            if getattr(device, name) != value
        }
        lowered = device.is_critical and facts.get("criticality", "safety") not in CRITICAL
        if lowered:
            text = gettext(
                "%(device)s is a %(criticality)s. Lower that on its page, with a reason."
            )
            details = {"device": device, "criticality": Criticality(device.criticality).label}
            self._fault(line, "criticality", text % details)
            return
        set_before = set(device.set_by_people)
        set_now = set_before if self._is_inventory else set_before | facts.keys()
        if stored is not None and not columns and set_now == set_before:
            self.unchanged += 1
            return
        for name, (_, value) in columns.items():
            setattr(device, name, value)
        device.set_by_people = sorted(set_now)
        self.changes.append(DeviceChange(line.line, device, stored is None, columns))

    def _facts_for(self, line: DeviceLine, device: Device) -> dict[str, Any]:
        """What the line may set of this device: of an inventory, what no person has set."""
        facts = dict(line.facts)
        if self._is_inventory:
            facts = {name: facts[name] for name in facts if name not in device.set_by_people}
            if device.criticality != Criticality.NORMAL:
                facts.pop("criticality", None)
        return facts


def _devices_at(site_ids: Iterable[int]) -> dict[Key, Device]:
    rows = Device.objects.filter(zone__site__in=list(site_ids)).select_related("zone__site")
    return {
        (row.zone.site_id, row.zone.name, address_key(row.address) or row.address): row
        for row in rows.order_by("pk").select_for_update(of=("self",))
    }
