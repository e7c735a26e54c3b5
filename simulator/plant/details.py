"""Writes what Sentinel answers when it is asked for the alerts and entities of an incident."""

import json
from dataclasses import replace
from typing import Any

from simulator.plant.cases import (
    ENDPOINT_PRODUCT,
    PRODUCT,
    address_of,
    alert_times,
    chance_of_bits,
    description_of,
    guids,
    has_endpoint_alert,
    prefixed,
)
from simulator.plant.fleet import guid
from simulator.plant.flows import Side, Template
from simulator.plant.recipes import Recipe, stamp
from simulator.plant.records import PlantDevice, PlantSite, PlantWorkspace

Json = dict[str, Any]
_SOURCE_API = "https://management.azure.com/subscriptions/{}/providers/Microsoft.IoTSecurity"
_TYPE = "Microsoft.SecurityInsights/Entities"


class AlertWriter:
    """Writes alerts for one plant."""

    def __init__(self, seed: int, workspaces: tuple[PlantWorkspace, ...]) -> None:
        self.seed = seed
        self.workspaces = workspaces

    def write(self, templates: list[Template], recipe: Recipe) -> list[Json]:
        """The `value` of the incident's alerts."""
        endpoint = has_endpoint_alert(templates[0], recipe)
        count = len(templates) + endpoint
        alerts = [
            self._alert(template, recipe, place, count) for place, template in enumerate(templates)
        ]
        if endpoint:
            alerts.append(self._endpoint_alert(templates[0], recipe, count))
        return alerts

    def write_sensor_alerts(self, templates: list[Template], recipe: Recipe) -> list[Json]:
        """What the sensors themselves sent where a rule made the incident's alerts of it: the same
        id at the source, and another one in the workspace.
        """
        count = len(templates) + has_endpoint_alert(templates[0], recipe)
        alerts = []
        for place, template in enumerate(templates):
            if not (template.rule_made and template.type.rule):
                continue
            alert = self._alert(replace(template, rule_made=False), recipe, place, count)
            (system_id,) = guids(self.seed, recipe, f"sensor{place}")
            alert["name"] = alert["properties"]["systemAlertId"] = system_id
            alerts.append(alert)
        return alerts

    def _alert(self, template: Template, recipe: Recipe, place: int, count: int) -> Json:
        system_id, original_id = guids(self.seed, recipe, f"alert{place}", 2)
        workspace = self.workspaces[template.workspace]
        began, ended = alert_times(recipe, place, count)
        kind, text = template.type, template.frame.get("text") or self._text(template)
        uri = f"{_SOURCE_API.format(workspace.subscription_id)}/locations/westeurope/alerts/"
        uri += original_id
        source = address_of(template.source, template, recipe.bits)
        bag = (
            self._custom_details(template, original_id, uri)
            if template.rule_made
            else self._extended_properties(template, recipe, source, original_id, uri)
        )
        rule = kind.rule
        made_by_rule = template.rule_made and rule is not None
        return self._frame(
            workspace,
            system_id,
            {
                "systemAlertId": system_id,
                "providerAlertId": system_id if made_by_rule else original_id,
                "alertDisplayName": prefixed(template, kind.title),
                "friendlyName": prefixed(template, kind.title),
                "alertType": f"{workspace.key}_{rule.id}"
                if made_by_rule and rule
                else ("IoT_UserDefinedAlert" if template.user_title else text["type"]),
                "severity": kind.severity,
                "status": "New",
                "vendorName": "Microsoft",
                "productName": PRODUCT,
                "productComponentName": kind.engine,
                "compromisedEntity": source[0],
                "description": prefixed(template, text["description"]),
                "remediationSteps": text["steps"],
                "tactics": list(kind.tactics),
                "techniques": list(kind.techniques),
                "startTimeUtc": stamp(began),
                "endTimeUtc": stamp(ended),
                "timeGenerated": stamp(ended),
                "processingEndTime": stamp(ended + (recipe.created_us - ended) // 2),
                "alertLink": uri,
                "resourceIdentifiers": [],
                "additionalData": bag,
            },
        )

    def _text(self, template: Template) -> Json:
        name = "".join(c for c in template.type.title.title() if c.isalnum())
        text: Json = {
            "type": f"IoT_{name}",
            "description": description_of(template),
            "steps": ["Ask the site's control room whether this was planned work."],
        }
        template.frame["text"] = text
        return text

    def _extended_properties(
        self,
        template: Template,
        recipe: Recipe,
        source: tuple[str, str, str],
        original_id: str,
        uri: str,
    ) -> Json:
        kind = template.type
        target = address_of(template.destination, template, recipe.bits)
        bag: Json = {
            "SensorId": template.sensor,
            "DeviceId": template.sensor,
            "SourceDevice": source[0],
            "SourceDeviceAddress": source[1],
            "DestinationDevice": target[0],
            "DestinationDeviceAddress": target[1],
            "Protocol": template.protocol,
            "Category": kind.category,
            "CompromisedEntityId": source[0],
            "SiteDisplayName": template.site.name,
            "SensorZone": template.zone,
            "AlertManagementUri": uri,
            "VendorOriginalId": original_id,
            "isNew": "False" if chance_of_bits(recipe.bits, 36, 8) == 0 else "True",
            "ProcessedBySentinel": "True",
            "techniques": json.dumps(kind.techniques),
        }
        if template.port:
            bag["Port"] = str(template.port)
        if template.function:
            bag["Function"] = template.function
            bag["Additional Information"] = f"Function: {template.function}"
        if template.user_title:
            bag["User Defined Title"] = template.user_title
            bag["User Defined Description"] = template.user_title
        return bag

    def _custom_details(self, template: Template, original_id: str, uri: str) -> Json:
        rule = template.type.rule
        details = {
            "Sensor": [template.sensor],
            "Protocol": [template.protocol],
            "VendorOriginalId": [original_id],
            "AlertManagementUri": [uri],
        }
        return {
            "Custom Details": json.dumps(details),
            "Analytic Rule Name": f"{rule.name} (Microsoft Defender for IoT)" if rule else "",
            "Analytic Rule Ids": json.dumps([rule.id] if rule else []),
            "ProcessedBySentinel": "True",
            "ProviderName": "ASI Scheduled Alerts",
        }

    def _endpoint_alert(self, template: Template, recipe: Recipe, count: int) -> Json:
        system_id, original_id = guids(self.seed, recipe, "endpoint", 2)
        began, ended = alert_times(recipe, count - 1, count)
        name = address_of(template.source, template, recipe.bits)[0]
        return self._frame(
            self.workspaces[template.workspace],
            system_id,
            {
                "systemAlertId": system_id,
                "providerAlertId": original_id,
                "alertDisplayName": "Suspicious process ran on a host",
                "friendlyName": "Suspicious process ran on a host",
                "alertType": "WindowsDefenderAtp",
                "severity": "Medium",
                "status": "New",
                "vendorName": "Microsoft",
                "productName": ENDPOINT_PRODUCT,
                "compromisedEntity": name,
                "description": f"An unusual process started on {name}.",
                "remediationSteps": [],
                "tactics": ["Execution"],
                "startTimeUtc": stamp(began),
                "endTimeUtc": stamp(ended),
                "timeGenerated": stamp(ended),
                "additionalData": {},
            },
        )

    def _frame(self, workspace: PlantWorkspace, name: str, properties: Json) -> Json:
        return {
            "id": f"{workspace.security_path}/Entities/{name}",
            "name": name,
            "type": _TYPE,
            "kind": "SecurityAlert",
            "properties": properties,
        }


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
        self.sensors = {(s.key, sensor.zone): sensor.name for s in sites for sensor in s.sensors}
        self._by_address: dict[tuple[int, str, str], list[Json]] = {}

    def write(self, templates: list[Template], recipe: Recipe) -> list[Json]:
        """The `entities` of the incident, each once."""
        by_id: dict[str, Json] = {}
        for template in templates:
            for side in (template.source, template.destination):
                for entity in self._of_side(side, template, recipe):
                    by_id[entity["id"]] = entity
        if chance_of_bits(recipe.bits, 26, 40) == 0:
            template = templates[0]
            segment = self._entity(
                template.workspace, "OtSegment", template.zone, {"segmentName": template.zone}
            )
            by_id[segment["id"]] = segment
        return [{**entity, "properties": dict(entity["properties"])} for entity in by_id.values()]

    def _of_side(self, side: Side, template: Template, recipe: Recipe) -> list[Json]:
        name, address, mac = address_of(side, template, recipe.bits)
        if not address:
            return []
        place = side.zone or "outside"
        key = (template.workspace, f"{template.site.key}/{place}", address)
        if key not in self._by_address:
            if side.device:
                entities = self._device(template.workspace, side.device, template.site.name)
            elif side.passing:
                entities = self._passing(template, name, address, mac, side.zone)
            else:
                entities = [self._entity(template.workspace, "Ip", address, {"address": address})]
            self._by_address[key] = entities
        return self._by_address[key]

    def _device(self, workspace: int, device: PlantDevice, site: str) -> list[Json]:
        key = f"{device.site}/{device.zone}/{device.name}"
        linked = self._links(workspace, key, device.ip, device.mac)
        properties = {
            "deviceId": guid("iot", key),
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
        entities = [self._iot(workspace, key, device.name, properties, linked), *linked]
        if device.os.startswith("Windows"):
            host = {"hostName": device.name, "osFamily": "Windows", "osVersion": device.os}
            entities.append(self._entity(workspace, "Host", key, host, device.name))
        return entities

    def _passing(
        self, template: Template, name: str, address: str, mac: str, zone: str
    ) -> list[Json]:
        key = f"{template.site.key}/{zone}/{mac}"
        linked = self._links(template.workspace, key, None if address == mac else address, mac)
        properties = {
            "deviceId": guid("iot", key),
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
        return [self._iot(template.workspace, key, name, properties, linked), *linked]

    def _links(self, workspace: int, key: str, ip: str | None, mac: str) -> list[Json]:
        entities = []
        nic: Json = {"macAddress": mac, "vlans": []}
        if ip:
            address = self._entity(workspace, "Ip", f"{key}/{ip}", {"address": ip}, ip)
            nic["ipAddressEntityId"] = address["id"]
            entities.append(address)
        entities.append(self._entity(workspace, "Nic", f"{key}/{mac}", nic, mac))
        return entities

    def _iot(
        self, workspace: int, key: str, name: str, properties: Json, linked: list[Json]
    ) -> Json:
        for entity in linked:
            if entity["kind"] == "Ip":
                properties["ipAddressEntityId"] = entity["id"]
            else:
                properties["nicEntityIds"] = [entity["id"]]
        return self._entity(workspace, "IoTDevice", key, properties, name)

    def _entity(
        self, workspace: int, kind: str, key: str, properties: Json, name: str = ""
    ) -> Json:
        entity = guid(self.seed, "entity", workspace, kind, key)
        return {
            "id": f"{self.workspaces[workspace].security_path}/Entities/{entity}",
            "name": entity,
            "type": _TYPE,
            "kind": kind,
            "properties": {**properties, "friendlyName": name or key},
        }


def purdue_layer(level: float) -> str:
    """The product's word for a Purdue level."""
    if level >= 3.5:
        return "Enterprise"
    return "Supervisory" if level >= 2 else "ProcessControl"
