"""Builds the plant's inventory from `data/fleet.toml`; the seed decides serials and MAC tails."""

import hashlib
import tomllib
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from simulator.plant.records import PlantDevice, PlantSensor, PlantSite, PlantWorkspace, PlantZone

_WORKSPACES = ("law-ot-gdansk", "law-ot-porto", "law-ot-central")


class ZoneRow(NamedTuple):
    """A zone as the table has it."""

    key: str
    name: str
    level: float
    subnet: str
    sensor: str
    owner: str
    central: bool


@cache
def table(name: str) -> dict[str, Any]:
    """One of the tables in `data/`."""
    return tomllib.loads((Path(__file__).parent / "data" / f"{name}.toml").read_text("utf-8"))


def guid(*parts: object) -> str:
    """A GUID that is the same for the same parts, always."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=16).digest()
    return str(UUID(bytes=digest, version=4))


@cache
def zone_rows(site: str) -> dict[str, ZoneRow]:
    """The zones of a site by name."""
    return {row[1]: ZoneRow(*row) for row in table("fleet")["sites"][site]["zones"]}


def build_workspaces() -> tuple[PlantWorkspace, ...]:
    """The three workspaces, one for each plant and one in the middle."""
    return tuple(
        PlantWorkspace(
            key=name.removeprefix("law-ot-"),
            subscription_id=guid("subscription", name),
            resource_group=f"rg-{name.removeprefix('law-')}",
            name=name,
            tenant_id=guid("tenant"),
        )
        for name in _WORKSPACES
    )


def build_sites() -> tuple[PlantSite, ...]:
    """The two plants with their zones and sensors."""
    return tuple(
        PlantSite(
            key=key,
            name=site["name"],
            time_zone=site["time_zone"],
            zones=tuple(PlantZone(z.name, z.level, z.subnet) for z in zone_rows(key).values()),
            sensors=tuple(PlantSensor(z.sensor, z.name) for z in zone_rows(key).values()),
            control_room_phone=site["phone"],
        )
        for key, site in table("fleet")["sites"].items()
    )


def build_devices(seed: int) -> tuple[PlantDevice, ...]:
    """Every device of both plants, in the order of the tables."""
    return tuple(
        device
        for site in table("fleet")["sites"]
        for row in zone_rows(site).values()
        for device in _devices_of_zone(seed, site, row)
    )


def _devices_of_zone(seed: int, site: str, row: ZoneRow) -> Iterator[PlantDevice]:
    tables = table("fleet")
    hosts = iter(list(ip_network(row.subnet).hosts())[9:])
    for line in tables["fleet"][site][row.key]["devices"]:
        stem, first, count, make_key, role = line.split("|")
        kind, sub_type, vendor, model, firmware, system, oui, protocols = tables["makes"][make_key]
        every = tables["mac_only"].get(role)
        for number in range(int(first), int(first) + int(count)):
            name = f"{stem}-{number:02d}"
            address, tail = str(next(hosts)), guid(seed, "device", site, name).replace("-", "")
            yield PlantDevice(
                name=name,
                site=site,
                zone=row.name,
                ip=None if every and number % every == 0 else address,
                mac=f"{oui}:{tail[0:2]}:{tail[2:4]}:{tail[4:6]}",
                type=kind,
                sub_type=sub_type,
                vendor=vendor,
                model=model,
                firmware=firmware,
                os=system,
                purdue_level=_level_of(role, row.level),
                importance=_importance_of(name, role),
                is_programming=name in tables["programming"],
                is_scanner=role == "scanner" and site == "gdansk",
                is_authorized=name not in tables["unauthorized"],
                role=role,
                criticality=_criticality_of(name, role),
                owner=row.owner,
                serial=tail[6:14].upper(),
                protocols=tuple(protocols),
            )


def _level_of(role: str, zone_level: float) -> float:
    if role in {"io", "drive", "meter"}:
        return 0
    if role.startswith(("plc", "rtu", "skid", "relay", "gateway", "bms")) or role == "sis":
        return 1
    return zone_level


def _importance_of(name: str, role: str) -> str:
    tables = table("fleet")
    if name in tables["crown_jewels"] or role in tables["important_roles"]:
        return "High"
    return "Low" if role in tables["minor_roles"] else "Normal"


def _criticality_of(name: str, role: str) -> str:
    if role in {"sis", "sis-eng"}:
        return "safety"
    if name in table("fleet")["crown_jewels"]:
        return "crown jewel"
    return "important" if role in table("fleet")["important_roles"] else "normal"
