"""Writes what Sentinel answers when it is asked for the alerts of an incident."""

import json
from typing import Any

from .casebook import (
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
from .flows import Template
from .recipes import Recipe, stamp
from .things import PlantWorkspace

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
        found = [
            self._alert(template, recipe, place, count) for place, template in enumerate(templates)
        ]
        if endpoint:
            found.append(self._endpoint_alert(templates[0], recipe, count))
        return found

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
            "id": f"{workspace.provider_path}/Entities/{name}",
            "name": name,
            "type": _TYPE,
            "kind": "SecurityAlert",
            "properties": properties,
        }
