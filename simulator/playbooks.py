"""The playbooks (Logic Apps) of a new workspace, as their designer would have saved them."""

from typing import Any

from simulator.plant.records import PlantWorkspace

Json = dict[str, Any]
_INCIDENT = "@triggerBody()?['object']?['id']"
_CONNECTORS = ("azuresentinel", "office365")


def playbooks_of(workspace: PlantWorkspace, at: str) -> dict[str, Json]:
    """Two that tell people something, and two that call addresses, one of them on the plant."""
    http: Json = {"authentication": {"type": "ManagedServiceIdentity"}}
    alerts = "https://management.azure.com@{variables('device')}/providers/Microsoft.IoTSecurity"
    return {
        "notify-ot-owner": _playbook(
            workspace,
            "Mails the owner of the device",
            Send_an_email=_call(
                "office365",
                "/v2/Mail",
                {"To": "ot@plant.example", "Subject": "@{triggerBody()?['object']?['etag']}"},
            ),
            at=at,
        ),
        "enrich-with-cve": _playbook(
            workspace,
            "Adds known weaknesses of the device as a comment",
            Add_comment_to_incident=_call(
                "azuresentinel",
                "/Incidents/Comment",
                {"incidentArmId": _INCIDENT, "message": "<p>CVE-2021-22779</p>"},
            ),
            at=at,
        ),
        "sync-alert-status": _playbook(
            workspace,
            "Closes the alert at its source when the incident is closed",
            Update_alert_in_Defender_for_IoT=_http("PATCH", f"{alerts}/alerts", **http),
            at=at,
        ),
        "isolate-device": _playbook(
            workspace,
            "Blocks the port of the device on the plant switch",
            Shut_port_on_switch=_http("POST", "https://switches.plant.example/ports/disable"),
            at=at,
        ),
    }


def connections_of(workspace: PlantWorkspace) -> dict[str, Json]:
    """The connections of these playbooks, each signed in to Microsoft's own connector."""
    return {
        name: {
            "location": "westeurope",
            "properties": {
                "displayName": name,
                "api": {
                    "id": entry["id"],
                    "name": name,
                    "type": "Microsoft.Web/locations/managedApis",
                },
                "parameterValues": {},
                "customParameterValues": {},
                "statuses": [{"status": "Connected"}],
            },
        }
        for name, entry in _connections(workspace).items()
    }


def _call(connector: str, path: str, body: Json) -> Json:
    host = {"connection": {"name": _connection(connector)}}
    inputs = {"host": host, "method": "post", "path": path, "body": body}
    return {"type": "ApiConnection", "inputs": inputs, "runAfter": {}}


def _http(method: str, uri: str, **inputs: Any) -> Json:
    return {"type": "Http", "inputs": {"method": method, "uri": uri, **inputs}, "runAfter": {}}


def _connection(connector: str) -> str:
    return f"@parameters('$connections')['{connector}']['connectionId']"


def _playbook(workspace: PlantWorkspace, does: str, *, at: str, **actions: Json) -> Json:
    host = {"connection": {"name": _connection("azuresentinel")}}
    listens = {
        "host": host,
        "body": {"callback_url": "@{listCallbackUrl()}"},
        "path": "/incident-creation",
    }
    definition = {
        "$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas"
        "/2016-06-01/workflowdefinition.json#",
        "contentVersion": "1.0.0.0",
        "metadata": {"notes": does},
        "parameters": {"$connections": {"type": "Object", "defaultValue": {}}},
        "triggers": {
            "Microsoft_Sentinel_incident": {"type": "ApiConnectionWebhook", "inputs": listens}
        },
        "actions": actions,
        "outputs": {},
    }
    properties = {
        "state": "Enabled",
        "createdTime": at,
        "changedTime": at,
        "version": "08585000000000000001",
        "definition": definition,
        "parameters": {"$connections": {"type": "Object", "value": _connections(workspace)}},
    }
    return {"location": "westeurope", "tags": {}, "properties": properties}


def _connections(workspace: PlantWorkspace) -> Json:
    subscription = f"/subscriptions/{workspace.subscription_id}"
    web = f"{subscription}/resourceGroups/{workspace.resource_group}/providers/Microsoft.Web"
    apis = f"{subscription}/providers/Microsoft.Web/locations/westeurope/managedApis"
    return {
        name: {
            "connectionId": f"{web}/connections/{name}",
            "connectionName": name,
            "id": f"{apis}/{name}",
        }
        for name in _CONNECTORS
    }
