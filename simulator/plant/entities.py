"""Writes what Sentinel answers when it is asked for the entities of an incident."""

from typing import Any

from .casebook import address_of, chance_of_bits
from .fleet import guid
from .flows import Side, Template
from .recipes import Recipe
from .things import PlantDevice, PlantSite, PlantWorkspace

Json = dict[str, Any]
_TYPE = "Microsoft.SecurityInsights/Entities"


class EntityWriter:
    """Writes entities for one plant; what it has written of a device it keeps ready."""

    def __init__(
        self,
        seed: int,
        workspaces: tuple[PlantWorkspace, ...],
        sites: tuple[PlantSite, ...],
    ) -> None:
        self.seed = seed
        self.workspaces = workspaces
        self.sensors = {(s.key, each.zone): each.name for s in sites for each in s.sensors}
        self._known: dict[tuple[int, str, str], list[Json]] = {}

    def write(self, templates: list[Template], recipe: Recipe) -> list[Json]:
        """The `entities` of the incident, each once."""
        found: dict[str, Json] = {}
        for template in templates:
            for side in (template.source, template.destination):
                for entity in self._of_side(side, template, recipe):
                    found[entity["id"]] = entity
        if chance_of_bits(recipe.bits, 26, 40) == 0:
            template = templates[0]
            segment = self._entity(
                template.workspace, "OtSegment", template.zone, {"segmentName": template.zone}
            )
            found[segment["id"]] = segment
        return [{**entity, "properties": dict(entity["properties"])} for entity in found.values()]

    def _of_side(self, side: Side, template: Template, recipe: Recipe) -> list[Json]:
        name, address, mac = address_of(side, template, recipe.bits)
        if not address:
            return []
        place = side.zone or "outside"
        key = (template.workspace, f"{template.site.key}/{place}", address)
        if key not in self._known:
            if side.device:
                made = self._device(template.workspace, side.device, template.site.name)
            elif side.passing:
                made = self._passing(template, name, address, mac, side.zone)
            else:
                made = [self._entity(template.workspace, "Ip", address, {"address": address})]
            self._known[key] = made
        return self._known[key]

    def _device(self, workspace: int, device: PlantDevice, site: str) -> list[Json]:
        where = f"{device.site}/{device.zone}/{device.name}"
        linked = self._links(workspace, where, device.ip, device.mac)
        properties = {
            "deviceId": guid("iot", where),
            "deviceName": device.name,
            "source": "Azure Security Center for IoT",
            "deviceType": device.type,
            "deviceSubType": device.sub_type,
            "vendor": device.vendor,
            "model": device.model,
            "serialNumber": device.serial,
            "firmwareVersion": device.firmware,
            "operatingSystem": device.os,
            "macAddress": device.mac,
            "protocols": list(device.protocols),
            "site": site,
            "zone": device.zone,
            "sensor": self.sensors.get((device.site, device.zone), ""),
            "importance": device.importance,
            "purdueLayer": purdue_layer(device.purdue_level),
            "owners": [device.owner],
            "isAuthorized": device.is_authorized,
            "isProgramming": device.is_programming,
            "isScanner": device.is_scanner,
        }
        made = [self._iot(workspace, where, device.name, properties, linked), *linked]
        if device.os.startswith("Windows"):
            host = {"hostName": device.name, "osFamily": "Windows", "osVersion": device.os}
            made.append(self._entity(workspace, "Host", where, host, device.name))
        return made

    def _passing(
        self, template: Template, name: str, address: str, mac: str, zone: str
    ) -> list[Json]:
        where = f"{template.site.key}/{zone}/{mac}"
        linked = self._links(template.workspace, where, None if address == mac else address, mac)
        properties = {
            "deviceId": guid("iot", where),
            "deviceName": name,
            "source": "Azure Security Center for IoT",
            "deviceType": "Unclassified",
            "deviceSubType": "Unclassified",
            "macAddress": mac,
            "site": template.site.name,
            "zone": zone,
            "sensor": template.sensor,
            "importance": "Unknown",
            "purdueLayer": "Unknown",
            "isAuthorized": False,
            "isProgramming": False,
            "isScanner": False,
        }
        return [self._iot(template.workspace, where, name, properties, linked), *linked]

    def _links(self, workspace: int, where: str, ip: str | None, mac: str) -> list[Json]:
        made = []
        nic: Json = {"macAddress": mac, "vlans": []}
        if ip:
            address = self._entity(workspace, "Ip", f"{where}/{ip}", {"address": ip}, ip)
            nic["ipAddressEntityId"] = address["id"]
            made.append(address)
        made.append(self._entity(workspace, "Nic", f"{where}/{mac}", nic, mac))
        return made

    def _iot(
        self, workspace: int, where: str, name: str, properties: Json, linked: list[Json]
    ) -> Json:
        for entity in linked:
            if entity["kind"] == "Ip":
                properties["ipAddressEntityId"] = entity["id"]
            else:
                properties["nicEntityIds"] = [entity["id"]]
        return self._entity(workspace, "IoTDevice", where, properties, name)

    def _entity(
        self, workspace: int, kind: str, where: str, properties: Json, name: str = ""
    ) -> Json:
        entity = guid(self.seed, "entity", workspace, kind, where)
        return {
            "id": f"{self.workspaces[workspace].provider_path}/Entities/{entity}",
            "name": entity,
            "type": _TYPE,
            "kind": kind,
            "properties": {**properties, "friendlyName": name or where},
        }


def purdue_layer(level: float) -> str:
    """The product's word for a Purdue level."""
    if level >= 3.5:
        return "Enterprise"
    return "Supervisory" if level >= 2 else "ProcessControl"
